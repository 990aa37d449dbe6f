/**
 * Flags as data, and their parser: what GNU and Go programs both take, since fingers come from crictl.
 * Source: cri-tools v1.36 (urfave/cli v2 over Go's flag package: `-long` is `--long`, `-xyz` may be three switches).
 */
import { didYouMean } from '../text/suggest.ts';
import { parseDurationMs } from './duration-flag.ts';
import { UsageError } from './usage-error.ts';

type FlagBase = {
	/** One letter. */
	readonly short?: string | undefined;
	/** Further names, of several letters: `pt`. */
	readonly aliases?: readonly string[] | undefined;
	/** One line of the help. */
	readonly help: string;
	/** Taken, so that it can be refused in its own words, and not in the help. */
	readonly hidden?: boolean | undefined;
};

type ValueFlag = FlagBase & {
	/** The value's name in the help: `FORMAT`. */
	readonly value: string;
	/** Variable that is used where the flag is not written. */
	readonly env?: string | undefined;
};

/** One flag. A duration is given in milliseconds to the verb, a number is whole. */
export type FlagSpec =
	| (FlagBase & { readonly kind: 'switch' })
	| (ValueFlag & { readonly kind: 'text'; readonly choices?: readonly string[] | undefined })
	| (ValueFlag & { readonly kind: 'list' })
	| (ValueFlag & { readonly kind: 'duration' })
	| (ValueFlag & { readonly kind: 'number'; readonly least?: number | undefined });

/** Flags by their long name without dashes. */
export type FlagSpecs = { readonly [name: string]: FlagSpec };

type ValueOf<Spec extends FlagSpec> = Spec extends { readonly kind: 'switch' }
	? boolean
	: Spec extends { readonly kind: 'list' }
		? readonly string[]
		: Spec extends { readonly kind: 'duration' | 'number' }
			? number | undefined
			: string | undefined;

/** What was written: false, [] or undefined where a flag is absent. */
export type FlagValues<Specs extends FlagSpecs> = { readonly [Name in keyof Specs]: ValueOf<Specs[Name]> };

/** Flags and the words between them. */
export type ParsedFlags<Specs extends FlagSpecs> = {
	readonly flags: FlagValues<Specs>;
	readonly given: ReadonlySet<string>;
	readonly operands: readonly string[];
};

type Value = string | boolean | number | readonly string[] | undefined;
type Named = { readonly name: string; readonly spec: FlagSpec };

/** Finds flags by what was written, long names first. */
function createLookup(specs: FlagSpecs) {
	const long = new Map<string, Named>();
	const short = new Map<string, Named>();
	for (const [name, spec] of Object.entries(specs)) {
		for (const word of [name, ...(spec.aliases ?? [])]) long.set(word, { name, spec });
		// The first one wins: a verb's own flags come before those of every verb.
		if (spec.short !== undefined && !short.has(spec.short)) short.set(spec.short, { name, spec });
	}
	return { long, short };
}

function unknownFlag(written: string, specs: FlagSpecs): UsageError {
	const names = Object.keys(specs)
		.filter((name) => specs[name]?.hidden !== true)
		.map((name) => `--${name}`);
	const near = written.startsWith('--') ? didYouMean(written, names) : '';
	return new UsageError(`unknown flag "${written}"${near || `; there are ${names.join(', ')}`}`);
}

function readSwitch(written: string, value: string): boolean {
	if (['true', 't', '1'].includes(value.toLowerCase())) return true;
	if (['false', 'f', '0'].includes(value.toLowerCase())) return false;
	throw new UsageError(`flag ${written} is true or false, not "${value}"`);
}

/** Decimal, as Go's own parser takes it in the end; what does not fit a double is refused, not rounded. */
function readNumber(
	{ least }: { readonly least?: number | undefined },
	written: string,
	text: string,
): number {
	const value = /^[+-]?\d+$/u.test(text) ? Number(text) : Number.NaN;
	if (!Number.isSafeInteger(value)) throw new UsageError(`flag ${written} is a whole number, not "${text}"`);
	if (least !== undefined && value < least) {
		throw new UsageError(`flag ${written} is ${least} or more, not ${text}`);
	}
	return value;
}

