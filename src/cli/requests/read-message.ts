/**
 * Makes a protocol message of what stood in a JSON or YAML document. Field names may be snake_case, as crictl's examples
 * have them, camelCase, or in any case, as Go reads them; enums names or numbers; 64-bit numbers also decimal strings.
 * Source: sigs.k8s.io/yaml (a scalar becomes a string where one is wanted), encoding/json (case of names).
 */
import type { ProtocolMessage, ProtocolValue } from '../../cri/sandbox-config.ts';
import { didYouMean } from '../../text/suggest.ts';
import { fieldsOf, type ProtocolField, snakeCase, valuesOf } from './protocol-fields.ts';

/** Something in the document is wrong; the message names the field. */
export class DocumentError extends Error {
	override readonly name = 'DocumentError';
}

const wholeNumbers: Readonly<Record<string, readonly [bigint, bigint]>> = {
	int32: [-(2n ** 31n), 2n ** 31n - 1n],
	uint32: [0n, 2n ** 32n - 1n],
	int64: [-(2n ** 63n), 2n ** 63n - 1n],
	uint64: [0n, 2n ** 64n - 1n],
};
const wrapped: Readonly<Record<string, string>> = { Int64Value: 'int64', UInt64Value: 'uint64' };

function refuse(at: string, cause: string): never {
	throw new DocumentError(`${at === '' ? 'it' : `"${at}"`} ${cause}`);
}

/** What somebody wrote, short enough for a sentence. */
export function quoted(value: unknown): string {
	if (Array.isArray(value)) return 'a list';
	if (typeof value === 'object' && value !== null) return 'an object';
	const text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? 'nothing');
	return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function readNumber(value: unknown, type: string, at: string): bigint | number {
	const isNumber = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
	const isText = typeof value === 'string' && /^-?\d{1,20}$/u.test(value);
	if (!isNumber && !isText) refuse(at, `must be a whole number, not ${quoted(value)}`);
	const number = BigInt(value as bigint | number | string);
	const [lowest = 0n, highest = 0n] = wholeNumbers[type] ?? [];
	if (number < lowest || number > highest) refuse(at, `is ${number}, beyond what the field can hold`);
	// The encoder takes 32-bit fields as numbers.
	return type.endsWith('32') ? Number(number) : number;
}

function readText(value: unknown, at: string): string {
	if (typeof value === 'object') refuse(at, `must be a text, not ${quoted(value)}`);
	return String(value);
}

function readEnum(value: unknown, values: Readonly<Record<string, number>>, at: string): string {
	const names = Object.keys(values);
	const number = typeof value === 'bigint' ? Number(value) : value;
	const name = names.find(
		(known) =>
			values[known] === number || (typeof value === 'string' && known.toLowerCase() === value.toLowerCase()),
	);
	return name ?? refuse(at, `knows no ${quoted(value)}; there are ${names.slice(0, 12).join(', ')}`);
}

function readObject(value: unknown, at: string): Readonly<Record<string, unknown>> {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		refuse(at, `must be an object, not ${quoted(value)}`);
	}
	return value as Readonly<Record<string, unknown>>;
}

function readOne(value: unknown, type: string, message: string, at: string): ProtocolValue {
	if (type === 'string') return readText(value, at);
	if (type === 'bytes') return Buffer.from(readText(value, at), 'utf8');
	if (type === 'bool') {
		return typeof value === 'boolean' ? value : refuse(at, `must be true or false, not ${quoted(value)}`);
	}
	if (type in wholeNumbers) return readNumber(value, type, at);
	const inner = wrapped[type];
	if (inner !== undefined && typeof value !== 'object') return { value: readNumber(value, inner, at) };
	const values = valuesOf(type, message);
	return values ? readEnum(value, values, at) : readMessage(value, type, at);
}

function readField(value: unknown, field: ProtocolField, message: string, at: string): ProtocolValue {
	if (field.map) {
		return Object.fromEntries(
			Object.entries(readObject(value, at)).map(([key, text]) => [key, readText(text ?? '', `${at}.${key}`)]),
		);
	}
	if (!field.repeated) return readOne(value, field.type, message, at);
	if (!Array.isArray(value)) return refuse(at, `must be a list, not ${quoted(value)}`);
	return value.map((item, index) => readOne(item, field.type, message, `${at}[${index}]`));
}

/** Without case and underscores all ways to write a field are one. */
const plain = (name: string) => name.replaceAll('_', '').toLowerCase();

/**
 * Reads one message.
 * @param message its name in the protocol: `PodSandboxConfig`
 * @param at path of the message in the document; '' for the whole
 * @throws DocumentError for an unknown field (with the nearest known one), a wrong type, a number out of range.
 */
export function readMessage(value: unknown, message: string, at = ''): ProtocolMessage {
	const known = fieldsOf(message) ?? [];
	const read: Record<string, ProtocolValue> = {};
	for (const [key, written] of Object.entries(readObject(value, at))) {
		const path = at === '' ? key : `${at}.${key}`;
		const field = known.find(({ name }) => plain(name) === plain(key));
		if (!field) {
			const camel = /[A-Z]/u.test(key);
			const names = known.map(({ name }) => (camel ? name : snakeCase(name)));
			throw new DocumentError(
				`unknown field "${path}"${didYouMean(key, names) || `; there are ${names.join(', ')}`}`,
			);
		}
		if (field.name in read) refuse(path, 'is written twice');
		if (written !== null) read[field.name] = readField(written, field, message, path);
	}
	return read;
}
