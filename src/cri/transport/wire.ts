/**
 * Encodes and decodes the messages of the CRI and of our own second service, from the descriptors that
 * scripts/generate-proto.mjs made of the .proto files. int64 is a decimal string on this side (codec-fields.ts makes bigints of
 * them), enums are names, an absent message is null.
 */
import Long from 'long';
import protobuf from 'protobufjs/light.js';
import type { WireMessage } from '../codec-fields.ts';
import { BugError } from '../errors.ts';
import criscopeV1 from '../generated/criscope-v1.json' with { type: 'json' };
import runtimeV1 from '../generated/runtime-v1.json' with { type: 'json' };
import { remembered } from '../remember.ts';

/** One RPC, and how its messages are read and written. */
export type WireMethod = {
	/** `/runtime.v1.RuntimeService/Version` */
	readonly path: string;
	/** The client asks with a stream. */
	readonly requestStream: boolean;
	/** The server answers with a stream. */
	readonly responseStream: boolean;
	readonly requestSerialize: (message: WireMessage) => Buffer;
	readonly requestDeserialize: (bytes: Buffer) => WireMessage;
	readonly responseSerialize: (message: WireMessage) => Buffer;
	readonly responseDeserialize: (bytes: Buffer) => WireMessage;
	/** Reads the items of a list answer one by one. */
	itemsOf(field: string): WireItems;
};

/** How the items of one repeated message field are found and read. */
export type WireItems = {
	readonly fieldNumber: number;
	/** Numbers of the item's own fields that are maps. */
	readonly mapFields: ReadonlySet<number>;
	/**
	 * Decodes one item, at a third of the cost of `responseDeserialize`: int64 stays a pair of 32-bit halves,
	 * enums stay numbers, and fields that are absent are inherited defaults.
	 */
	readonly decode: (bytes: Uint8Array) => WireMessage;
};

/**
 * RPCs by name: `ListContainers` for the CRI, in whose two services no name occurs twice;
 * `ImageTransferService/PullImage` for the second package, which has names of the first.
 */
export type WireMethods = ReadonlyMap<string, WireMethod>;

/** The two services of the CRI, and our own. */
export type WireServiceName = 'RuntimeService' | 'ImageService' | 'ImageTransferService';

const toObject = {
	longs: String,
	enums: String,
	defaults: true,
	arrays: true,
	objects: true,
} as const satisfies protobuf.IConversionOptions;

/** One definition of the protocol, as protobufjs writes it down: a message, an enum, or a service. */
type Definition = {
	readonly fields?: Readonly<Record<string, { readonly type: string }>>;
	readonly nested?: Readonly<Record<string, Definition>>;
	readonly methods?: Readonly<
		Record<
			string,
			{
				readonly requestType: string;
				readonly responseType: string;
				readonly requestStream?: boolean;
				readonly responseStream?: boolean;
			}
		>
	>;
};

/** The definitions of one version of one package. */
type WirePackage = {
	readonly name: 'runtime' | 'criscope';
	readonly definitions: Readonly<Record<string, Definition>>;
	/** Name of one of its RPCs in WireMethods. */
	readonly keyOf: (service: string, rpc: string) => string;
};

const cri: WirePackage = {
	name: 'runtime',
	definitions: runtimeV1.nested.runtime.nested.v1.nested as Readonly<Record<string, Definition>>,
	keyOf: (_service, rpc) => rpc,
};
const own: WirePackage = {
	name: 'criscope',
	definitions: criscopeV1.nested.criscope.nested.v1.nested as Readonly<Record<string, Definition>>,
	keyOf: (service, rpc) => `${service}/${rpc}`,
};
const packageOf: Readonly<Record<WireServiceName, WirePackage>> = {
	RuntimeService: cri,
	ImageService: cri,
	ImageTransferService: own,
};

/** Adds a definition and everything that its fields are made of. */
function collect(
	definitions: WirePackage['definitions'],
	name: string,
	into: Record<string, Definition>,
): void {
	const definition = definitions[name];
	if (!definition || into[name]) return;
	into[name] = definition;
	for (const part of [definition, ...Object.values(definition.nested ?? {})]) {
		for (const { type } of Object.values(part.fields ?? {})) collect(definitions, type, into);
	}
}

