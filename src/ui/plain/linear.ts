/**
 * The linear mode: questions and answers line by line, without a cursor, a colour or a frame. For screen
 * readers, serial lines and terminals that can do nothing else.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { AuditLog } from '../effects/action-audit.ts';
import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { resourceOf } from '../resources/index.ts';
import { podRows } from '../resources/pod-rows.ts';
import type { Row } from '../resources/rows.ts';
import type { SearchField } from '../search/fields.ts';
import { createFuzzySearch } from '../search/fuzzy.ts';
import type { ReadOnly } from '../store/slices/read-only.ts';
import type { UiState } from '../store/state.ts';
import { collectState } from './collect.ts';
import { changeLines } from './linear-changes.ts';
import { type LinearCommand, linearHelp, parseLinearCommand } from './linear-command.ts';
import type { LinearInput } from './linear-input.ts';
import { inspectLines } from './linear-inspect.ts';
import { followLog, printLog } from './linear-logs.ts';
import { resolveName } from './linear-names.ts';
import type { LinearOutput } from './linear-output.ts';
import { stopByName } from './linear-stop.ts';
import { rowLine, stalenessLines, summaryLines, unhealthyRows } from './linear-text.ts';

/** What the mode works with. */
export type LinearOptions = {
	readonly client: CriClient;
	readonly hostname: string;
	readonly input: LinearInput;
	readonly output: LinearOutput;
	/** Somebody is typing: a prompt is shown, and a runtime that does not answer may be asked again. */
	readonly interactive: boolean;
	readonly readOnly: ReadOnly;
	readonly audit: AuditLog;
	readonly watchIntervalMs: number;
};

/** A running session. */
export type LinearSession = {
	/** Settles when the person leaves. @returns the exit code: 1 where the runtime never answered. */
	run(): Promise<number>;
	/** Ends what is going on; false at the prompt, where nothing is. */
	interrupt(): boolean;
};

/** Answers younger than this are not asked for again. */
const freshMs = 2_000;
const findLimit = 30;

