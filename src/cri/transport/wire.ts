/**
 * Encodes and decodes the protocol's messages, from the descriptor that scripts/generate-proto.mjs made of
 * proto/runtime/v1/api.proto. int64 is a decimal string on this side (codec-fields.ts makes bigints of
 * them), enums are names, an absent message is null.
 */
import Long from 'long';
import protobuf from 'protobufjs/light.js';
import type { WireMessage } from '../codec-fields.ts';
import { BugError } from '../errors.ts';
import descriptor from '../generated/runtime-v1.json' with { type: 'json' };

/** One RPC as grpc-js wants it. */
export type WireMethod = {
	/** `/runtime.v1.RuntimeService/Version` */
	readonly path: string;
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

/** All RPCs of both services, by name: `ListContainers`. No name is in both. */
export type WireMethods = ReadonlyMap<string, WireMethod>;

/** The two services of the protocol. */
export type WireServiceName = 'RuntimeService' | 'ImageService';

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
			{ readonly requestType: string; readonly responseType: string; readonly responseStream?: boolean }
		>
	>;
};

const definitions = descriptor.nested.runtime.nested.v1.nested as Readonly<Record<string, Definition>>;

/** Adds a definition and everything that its fields are made of. */
function collect(name: string, into: Record<string, Definition>): void {
	const definition = definitions[name];
	if (!definition || into[name]) return;
	into[name] = definition;
	for (const part of [definition, ...Object.values(definition.nested ?? {})]) {
		for (const { type } of Object.values(part.fields ?? {})) collect(type, into);
	}
}

/** A reader of some messages and what they are made of: a call needs few of the 180 there are. */
function rootOf(...names: readonly string[]): protobuf.Root {
	const needed: Record<string, Definition> = {};
	for (const name of names) collect(name, needed);
	return protobuf.Root.fromJSON({
		nested: { runtime: { nested: { v1: { nested: needed } } } },
	} as protobuf.INamespace);
}

function messageCodec(type: protobuf.Type) {
	return {
		serialize: (message: WireMessage) => {
			const bytes = type.encode(type.fromObject(message)).finish();
			return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		},
		deserialize: (bytes: Buffer): WireMessage => type.toObject(type.decode(bytes), toObject),
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

function wireMethod(
	path: string,
	requestType: string,
	responseType: string,
	responseStream: boolean,
): WireMethod {
	let made: ReturnType<typeof make> | undefined;
	function make() {
		const root = rootOf(requestType, responseType);
		const response = root.lookupType(`runtime.v1.${responseType}`);
		return {
			request: messageCodec(root.lookupType(`runtime.v1.${requestType}`)),
			response: messageCodec(response),
			itemsOf: (field: string) => itemsOf(response, field),
		};
	}
	const codec = (): ReturnType<typeof make> => {
		made ??= make();
		return made;
	};
	return {
		path,
		responseStream,
		requestSerialize: (message) => codec().request.serialize(message),
		requestDeserialize: (bytes) => codec().request.deserialize(bytes),
		responseSerialize: (message) => codec().response.serialize(message),
		responseDeserialize: (bytes) => codec().response.deserialize(bytes),
		itemsOf: (field) => codec().itemsOf(field),
	};
}

/** Lists the methods of one or both services. The codec of a call is made when the call is first used. */
export function loadWireMethods(services: readonly WireServiceName[]): WireMethods {
	// protobufjs finds `long` through an eval that a bundle breaks; without it int64 loses its low bits.
	protobuf.util.Long = Long;
	protobuf.configure();
	return new Map(
		services.flatMap((service) =>
			Object.entries(definitions[service]?.methods ?? {}).map(
				([name, { requestType, responseType, responseStream }]): [string, WireMethod] => [
					name,
					wireMethod(`/runtime.v1.${service}/${name}`, requestType, responseType, responseStream === true),
				],
			),
		),
	);
}
