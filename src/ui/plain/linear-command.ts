/** What can be typed in the linear mode, as data: words, arguments and help come from one table. */

/** A command of the linear mode, as understood. */
export type LinearCommand =
	| { readonly kind: 'help' }
	| { readonly kind: 'pods' }
	| { readonly kind: 'containers'; readonly pod: string | undefined }
	| { readonly kind: 'images' }
	| { readonly kind: 'unhealthy' }
	| { readonly kind: 'inspect'; readonly name: string }
	| { readonly kind: 'logs'; readonly name: string; readonly count: number }
	| { readonly kind: 'follow'; readonly name: string }
	| { readonly kind: 'watch' }
	| { readonly kind: 'find'; readonly text: string }
	| { readonly kind: 'refresh' }
	| { readonly kind: 'stop'; readonly name: string }
	| { readonly kind: 'quit' };

/** Lines that `logs` prints unless told. */
export const defaultLogLines = 20;
/** More than anybody listens to; reading it must not fill the memory of a node. */
const mostLogLines = 10_000;

type Entry = {
	readonly words: readonly [string, ...string[]];
	readonly usage: string;
	readonly help: string;
	/** @returns the command, or what is wrong as a sentence. */
	read(args: readonly string[], rest: string): LinearCommand | string;
};

function simple(kind: 'help' | 'pods' | 'images' | 'unhealthy' | 'watch' | 'refresh' | 'quit') {
	return (args: readonly string[]): LinearCommand | string =>
		args.length === 0 ? { kind } : `${kind} takes nothing after it.`;
}

function named(kind: 'inspect' | 'follow' | 'stop', what: string) {
	return (args: readonly string[]): LinearCommand | string => {
		const [name] = args;
		return name !== undefined && args.length === 1 ? { kind, name } : `${kind} needs the name of ${what}.`;
	};
}

const table: readonly Entry[] = [
	{ words: ['help', '?'], usage: 'help', help: 'this list', read: simple('help') },
	{ words: ['pods'], usage: 'pods', help: 'all pods', read: simple('pods') },
	{
		words: ['containers'],
		usage: 'containers [POD]',
		help: 'all containers, or those of one pod',
		read: (args) =>
			args.length <= 1 ? { kind: 'containers', pod: args[0] } : 'containers takes one pod at most.',
	},
	{ words: ['images'], usage: 'images', help: 'all images', read: simple('images') },
	{
		words: ['unhealthy'],
		usage: 'unhealthy',
		help: 'pods and containers that need a look',
		read: simple('unhealthy'),
	},
	{
		words: ['inspect'],
		usage: 'inspect NAME',
		help: 'everything about a pod, container or image; secrets stay hidden',
		read: named('inspect', 'a pod, container or image'),
	},
	{
		words: ['logs'],
		usage: 'logs CONTAINER [N]',
		help: `the last N log lines (${defaultLogLines})`,
		read: ([name, number, ...more]) => {
			if (name === undefined || more.length > 0)
				return 'logs needs a container, and may have a number after it.';
			const count = number === undefined ? defaultLogLines : Number(number);
			return Number.isInteger(count) && count > 0 && count <= mostLogLines
				? { kind: 'logs', name, count }
				: `logs takes a number from 1 to ${mostLogLines}.`;
		},
	},
	{
		words: ['follow'],
		usage: 'follow CONTAINER',
		help: 'new log lines as they come, until Enter or Ctrl-C',
		read: named('follow', 'a container'),
	},
	{
		words: ['watch'],
		usage: 'watch',
		help: 'one line for each change on the node, until Enter or Ctrl-C',
		read: simple('watch'),
	},
	{
		words: ['find', '/'],
		usage: 'find TEXT',
		help: 'pods, containers and images that match, best first',
		read: (_, rest) => (rest === '' ? 'find needs a text.' : { kind: 'find', text: rest }),
	},
	{
		words: ['refresh', 'again'],
		usage: 'refresh',
		help: 'ask the runtime again; also: again',
		read: simple('refresh'),
	},
	{
		words: ['stop'],
		usage: 'stop CONTAINER',
		help: 'stop a container, after its name has been typed once more',
		read: named('stop', 'a container'),
	},
	{ words: ['quit', 'exit'], usage: 'quit', help: 'leave', read: simple('quit') },
];

/** One line for each command, `usage: help`. */
export function linearHelp(): readonly string[] {
	return [
		...table.map(({ usage, help }) => `${usage}: ${help}`),
		'Commands and names may be shortened as long as they are unambiguous. POD/CONTAINER names a container of a pod.',
	];
}

/**
 * Reads one typed line. Commands may be abbreviated as long as only one is meant.
 * @returns undefined for an empty line, a sentence for one that cannot be understood.
 */
export function parseLinearCommand(line: string): LinearCommand | string | undefined {
	const [, typed, rest = ''] = /^\s*(\/|\S+)\s*(.*?)\s*$/u.exec(line) ?? [];
	if (typed === undefined) return undefined;
	const word = typed.toLowerCase();
	const exact = table.find(({ words }) => words.includes(word));
	const meant = exact ? [exact] : table.filter(({ words }) => words.some((known) => known.startsWith(word)));
	const [entry, ...others] = meant;
	if (!entry) return `Unknown command "${typed}"; type help for the list.`;
	if (others.length > 0) {
		return `"${typed}" may mean ${meant.map(({ words }) => words[0]).join(' or ')}; type more of it.`;
	}
	return entry.read(rest === '' ? [] : rest.split(/\s+/u), rest);
}
