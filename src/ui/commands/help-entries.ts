import { type Scope, scopesAt } from '../keys/scope.ts';
import type { Command } from './command.ts';

/** A row of the help view: a heading, or a command. */
export type HelpEntry =
	| { readonly kind: 'heading'; readonly text: string }
	| { readonly kind: 'command'; readonly command: Command };

/** What people call the places where keys work. */
export const scopeTitles: Readonly<Record<Scope, string>> = {
	global: 'Everywhere',
	list: 'Lists',
	pods: 'Pods',
	containers: 'Containers',
	images: 'Images',
	logs: 'Logs',
	inspect: 'Inspect',
	shell: 'Shell',
	shellMenu: 'Shell, after its escape key',
	shellScroll: 'Shell, scrolling',
	shellDone: 'Shell, ended',
	shellAsk: 'Before an attach',
	dialog: 'Dialogs',
	lift: 'Allowing changes',
	prompt: 'While typing',
	palette: 'Commands',
	help: 'Help',
	picker: 'Choosing',
	forwards: 'Port-forwards',
	pulls: 'Pulls',
};

/** The commands that work at a place, innermost first, under the name of where they count. */
export function helpEntries(commands: readonly Command[], place: Scope): readonly HelpEntry[] {
	const listed = new Set<Command>();
	return scopesAt(place).flatMap((scope) => {
		const own = commands.filter(({ scopes }) => scopes.includes(scope));
		// Who asks for help can move about already: that comes last.
		const fresh = own
			.filter((command) => !listed.has(command))
			.toSorted((left, right) => Number(left.silent ?? false) - Number(right.silent ?? false));
		for (const command of fresh) listed.add(command);
		if (fresh.length === 0) return [];
		return [
			{ kind: 'heading', text: scopeTitles[scope] } as const,
			...fresh.map((command) => ({ kind: 'command', command }) as const),
		];
	});
}
