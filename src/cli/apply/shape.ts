/** Shapes of documents as data: what is checked, what is named where it is unknown, and what the types are made from. */
import { didYouMean } from '../../text/suggest.ts';
import { DocumentError, quoted } from '../requests/read-message.ts';

/**
 * `quantity` is a text or a number, kept as text; `any` is not looked at; a list has one element: the shape of its items.
 */
export type Shape =
	| 'text'
	| 'whole'
	| 'flag'
	| 'quantity'
	| 'map'
	| 'quantities'
	| 'any'
	| { readonly [field: string]: Shape }
	| readonly [Shape];

/** The type of what has a shape; every field may be absent. */
export type Shaped<S> = S extends 'text' | 'quantity'
	? string
	: S extends 'whole'
		? number
		: S extends 'flag'
			? boolean
			: S extends 'map' | 'quantities'
				? Readonly<Record<string, string>>
				: S extends 'any'
					? unknown
					: S extends readonly [infer Item]
						? readonly Shaped<Item>[]
						: { readonly [Name in keyof S]?: Shaped<S[Name]> | undefined };

function refuse(at: string, wanted: string, value: unknown): never {
	const advice = wanted === 'a text' && typeof value !== 'object' ? ': write it in quotes' : '';
	throw new DocumentError(`${at === '' ? 'it' : `"${at}"`} must be ${wanted}, not ${quoted(value)}${advice}`);
}

function entriesOf(value: unknown, at: string): readonly (readonly [string, unknown])[] {
	if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(at, 'an object', value);
	return Object.entries(value as object);
}

const under = (at: string, key: string) => (at === '' ? key : `${at}.${key}`);

function read(value: unknown, shape: Shape, at: string): unknown {
	switch (shape) {
		case 'any':
			return value;
		case 'text':
			return typeof value === 'string' ? value : refuse(at, 'a text', value);
		case 'flag':
			return typeof value === 'boolean' ? value : refuse(at, 'true or false', value);
		case 'whole':
			if (typeof value === 'bigint' && value > -(2n ** 53n) && value < 2n ** 53n) return Number(value);
			return refuse(at, 'a whole number', value);
		case 'quantity':
			if (typeof value === 'bigint' || typeof value === 'number') return String(value);
			return typeof value === 'string' ? value : refuse(at, 'a quantity such as 500m or 64Mi', value);
		case 'map':
		case 'quantities': {
			const inner = shape === 'map' ? 'text' : 'quantity';
			const pairs = entriesOf(value, at).map(([key, text]) => [key, read(text, inner, under(at, key))]);
			return Object.fromEntries(pairs);
		}
	}
	if (Array.isArray(shape)) {
		if (!Array.isArray(value)) return refuse(at, 'a list', value);
		return value.map((item, index) => read(item, shape[0] as Shape, `${at}[${index}]`));
	}
	const fields = shape as { readonly [field: string]: Shape };
	const pairs = entriesOf(value, at).flatMap(([key, field]) => {
		const inner = Object.hasOwn(fields, key) ? fields[key] : undefined;
		if (inner === undefined) {
			throw new DocumentError(`unknown field "${under(at, key)}"${didYouMean(key, Object.keys(fields))}`);
		}
		return field === null || field === undefined ? [] : [[key, read(field, inner, under(at, key))]];
	});
	return Object.fromEntries(pairs);
}

/**
 * Reads a document of a shape. What is null counts as absent.
 * @throws DocumentError that names the field, and the nearest known one where it is unknown.
 */
export function readShape<const S extends Shape>(value: unknown, shape: S, at = ''): Shaped<S> {
	return read(value, shape, at) as Shaped<S>;
}
