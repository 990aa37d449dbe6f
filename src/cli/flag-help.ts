/** The help texts of verbs, made from their flags. */
import { connectionFlags } from './connection-flags.ts';
import type { FlagSpec, FlagSpecs } from './flags.ts';
import type { Verb } from './verb.ts';

const gap = '  ';

function leftOf(name: string, spec: FlagSpec, letterTaken: boolean): string {
	const letter = spec.short !== undefined && !letterTaken ? `-${spec.short}, ` : '    ';
	const more = (spec.aliases ?? []).map((alias) => `, -${alias}`).join('');
	return `${letter}--${name}${more}${spec.kind === 'switch' ? '' : ` ${spec.value}`}`;
}

function rightOf(spec: FlagSpec): string {
	const variable = spec.kind !== 'switch' && spec.env ? ` [${spec.env}]` : '';
	return `${spec.help}${variable}`;
}

function flagLines(specs: FlagSpecs, taken: ReadonlySet<string> = new Set()): readonly string[] {
	const shown = Object.entries(specs).filter(([, { hidden }]) => hidden !== true);
	const rows = shown.map(([name, spec]) => ({
		left: leftOf(name, spec, spec.short !== undefined && taken.has(spec.short)),
		right: rightOf(spec),
	}));
	const width = Math.max(...rows.map(({ left }) => left.length));
	return rows.map(({ left, right }) => `${gap}${left.padEnd(width)}${gap}${right}`);
}

/** `criscope pull [flags] IMAGE…` */
export function usageLine(verb: Verb): string {
	return `criscope ${verb.name} [flags] ${verb.operands.words}`.trimEnd();
}

/** What `criscope VERB --help` prints. */
export function verbHelp(verb: Verb): string {
	const letters = Object.values(verb.flags).flatMap(({ short }) => (short === undefined ? [] : [short]));
	const own = Object.keys(verb.flags).length > 0 ? ['', 'Flags:', ...flagLines(verb.flags)] : [];
	const names = [verb.name, ...verb.aliases].length > 1 ? ['', `Also: ${verb.aliases.join(', ')}`] : [];
	const inherited = Object.fromEntries(
		Object.entries(connectionFlags).filter(([name]) => !(name in verb.flags)),
	);
	return [
		`Usage: ${usageLine(verb)}`,
		'',
		`${verb.summary}.`,
		...names,
		...own,
		'',
		'Flags of every verb:',
		...flagLines(inherited, new Set(letters)),
		...(verb.notes === '' ? [] : ['', verb.notes]),
		'',
	].join('\n');
}
