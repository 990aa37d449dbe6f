/** What is being typed at the end of a command line: a verb, a flag, its value, an operand. */
import { connectionFlags } from '../connection-flags.ts';
import type { FlagSpec, FlagSpecs } from '../flags.ts';
import type { Verb } from '../verb.ts';
import { flagKinds, flagValues, type OperandKind, operandKinds } from './operand-kinds.ts';

/** One thing that could stand there, with a few words on it. */
export type Candidate = { readonly value: string; readonly about: string };

/** What can stand at the place of the cursor. */
export type Place = {
	/** What is typed of it so far. */
	readonly current: string;
	/** What belongs to the same word and stays: `--output=`. */
	readonly prefix: string;
	/** What is known without asking anybody. */
	readonly candidates: readonly Candidate[];
	/** What else the runtime, or the folder, has to tell. */
	readonly kind: OperandKind;
	/** Flags of the connection that were written, to ask the same runtime. */
	readonly connection: readonly string[];
};

type Found = { readonly name: string; readonly spec: FlagSpec };

function findFlag(word: string, specs: FlagSpecs): Found | undefined {
	const [, dashes = '', name = ''] = /^(--?)([^=]+)/u.exec(word) ?? [];
	const entries = Object.entries(specs);
	const long = entries.find(([key, spec]) => key === name || spec.aliases?.includes(name));
	if (long && (dashes === '--' || name.length > 1)) return { name: long[0], spec: long[1] };
	if (dashes !== '-') return undefined;
	// Of several letters the first one with a value takes the rest; the last one may take the next word.
	for (const letter of name) {
		const found = entries.find(([, spec]) => spec.short === letter);
		if (!found) return undefined;
		if (found[1].kind !== 'switch' || letter === name.at(-1)) return { name: found[0], spec: found[1] };
	}
	return undefined;
}

/** Whether a flag takes the word after it. */
function takesNext(word: string, { spec }: Found): boolean {
	if (spec.kind === 'switch' || word.includes('=')) return false;
	return word.startsWith('--') || word.length === 2 || (spec.aliases ?? []).includes(word.slice(1));
}

function flagCandidates(specs: FlagSpecs): readonly Candidate[] {
	return Object.entries(specs)
		.filter(([, { hidden }]) => hidden !== true)
		.flatMap(([name, { help, short }]) => [
			{ value: `--${name}`, about: help },
			...(short === undefined ? [] : [{ value: `-${short}`, about: help }]),
		]);
}

function valuePlace({ name, spec }: Found): Pick<Place, 'candidates' | 'kind'> {
	const choices = spec.kind === 'text' && spec.choices ? spec.choices : (flagValues[name] ?? []);
	const candidates = choices.filter(Boolean).map((value) => ({ value, about: '' }));
	return { candidates, kind: candidates.length > 0 ? 'none' : (flagKinds[name] ?? 'none') };
}

function operandKind(verb: Verb, count: number): OperandKind {
	const kinds = operandKinds[verb.name] ?? [];
	return kinds[Math.min(count, kinds.length - 1)] ?? 'none';
}

/**
 * Finds out what is being typed.
 * @param words all words after the program's name; the last one is being typed
 * @param verbs the table of verbs
 */
export function findPlace(words: readonly string[], verbs: readonly Verb[]): Place {
	const current = words.at(-1) ?? '';
	const connection: string[] = [];
	let verb: Verb | undefined;
	let helped = false;
	let operands = 0;
	let onlyOperands = false;
	let waiting: Found | undefined;
	for (const word of words.slice(0, -1)) {
		const specs = { ...(verb?.flags ?? {}), ...connectionFlags, ...(verb?.flags ?? {}) };
		if (waiting) {
			if (waiting.name in connectionFlags && !(verb && waiting.name in verb.flags))
				connection.push(`--${waiting.name}=${word}`);
			waiting = undefined;
		} else if (!onlyOperands && word === '--') onlyOperands = true;
		else if (!onlyOperands && word.startsWith('-') && word !== '-') {
			const found = findFlag(word, specs);
			if (found && takesNext(word, found)) waiting = found;
			else if (found && word.includes('=') && found.name in connectionFlags)
				connection.push(`--${found.name}=${word.slice(word.indexOf('=') + 1)}`);
		} else if (!verb && !helped) {
			verb = verbs.find(({ name, aliases }) => name === word || aliases.includes(word));
			helped = word === 'help';
			if (!verb && !helped) return { current, prefix: '', candidates: [], kind: 'none', connection };
		} else {
			operands += 1;
			onlyOperands ||= verb?.flagsEndAtFirstOperand === true;
		}
	}
	const specs: FlagSpecs = { ...(verb?.flags ?? {}), ...connectionFlags, ...(verb?.flags ?? {}) };
	const place = { current, prefix: '', connection };
	if (waiting) return { ...place, ...valuePlace(waiting) };
	if (!onlyOperands && current.startsWith('-')) {
		const equals = current.indexOf('=');
		const found = equals < 0 ? undefined : findFlag(current, specs);
		if (!found) return { ...place, candidates: flagCandidates(specs), kind: 'none' };
		const prefix = current.slice(0, equals + 1);
		return { ...place, current: current.slice(equals + 1), prefix, ...valuePlace(found) };
	}
	if (helped && operands === 0) return { ...place, candidates: verbCandidates(verbs), kind: 'none' };
	if (!verb) return { ...place, candidates: helped ? [] : verbCandidates(verbs), kind: 'none' };
	const kind = operandKind(verb, operands);
	const shells = ['bash', 'zsh', 'fish'].map((value) => ({ value, about: '' }));
	return { ...place, candidates: kind === 'shell' ? shells : [], kind };
}

function verbCandidates(verbs: readonly Verb[]): readonly Candidate[] {
	return [
		...verbs
			.filter(({ hidden }) => hidden !== true)
			.map(({ name, summary }) => ({ value: name, about: summary })),
		{ value: 'serve', about: 'Serve the embedded runtime' },
		{ value: 'banner', about: 'Show what this node is, and how it is' },
		{ value: 'help', about: 'Help on a command' },
	];
}
