import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerStats } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { podOfLabels } from '../containers/container-list.ts';
import type { FlagSpecs } from '../flags.ts';
import { findPod } from '../objects/find.ts';
import { matches, parseGoRegExp } from '../objects/go-regexp.ts';
import { humanSize } from '../output/human-size.ts';
import { print } from '../output/print.ts';
import { drawsInPlace } from '../output/watch.ts';
import { openLiveScreen } from '../stats/live-screen.ts';
import { createUsageLook } from '../stats/look-at-usage.ts';
import { type Measured, measureContainers, sampledFrom, shownStats } from '../stats/measure.ts';
import { sortUsage, type UsageOrder, type UsageRow, usageOrders } from '../stats/usage-rows.ts';
import { usageTable } from '../stats/usage-table.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

const flags = {
	pod: { kind: 'text', short: 'p', value: 'POD', help: 'of this pod: an id, its beginning, or a name' },
	namespace: { kind: 'text', value: 'REGEXP', help: "whose pod's namespace matches" },
	sort: { kind: 'text', value: 'COLUMN', choices: usageOrders, help: 'cpu, memory, processes or name; cpu' },
	last: { kind: 'number', short: 'n', value: 'NUMBER', least: 1, help: 'no more rows than this' },
	interval: { kind: 'duration', value: 'DURATION', help: 'how long between two looks; 2s' },
	once: { kind: 'switch', help: 'print one table and end, as where there is no terminal' },
} as const satisfies FlagSpecs;

/** The first use of CPU is measured over less than the interval: nobody waits for a first look. */
const firstSampleMs = 500;
const defaultIntervalMs = 2000;

const keyOrders: Readonly<Record<string, UsageOrder>> = { c: 'cpu', m: 'memory', p: 'processes', n: 'name' };

/** One line above the table. */
function summaryLine(rows: readonly UsageRow[], order: UsageOrder): string {
	const cpu = rows.reduce((sum, { cpuPercent = 0 }) => sum + cpuPercent, 0);
	const memory = rows.reduce((sum, { memoryBytes = 0n }) => sum + memoryBytes, 0n);
	const count = `${rows.length} container${rows.length === 1 ? '' : 's'}`;
	return `${count}, CPU ${cpu.toFixed(2)} %, memory ${humanSize(memory, 4)}; by ${order} (c m p n), q quits\n\n`;
}

/** Looks at usage again and again. */
function createLook(
	client: CriClient,
	choice: { readonly podSandboxId: string | undefined; readonly namespace: RegExp | undefined },
	{ signal, now }: Pick<VerbContext, 'signal' | 'now'>,
): () => Promise<readonly UsageRow[]> {
	const complete = createUsageLook(client, { signal, now });
	let before: readonly Measured<ContainerStats>[] = [];
	return async () => {
		const all = await measureContainers(
			client,
			{ ids: undefined, podSandboxId: choice.podSandboxId, labelSelector: {} },
			{ signal },
		);
		const after = all.filter(({ stats }) => matches(choice.namespace, podOfLabels(stats).namespace));
		const sampled = sampledFrom(before, after).map((item) => ({ ...item, seenBefore: true }));
		before = after;
		return complete(shownStats(sampled, false));
	};
}

/** Draws until `q` is pressed or the verb is told to end. */
async function showLive(
	look: () => Promise<readonly UsageRow[]>,
	options: { readonly order: UsageOrder; readonly intervalMs: number; readonly most: number },
	context: VerbContext,
): Promise<void> {
	let { order } = options;
	let rows: readonly UsageRow[] = [];
	const ending = new AbortController();
	const signal = AbortSignal.any([context.signal, ending.signal]);
	const failures: unknown[] = [];
	const paint = (): Promise<void> =>
		screen.draw(summaryLine(rows, order) + usageTable(sortUsage(rows, order).slice(0, options.most)));
	const repaint = (): void => {
		paint().catch((error: unknown) => {
			failures.push(error);
			ending.abort();
		});
	};
	using screen = openLiveScreen(context, {
		onKey(key) {
			// Ctrl-C and Ctrl-D are keys here.
			if (key === 'q' || key === 'Q' || key === '\x03' || key === '\x04') ending.abort();
			const wanted = keyOrders[key];
			if (!wanted) return;
			order = wanted;
			repaint();
		},
		onResize: repaint,
	});
	try {
		for (let waitMs = firstSampleMs; ; waitMs = options.intervalMs) {
			rows = await look();
			await paint();
			await sleep(waitMs, undefined, { signal });
		}
	} catch (error) {
		if (failures.length > 0) throw failures[0];
		if (!signal.aborted) throw error;
	}
}

/** `criscope top` */
export const topVerb = defineVerb({
	name: 'top',
	aliases: [],
	summary: 'Show which containers use most, live',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes: [
		'On a terminal, c m p n sort by CPU, memory, processes or name, and q ends it. Elsewhere one table is printed.',
		'100 CPU % is one core. Processes are counted where the runtime runs on this host.',
	].join('\n'),
	async run({ flags }, context) {
		const { interval: intervalMs = defaultIntervalMs, last: most = Number.POSITIVE_INFINITY } = flags;
		if (intervalMs < 100) throw new UsageError('flag --interval is 100ms or more');
		const order = (flags.sort ?? 'cpu') as UsageOrder;
		const namespace = flags.namespace === undefined ? undefined : parseGoRegExp(flags.namespace, 'namespace');
		const client = await context.connect();
		const { signal } = context;
		const podSandboxId =
			flags.pod === undefined ? undefined : (await findPod(client, flags.pod, { signal })).id;
		const look = createLook(client, { podSandboxId, namespace }, context);
		if (!flags.once && drawsInPlace(context) && context.terminal) {
			await showLive(look, { order, intervalMs, most }, context);
			return 0;
		}
		await look();
		await sleep(Math.min(intervalMs, 1000), undefined, { signal });
		await print(context, usageTable(sortUsage(await look(), order).slice(0, most)));
		return 0;
	},
});