/** Makes a session; `run` starts it. */
export function createLinearSession(options: LinearOptions): LinearSession {
	const { client, input, output } = options;
	let state: UiState | undefined;
	let current: AbortController | undefined;

	async function ask(signal: AbortSignal): Promise<void> {
		const next = await collectState(client, {
			hostname: options.hostname,
			signal,
			now: Date.now,
			known: state,
		});
		const { pods, containers } = next.inventory.refreshedAtMs;
		// What was known is better than nothing, as long as its age is told.
		state =
			state && (pods === undefined || containers === undefined)
				? { ...state, connection: { ...state.connection, problem: next.connection.problem } }
				: next;
	}

	async function fresh(signal: AbortSignal): Promise<UiState> {
		const isOld = state === undefined || Date.now() - state.nowMs > freshMs;
		// A runtime that hangs would cost its deadline at every command: `refresh` asks it again.
		if (isOld && state?.connection.problem === undefined) await ask(signal);
		if (!state) throw new Error('the runtime was not asked yet');
		for (const line of stalenessLines(state, Date.now()))
			await output.line(`${line} Type refresh to ask again.`);
		return state;
	}

	const print = async (lines: readonly string[]): Promise<void> => {
		for (const line of lines) await output.line(line);
	};
	const printRows = (rows: readonly Row[], none: string, withKind = false): Promise<void> =>
		print(rows.length === 0 ? [none] : rows.map((row) => rowLine(row, Date.now(), withKind)));

	/** Runs until Enter, the end of the input, or Ctrl-C. */
	async function untilEnter(
		signal: AbortSignal,
		work: (signal: AbortSignal) => Promise<void>,
	): Promise<void> {
		const stop = new AbortController();
		const ending = AbortSignal.any([signal, stop.signal]);
		const working = work(ending).catch((error: unknown) => {
			if (!ending.aborted) throw error;
		});
		const typed = input.next({ signal: ending }).then(() => stop.abort());
		try {
			await Promise.race([working, typed]);
		} finally {
			stop.abort();
			await Promise.allSettled([working, typed]);
		}
	}

	async function watch(signal: AbortSignal): Promise<void> {
		while (!signal.aborted) {
			await delay(options.watchIntervalMs, undefined, { signal });
			const before = state;
			await ask(signal);
			if (before && state) await print(changeLines(before, state));
		}
	}

	async function withContainer(name: string, signal: AbortSignal, work: (logPath: string) => Promise<void>) {
		const row = resolveName(containerRows(await fresh(signal)), name, 'container');
		if (typeof row === 'string') return output.line(row);
		if (!row.facts)
			return output.line(`What the runtime knows of ${row.name} has not come: its log path is not known.`);
		if (row.facts.logPath === '') return output.line(`${row.name} has no log file: the runtime names none.`);
		return work(row.facts.logPath);
	}

	async function find(text: string, signal: AbortSignal): Promise<void> {
		const now = await fresh(signal);
		const rows: readonly Row[] = [...podRows(now), ...containerRows(now), ...imageRows(now)];
		const fieldsOf = (row: Row): readonly SearchField[] =>
			resourceOf(
				row.kind === 'pod' ? 'pods' : row.kind === 'container' ? 'containers' : 'images',
			).searchFields(row);
		const hits = createFuzzySearch<Row>({ fieldsOf }).search(rows, text);
		await printRows(
			hits.slice(0, findLimit).map(({ row }) => row),
			`Nothing matches "${text}".`,
			true,
		);
		if (hits.length > findLimit) await output.line(`and ${hits.length - findLimit} more.`);
	}

	async function perform(command: LinearCommand, signal: AbortSignal): Promise<void> {
		switch (command.kind) {
			case 'help':
				return print(linearHelp());
			case 'pods':
				return printRows(podRows(await fresh(signal)), 'This node runs no pods.');
			case 'images':
				return printRows(imageRows(await fresh(signal)), 'The store holds no images.');
			case 'containers': {
				const now = await fresh(signal);
				if (command.pod === undefined) return printRows(containerRows(now), 'This node has no containers.');
				const pod = resolveName(podRows(now), command.pod, 'pod');
				if (typeof pod === 'string') return output.line(pod);
				return printRows(pod.containers, 'This pod has no containers.');
			}
			case 'unhealthy':
				return printRows(unhealthyRows(await fresh(signal)), 'Nothing is unhealthy.', true);
			case 'inspect': {
				const now = await fresh(signal);
				const rows: readonly Row[] = [...podRows(now), ...containerRows(now), ...imageRows(now)];
				const row = resolveName(rows, command.name, 'pod, container or image');
				if (typeof row === 'string') return output.line(row);
				return print(await inspectLines(client, now, row, { signal }));
			}
			case 'logs':
				return withContainer(command.name, signal, (logPath) =>
					printLog(logPath, command.count, output.line, { signal }),
				);
			case 'follow':
				return withContainer(command.name, signal, async (logPath) => {
					await output.line('Following; Enter ends it.');
					await untilEnter(signal, (ending) => followLog(logPath, output.line, { signal: ending }));
				});
			case 'watch':
				await fresh(signal);
				await output.line('Watching; Enter ends it.');
				return untilEnter(signal, watch);
			case 'find':
				return find(command.text, signal);
			case 'refresh':
				await ask(signal);
				return print(state ? summaryLines(state, Date.now()) : []);
			case 'stop':
				return stopByName(command.name, await fresh(signal), options, { signal });
			case 'quit':
				return;
		}
	}

	/** One command to its end; what goes wrong is told and never ends the session. */
	async function attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
		const controller = new AbortController();
		current = controller;
		try {
			await work(controller.signal);
		} catch (error) {
			if (controller.signal.aborted) await output.line('Interrupted.');
			else await output.line(isAbort(error) ? 'Cancelled.' : errorMessage(error));
		} finally {
			current = undefined;
		}
	}

	return {
		async run() {
			await attempt(async (signal) => {
				await ask(signal);
				if (state) await print(summaryLines(state, Date.now()));
			});
			const heard = (): boolean => state?.inventory.refreshedAtMs.containers !== undefined;
			if (!options.interactive && !heard()) return 1;
			if (options.interactive) await output.line('Type help for the commands, quit to leave.');
			for (;;) {
				if (options.interactive) output.prompt('criscope> ');
				const line = await input.next();
				if (line === undefined) break;
				const command = parseLinearCommand(line);
				if (command === undefined) continue;
				if (typeof command === 'string') {
					await output.line(command);
					continue;
				}
				if (command.kind === 'quit') return heard() ? 0 : 1;
				await attempt((signal) => perform(command, signal));
			}
			// The end of typing leaves the cursor behind the prompt.
			if (options.interactive) output.prompt('\n');
			return heard() ? 0 : 1;
		},
		interrupt() {
			const running = current !== undefined;
			current?.abort();
			return running;
		},
	};
}
