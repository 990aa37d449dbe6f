/** docs/command-line.md's verbs and flags, made from the table of verbs. */
import { connectionFlags } from './connection-flags.ts';
import { usageLine } from './flag-help.ts';
import type { FlagSpec, FlagSpecs } from './flags.ts';
import type { Verb } from './verb.ts';

/** Where the generated part begins; what stands above it is written by hand. */
export const generatedHeading = '## Every command';

function cell(text: string): string {
	return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function namesOf(name: string, spec: FlagSpec): string {
	const names = [
		...(spec.short === undefined ? [] : [`-${spec.short}`]),
		`--${name}`,
		...(spec.aliases ?? []).map((alias) => `--${alias}`),
	];
	const value = spec.kind === 'switch' ? '' : ` ${spec.value}`;
	return names.map((written) => `\`${written}${value}\``).join(' ');
}

function flagTable(specs: FlagSpecs): readonly string[] {
	const shown = Object.entries(specs).filter(([, { hidden }]) => hidden !== true);
	const rows = shown.map(([name, spec]) => {
		const variable = spec.kind !== 'switch' && spec.env ? ` (variable \`${spec.env}\`)` : '';
		const again = spec.kind === 'list' ? '; may be repeated' : '';
		return `| ${namesOf(name, spec)} | ${cell(spec.help)}${again}${variable} |`;
	});
	return rows.length === 0 ? [] : ['| flag | |', '|---|---|', ...rows, ''];
}

function verbSection(verb: Verb): string {
	const also =
		verb.aliases.length === 0 ? '' : ` Also ${verb.aliases.map((name) => `\`${name}\``).join(', ')}.`;
	return [
		`### ${verb.name}`,
		`${cell(verb.summary)}.${also}`,
		'',
		'```',
		usageLine(verb),
		'```',
		...(verb.notes === '' ? [] : [cell(verb.notes), '']),
		...flagTable(verb.flags),
	].join('\n');
}

/**
 * The whole document.
 * @param before what stands above the generated part
 */
export function commandLineText(before: string, verbs: readonly Verb[]): string {
	const shared = ['### Flags of every command', ...flagTable(connectionFlags)].join('\n');
	return `${before.trimEnd()}\n\n${generatedHeading}\n${[shared, ...verbs.filter(({ hidden }) => hidden !== true).map(verbSection)].join('\n')}`;
}
