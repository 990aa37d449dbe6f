/** Runs one verb: finds it, reads its arguments, checks how many operands there are. */
import { didYouMean } from '../text/suggest.ts';
import { type ConnectionFlags, connectionFlags } from './connection-flags.ts';
import { usageLine, verbHelp } from './flag-help.ts';
import { type FlagValues, parseFlags } from './flags.ts';
import { print } from './output/print.ts';
import { UsageError } from './usage-error.ts';
import type { Verb, VerbContext } from './verb.ts';
import { findVerb, verbs } from './verbs.ts';

/** What comes from outside: the process, and how it connects. */
export type VerbHost = Omit<VerbContext, 'connect'> & {
	readonly connect: (flags: ConnectionFlags) => ReturnType<VerbContext['connect']>;
};

function checkOperands(verb: Verb, count: number): void {
	const { least, most, words } = verb.operands;
	if (count >= least && count <= most) return;
	const problem =
		count < least
			? `${verb.name} needs ${words}`
			: `${verb.name} takes ${words === '' ? 'no arguments' : `no more than ${words}`}`;
	throw new UsageError(`${problem}; usage: ${usageLine(verb)}`);
}

/** Those that are for people. */
function shownVerbs(): readonly Verb[] {
	return verbs.filter(({ hidden }) => hidden !== true);
}

/** The error for a word that is no verb. */
export function unknownVerb(word: string): UsageError {
	const names = ['serve', 'help', ...shownVerbs().flatMap(({ name, aliases }) => [name, ...aliases])];
	const near = didYouMean(word, names) || '; criscope help lists what there is';
	return new UsageError(`unknown command "${word}"${near}`);
}

/** Names and summaries, for `criscope help`. */
export function verbList(): string {
	const shown = shownVerbs();
	const width = Math.max(...shown.map(({ name }) => name.length));
	return shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('');
}

/** The help of one verb. @throws UsageError for a word that is none. */
export function helpOfVerb(word: string): string {
	const verb = findVerb(word);
	if (!verb) throw unknownVerb(word);
	return verbHelp(verb);
}

/**
 * Runs the verb `name`.
 * @param before flags that stood before it, of the connection only
 * @returns the exit code
 * @throws UsageError, and whatever the verb throws.
 */
export async function runVerb(
	name: string,
	args: { readonly before: readonly string[]; readonly after: readonly string[] },
	host: VerbHost,
): Promise<number> {
	const verb = findVerb(name);
	if (!verb) throw unknownVerb(name);
	const { env } = host;
	const before = parseFlags(args.before, connectionFlags, { env });
	const specs = { ...connectionFlags, ...verb.flags };
	// A verb's own flags come first in the search for a letter.
	const ordered = { ...verb.flags, ...specs };
	const parsed = parseFlags(args.after, ordered, { env, endAtFirstOperand: verb.flagsEndAtFirstOperand });
	const { flags, given, operands } = parsed;
	const own = flags as FlagValues<typeof connectionFlags>;
	if (own.help || before.flags.help) {
		await print(host, verbHelp(verb));
		return 0;
	}
	checkOperands(verb, operands.length);
	const inherits = (flag: string) => !(flag in verb.flags) && given.has(flag);
	const connection = Object.fromEntries(
		Object.keys(connectionFlags).map((flag) => [
			flag,
			(inherits(flag) ? own : before.flags)[flag as keyof ConnectionFlags],
		]),
	) as ConnectionFlags;
	let client: ReturnType<VerbContext['connect']> | undefined;
	const connect = (instead = connection) => {
		client ??= host.connect(instead);
		return client;
	};
	try {
		return await verb.run({ flags, given, operands }, { ...host, connect, configPath: connection.config });
	} finally {
		await client?.then(
			(connected) => connected.close(),
			() => undefined,
		);
	}
}
