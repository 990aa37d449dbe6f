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

function messageCodec(root: protobuf.Root, service: protobuf.Service, name: string) {
	const type = service.parent?.lookupType(name) ?? root.lookupType(name);
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

/**
 * Loads the methods of one or both services. Costs some 40 ms the first time, so call it when a
 * connection is wanted and not at start; the codec of a message is compiled when it is first used.
 */
export function loadWireMethods(services: readonly WireServiceName[]): WireMethods {
	// protobufjs finds `long` through an eval that a bundle breaks; without it int64 loses its low bits.
	protobuf.util.Long = Long;
	protobuf.configure();
	const root = protobuf.Root.fromJSON(descriptor as protobuf.INamespace);
	const methods = new Map<string, WireMethod>();
	for (const serviceName of services) {
		const service = root.lookupService(`runtime.v1.${serviceName}`);
		for (const method of service.methodsArray) {
			const request = messageCodec(root, service, method.requestType);
			const response = messageCodec(root, service, method.responseType);
			methods.set(method.name, {
				path: `/runtime.v1.${serviceName}/${method.name}`,
				responseStream: method.responseStream === true,
				requestSerialize: request.serialize,
				requestDeserialize: request.deserialize,
				responseSerialize: response.serialize,
				responseDeserialize: response.deserialize,
				itemsOf: (field) => itemsOf(root.lookupType(`runtime.v1.${method.responseType}`), field),
			});
		}
	}
	return methods;
}
