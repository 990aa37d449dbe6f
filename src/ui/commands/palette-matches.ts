import type { TextRange } from '../resources/resource.ts';
import { createFuzzySearch } from '../search/fuzzy.ts';
import type { Command } from './command.ts';

/** A command that the palette offers, with the characters of its title that matched. */
export type PaletteMatch = { readonly command: Command; readonly titleRanges: readonly TextRange[] };

const search = createFuzzySearch<Command>({
	fieldsOf: ({ title, id, keys }) => [
		{ name: 'title', text: title },
		{ name: 'id', text: id, weight: 0.9 },
		{ name: 'keys', text: keys.join(' '), weight: 0.5 },
	],
});

/** Commands that fit what was typed, best first; all of them while nothing is typed. */
export function paletteMatches(commands: readonly Command[], query: string): readonly PaletteMatch[] {
	const offered = commands.filter(({ silent }) => !silent);
	return search
		.search(offered, query)
		.map(({ row, highlights }) => ({ command: row, titleRanges: highlights.get('title') ?? [] }));
}
