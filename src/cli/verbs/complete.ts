import { liveNames } from '../completion/live-names.ts';
import type { OperandKind } from '../completion/operand-kinds.ts';
import { type Candidate, findPlace, type Place } from '../completion/place.ts';
import { splitLine } from '../completion/split-line.ts';
import { connectionFlags } from '../connection-flags.ts';
import { parseFlags } from '../flags.ts';
import { print } from '../output/print.ts';
import { defineVerb, type Verb, type VerbContext } from '../verb.ts';

/** Nobody waits longer for a key to act. */
const usualWithinMs = 400;
const longestMs = 60_000;

const live: ReadonlySet<OperandKind> = new Set([
	'container',
	'runningContainer',
	'createdContainer',
	'pod',
	'image',
]);

/** What the runtime adds; nothing where it does not answer in time. */
async function ask(
	{ kind, current, connection }: Place,
	context: VerbContext,
): Promise<readonly Candidate[]> {
	if (!live.has(kind)) return [];
	const withinMs = Number(context.env['CRISCOPE_COMPLETION_MS'] ?? '') || usualWithinMs;
	const signal = AbortSignal.any([context.signal, AbortSignal.timeout(Math.min(withinMs, longestMs))]);
	const late = new Promise<readonly Candidate[]>((resolve) => {
		signal.addEventListener('abort', () => resolve([]), { once: true });
	});
	// What was typed counts, and where nothing was, the flags of this call.
	const typed = connection.length > 0 ? parseFlags(connection, connectionFlags).flags : undefined;
	const found = context.connect(typed).then((client) => liveNames(client, kind, current, { signal }));
	return Promise.race([found, late]).catch(() => []);
}

/** Bash takes `=` and `:` for the ends of words, and completes only what comes after. */
function forBash(value: string, whole: string): string {
	const typed = whole.slice(0, Math.max(whole.lastIndexOf('='), whole.lastIndexOf(':')) + 1);
	return typed !== '' && value.startsWith(typed) ? value.slice(typed.length) : value;
}

/**
 * `criscope __complete`, which the shells ask: `names` or `files`, then a candidate a line, a tab and a few words behind it.
 * Silent about whatever goes wrong.
 * @param verbs the table, which has this verb in it
 */
export const completeVerb = (verbs: () => readonly Verb[]): Verb =>
	defineVerb({
		name: '__complete',
		aliases: [],
		hidden: true,
		summary: 'Answer a shell that completes',
		operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[WORD…]' },
		flags: {
			shell: { kind: 'text', value: 'SHELL', help: 'bash, zsh or fish' },
			words: { kind: 'switch', help: 'words after the name of the program, and not one whole line' },
		},
		flagsEndAtFirstOperand: true,
		notes: '',
		async run({ flags, operands }, context) {
			const words = flags.words ? operands : splitLine(operands[0] ?? '').slice(1);
			const place = findPlace(words, verbs());
			if (place.kind === 'file') {
				await print(context, 'files\n');
				return 0;
			}
			const all = [...place.candidates, ...(await ask(place, context))];
			const lines = all
				.filter(({ value }) => value.startsWith(place.current))
				.map(({ value, about }) => {
					const whole = `${place.prefix}${value}`;
					const shown = flags.shell === 'bash' ? forBash(whole, `${place.prefix}${place.current}`) : whole;
					return `${shown}\t${about.replaceAll(/\s+/gu, ' ')}\n`;
				});
			await print(context, `names\n${lines.join('')}`);
			return 0;
		},
	});