function readValue(spec: FlagSpec, written: string, value: string, before: Value): Value {
	switch (spec.kind) {
		case 'switch':
			return readSwitch(written, value);
		case 'list':
			return [...(Array.isArray(before) ? before : []), value];
		case 'duration':
			return parseDurationMs(value, written);
		case 'number':
			return readNumber(spec, written, value);
		case 'text':
			if (spec.choices && !spec.choices.includes(value)) {
				throw new UsageError(
					`flag ${written} knows no "${value}"; there are ${spec.choices.filter(Boolean).join(', ')}`,
				);
			}
			return value;
	}
}

/**
 * Reads flags wherever they stand; `--` ends them.
 * @param options.endAtFirstOperand leaves everything from the first operand on as it is
 * @throws UsageError that names the flag.
 */
export function parseFlags<const Specs extends FlagSpecs>(
	args: readonly string[],
	specs: Specs,
	options: {
		readonly env?: Readonly<Record<string, string | undefined>> | undefined;
		readonly endAtFirstOperand?: boolean | undefined;
	} = {},
): ParsedFlags<Specs> {
	const { long, short } = createLookup(specs);
	const values = new Map<string, Value>();
	const given = new Set<string>();
	const operands: string[] = [];
	let index = 0;

	function take({ name, spec }: Named, written: string, inline: string | undefined): void {
		let value = inline;
		if (value === undefined) {
			if (spec.kind === 'switch') value = 'true';
			else if (index < args.length) value = args[index++] ?? '';
			else throw new UsageError(`flag ${written} needs a value`);
		}
		if (value === '' && spec.kind !== 'switch') throw new UsageError(`flag ${written} needs a value`);
		values.set(name, readValue(spec, written, value, given.has(name) ? values.get(name) : undefined));
		given.add(name);
	}

	/** `-qf x`, `-ojson`, `-o=json`: letters until one of them takes a value. */
	function takeShort(word: string): void {
		for (let at = 1; at < word.length; at++) {
			const letter = word.charAt(at);
			const flag = short.get(letter);
			if (!flag) throw unknownFlag(at === 1 ? word : `-${letter}`, specs);
			const rest = word.slice(at + 1);
			const takesRest = rest.startsWith('=') || flag.spec.kind !== 'switch';
			take(flag, `-${letter}`, takesRest && rest !== '' ? rest.replace(/^=/u, '') : undefined);
			if (takesRest) return;
		}
	}

	while (index < args.length) {
		const word = args[index++] ?? '';
		if (word === '--') {
			operands.push(...args.slice(index));
			break;
		}
		if (!word.startsWith('-') || word === '-') {
			operands.push(word);
			if (!options.endAtFirstOperand) continue;
			operands.push(...args.slice(index));
			break;
		}
		const [, dashes = '', name = '', inline] = /^(--?)([^=]*)(?:=(.*))?$/su.exec(word) ?? [];
		const flag = long.get(name);
		if (flag && (dashes === '--' || name.length > 1)) take(flag, `${dashes}${name}`, inline);
		else if (dashes === '--') throw unknownFlag(`--${name}`, specs);
		else takeShort(word);
	}
	for (const [name, spec] of Object.entries(specs)) {
		const fromEnv = spec.kind === 'switch' || !spec.env ? undefined : options.env?.[spec.env];
		if (given.has(name) || !fromEnv) continue;
		values.set(name, readValue(spec, `--${name}`, fromEnv, undefined));
		given.add(name);
	}
	const empty = (spec: FlagSpec): Value =>
		spec.kind === 'switch' ? false : spec.kind === 'list' ? [] : undefined;
	const flags = Object.fromEntries(
		Object.entries(specs).map(([name, spec]) => [name, given.has(name) ? values.get(name) : empty(spec)]),
	);
	return { flags: flags as FlagValues<Specs>, given, operands };
}