/** A reader of some messages and what they are made of: a call needs few of the 180 there are. */
function rootOf(of: WirePackage, ...names: readonly string[]): protobuf.Root {
	const needed: Record<string, Definition> = {};
	for (const name of names) collect(of.definitions, name, needed);
	return protobuf.Root.fromJSON({
		nested: { [of.name]: { nested: { v1: { nested: needed } } } },
	} as protobuf.INamespace);
}

function messageCodec(type: protobuf.Type) {
	const encodeList = listEncoder(type);
	return {
		// Nobody changes a message once it is made: one that comes again is encoded already.
		serialize: remembered((message: WireMessage) => {
			const bytes = encodeList(message) ?? type.encode(type.fromObject(message)).finish();
			return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		}),
		deserialize: (bytes: Buffer): WireMessage => type.toObject(type.decode(bytes), toObject),
	};
}

/**
 * Encodes messages that are one list and nothing else. Encoding is nearly all that a list costs, so that items that are the
 * same objects as the last time are not encoded again; nobody changes a message once it is made.
 * @returns a function that answers undefined for other messages
 */
function listEncoder(type: protobuf.Type): (message: WireMessage) => Uint8Array | undefined {
	const encodedItems = new WeakMap<object, Uint8Array>();
	return (message) => {
		const [name = '', ...others] = Object.keys(message);
		const field = type.fields[name]?.resolve();
		const items = message[name];
		if (others.length > 0 || field?.repeated !== true || !Array.isArray(items)) return undefined;
		const itemType = field.resolvedType;
		if (!(itemType instanceof protobuf.Type)) return undefined;
		const writer = protobuf.Writer.create();
		for (const item of items) {
			let bytes = encodedItems.get(item);
			if (bytes === undefined) {
				bytes = itemType.encode(itemType.fromObject(item)).finish();
				encodedItems.set(item, bytes);
			}
			// Wire type 2: a length, and so many bytes.
			writer.uint32(((field.id << 3) | 2) >>> 0).bytes(bytes);
		}
		return writer.finish();
	};
}

function itemsOf(type: protobuf.Type, name: string): WireItems {
	const field = type.fields[name]?.resolve();
	if (!(field?.resolvedType instanceof protobuf.Type))
		throw new BugError(`${type.name} has no items "${name}"`);
	const itemType = field.resolvedType;
	return {
		fieldNumber: field.id,
		mapFields: new Set(itemType.fieldsArray.filter((field) => field.map).map((field) => field.id)),
		decode: (bytes) => itemType.decode(bytes) as unknown as WireMessage,
	};
}

function wireMethod(of: WirePackage, service: string, rpc: string): WireMethod {
	const definition = of.definitions[service]?.methods?.[rpc];
	if (definition === undefined) throw new BugError(`no RPC "${rpc}" in ${service}`);
	const { requestType, responseType } = definition;
	let made: ReturnType<typeof make> | undefined;
	function make() {
		const root = rootOf(of, requestType, responseType);
		const response = root.lookupType(`${of.name}.v1.${responseType}`);
		return {
			request: messageCodec(root.lookupType(`${of.name}.v1.${requestType}`)),
			response: messageCodec(response),
			itemsOf: (field: string) => itemsOf(response, field),
		};
	}
	const codec = (): ReturnType<typeof make> => {
		made ??= make();
		return made;
	};
	return {
		path: `/${of.name}.v1.${service}/${rpc}`,
		requestStream: definition.requestStream === true,
		responseStream: definition.responseStream === true,
		requestSerialize: (message) => codec().request.serialize(message),
		requestDeserialize: (bytes) => codec().request.deserialize(bytes),
		responseSerialize: (message) => codec().response.serialize(message),
		responseDeserialize: (bytes) => codec().response.deserialize(bytes),
		itemsOf: (field) => codec().itemsOf(field),
	};
}

/** Lists the methods of some of the services. The codec of a call is made when the call is first used. */
export function loadWireMethods(services: readonly WireServiceName[]): WireMethods {
	// protobufjs finds `long` through an eval that a bundle breaks; without it int64 loses its low bits.
	protobuf.util.Long = Long;
	protobuf.configure();
	return new Map(
		services.flatMap((service) => {
			const of = packageOf[service];
			return Object.keys(of.definitions[service]?.methods ?? {}).map((rpc): [string, WireMethod] => [
				of.keyOf(service, rpc),
				wireMethod(of, service, rpc),
			]);
		}),
	);
}
