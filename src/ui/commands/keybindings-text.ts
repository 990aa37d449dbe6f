import { formatChord } from '../keys/display.ts';
import { parseChord } from '../keys/parse.ts';
import type { Command } from './command.ts';
import { scopeTitles } from './help-entries.ts';

const dangerWords: Readonly<Record<Command['danger'], string>> = {
	none: '',
	session: 'opens a session; off with `--read-only`',
	confirm: 'changes the node: asks first; off with `--read-only`',
};

function escaped(text: string): string {
	return text.replace(/[|\\]/gu, '\\$&');
}

function keyText(chord: string): string {
	const shown = formatChord(parseChord(chord));
	// A backtick inside code needs a longer fence.
	return shown.includes('`') ? `\`\` ${shown} \`\`` : `\`${escaped(shown)}\``;
}

function tableOf(commands: readonly Command[]): readonly string[] {
	return [
		'| keys | command | id | |',
		'|---|---|---|---|',
		...commands.map(({ keys, title, id, danger }) => {
			const shown = keys.map(keyText).join(' ') || '(palette)';
			return `| ${shown} | ${escaped(title)} | \`${id}\` | ${dangerWords[danger]} |`;
		}),
	];
}

/** Commands that count at the very same places, under the names of those. */
function headingOf({ scopes }: Command): string {
	return scopes.map((scope) => scopeTitles[scope]).join(', ');
}

/** The text of docs/keybindings.md: every command once, under the places where its keys count. */
export function keybindingsText(commands: readonly Command[]): string {
	const sections = [...Map.groupBy(commands, headingOf)].flatMap(([heading, own]) => [
		`## ${heading}`,
		'',
		...tableOf(own),
		'',
	]);
	return [
		'# Keys',
		'',
		'Made from the command table by `npm run generate`; a test fails when it is stale. Press `?` in the program for the keys',
		'of where you are, `:` for every command by name. Rebind by id: see [configuration.md](configuration.md).',
		'',
		'A lower-case key never changes the node. `^D` is Ctrl-D, `⇧Tab` Shift-Tab, `M-x` Alt-X.',
		'',
		...sections,
	]
		.join('\n')
		.trimEnd()
		.concat('\n');
}
