/** `--watch`: the same again and again, until somebody has seen enough. */
import { setTimeout as sleep } from 'node:timers/promises';
import { detectCapabilities } from '../../text/terminal-capabilities.ts';
import { truncateCells } from '../../text/width.ts';
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { print } from './print.ts';

/** To be spread into a verb's flags. */
export const watchFlags = {
	watch: { kind: 'switch', short: 'w', help: 'again and again, until Ctrl-C' },
	interval: { kind: 'duration', value: 'DURATION', help: 'how long between two looks with --watch; 2s' },
} as const satisfies FlagSpecs;

/** What was written of them. */
export type WatchFlags = { readonly watch: boolean; readonly interval: number | undefined };

/** Goes home; clears to the end of a line, and to the end of the screen. Source: xterm ctlseqs. */
const [home, clearLine, clearBelow] = ['\x1b[H', '\x1b[K', '\x1b[J'];

/** @throws UsageError for an interval that goes with nothing, or that would leave the runtime no rest. */
export function watchIntervalMs({ watch, interval }: WatchFlags): number | undefined {
	if (interval !== undefined && !watch) throw new UsageError('flag --interval goes with --watch');
	if (interval !== undefined && interval < 100) throw new UsageError('flag --interval is 100ms or more');
	return watch ? (interval ?? 2000) : undefined;
}

/** A text drawn over the last one: whole lines of what fits, so that nothing scrolls away. */
export function screenText(text: string, size: { readonly columns: number; readonly rows: number }): string {
	const lines = text.replace(/\n$/u, '').split('\n');
	const fitting = lines.slice(0, size.rows - 1).map((line) => truncateCells(line, size.columns));
	return `${home}${fitting.map((line) => `${line}${clearLine}\n`).join('')}${clearBelow}`;
}

/** Whether something can be drawn over what stands there: on a terminal with a cursor to move. */
export function drawsInPlace({
	stdoutIsTerminal,
	env,
}: Pick<VerbContext, 'stdoutIsTerminal' | 'env'>): boolean {
	return stdoutIsTerminal && detectCapabilities(env, true).cursorAddressing;
}

/** How often, and how. */
export type Again = {
	/** Undefined for once. */
	readonly intervalMs: number | undefined;
	/** Draws over the last one where stdout is a terminal; documents follow each other everywhere. */
	readonly inPlace: boolean;
};

/**
 * Prints what `look` makes: once, or every so often. Tables that follow each other have an empty line between them. Ends without
 * a failure when the verb is told to end.
 */
export async function printAgain(
	context: Pick<VerbContext, 'stdout' | 'stdoutIsTerminal' | 'env' | 'terminalSize' | 'signal'>,
	{ intervalMs, inPlace }: Again,
	look: () => Promise<string>,
): Promise<void> {
	if (intervalMs === undefined) return print(context, await look());
	const { signal } = context;
	try {
		for (let round = 0; ; round++) {
			const text = await look();
			const size = inPlace && drawsInPlace(context) ? context.terminalSize() : undefined;
			if (size) await print(context, screenText(text, size));
			else await print(context, round > 0 && inPlace ? `\n${text}` : text);
			await sleep(intervalMs, undefined, { signal });
		}
	} catch (error) {
		if (!signal.aborted) throw error;
	}
}
