/**
 * Messages in the protocol's JSON form, whole: every field of the definition in its order, empty ones too, absent messages left
 * out, map keys sorted, 64-bit numbers as strings, bytes as base64, enums by name.
 * Source: protobuf's JSON mapping; google.golang.org/protobuf/encoding/protojson with EmitDefaultValues, as cri-tools v1.36 uses it.
 */
import type { WireMessage } from './codec-fields.ts';
import { BugError } from './errors.ts';
import runtimeV1 from './generated/runtime-v1.json' with { type: 'json' };

/** A message in that form. The codecs read it as they read a decoded one. */
export type ProtocolJson = { readonly [field: string]: unknown };

type Field = {
	readonly type: string;
	readonly rule?: string;
	/** Of a map. */
	readonly keyType?: string;
};
type Definition = { readonly fields?: Readonly<Record<string, Field>> };

const definitions = runtimeV1.nested.runtime.nested.v1.nested as Readonly<Record<string, Definition>>;
const methods = {
	...runtimeV1.nested.runtime.nested.v1.nested.RuntimeService.methods,
	...runtimeV1.nested.runtime.nested.v1.nested.ImageService.methods,
} as Readonly<Record<string, { readonly responseType: string }>>;

/** @returns the fields of a message, in the order of the definition. */
export function fieldsOf(type: string): readonly string[] {
	return Object.keys(definitions[type]?.fields ?? {});
}

/** @returns the name of the message that an RPC (`ListContainers`) answers with. */
export function answerType(rpc: string): string {
	const method = methods[rpc];
	if (!method) throw new BugError(`no RPC "${rpc}"`);
	return method.responseType;
}

/** What a scalar is where a message leaves it out. */
const zeroValues: Readonly<Record<string, unknown>> = {
	string: '',
	bytes: '',
	bool: false,
	int32: 0,
	uint32: 0,
	double: 0,
	int64: '0',
	uint64: '0',
};

function isObject(value: unknown): value is WireMessage {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function single(type: string, value: unknown): unknown {
	// What is no message of the definition is a scalar, or one of the enums.
	if (definitions[type]?.fields) return isObject(value) ? protocolJson(type, value) : {};
	if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
	// JSON has no such numbers.
	if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
	return value;
}

function map(type: string, value: unknown): unknown {
	if (!isObject(value)) return {};
	return Object.fromEntries(
		Object.entries(value)
			.sort(([a], [b]) => (a < b ? -1 : 1))
			.map(([key, item]) => [key, single(type, item)]),
	);
}

/**
 * Makes that form of a decoded message.
 * @param type name of the message
 * @param message as transport/wire.ts decodes a whole answer: defaults filled in, int64 as strings, enums by name
 */
export function protocolJson(type: string, message: WireMessage): ProtocolJson {
	const fields = definitions[type]?.fields;
	if (!fields) throw new BugError(`no message "${type}"`);
	const json: Record<string, unknown> = {};
	for (const [name, field] of Object.entries(fields)) {
		const value = message[name];
		if (field.keyType !== undefined) json[name] = map(field.type, value);
		else if (field.rule === 'repeated') {
			json[name] = Array.isArray(value) ? value.map((item) => single(field.type, item)) : [];
		} else if (value !== null && value !== undefined) json[name] = single(field.type, value);
		else if (field.type in zeroValues) json[name] = zeroValues[field.type];
	}
	return json;
}
