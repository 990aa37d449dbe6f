/** The fields of the protocol's messages, from its own definition: what a configuration file may hold. */
import runtimeV1 from '../../cri/generated/runtime-v1.json' with { type: 'json' };

/** One field: its name in camelCase, and what it holds. */
export type ProtocolField = {
	readonly name: string;
	/** A scalar of proto3, or the name of a message or enum. */
	readonly type: string;
	readonly repeated: boolean;
	/** A map of strings. */
	readonly map: boolean;
};

type Definition = {
	readonly fields?: Readonly<
		Record<string, { readonly type: string; readonly rule?: string; readonly keyType?: string }>
	>;
	readonly values?: Readonly<Record<string, number>>;
	readonly nested?: Readonly<Record<string, Definition>>;
};

const definitions = runtimeV1.nested.runtime.nested.v1.nested as Readonly<Record<string, Definition>>;

/** Fields of a message; undefined where there is no message of that name. */
export function fieldsOf(message: string): readonly ProtocolField[] | undefined {
	const fields = definitions[message]?.fields;
	return (
		fields &&
		Object.entries(fields).map(([name, { type, rule, keyType }]) => ({
			name,
			type,
			repeated: rule === 'repeated',
			map: keyType !== undefined,
		}))
	);
}

/** Names and numbers of an enum, which may be defined within `message`; undefined where it is none. */
export function valuesOf(type: string, message: string): Readonly<Record<string, number>> | undefined {
	return (definitions[message]?.nested?.[type] ?? definitions[type])?.values;
}

/** `logDirectory` as configuration files of crictl have it: `log_directory`. */
export function snakeCase(name: string): string {
	return name.replace(/(?<=[a-z0-9])[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
