import { isAbort } from '../../cri/errors.ts';
import type { LogHistory } from '../../node/logs/log-history.ts';
import { logGeometry } from '../store/slices/logs/geometry.ts';
import type { LogsState } from '../store/slices/logs/logs-state.ts';
import { wantedMargin } from '../store/slices/logs/window.ts';
import type { EffectHost } from './effect-host.ts';
import type { LogJob } from './log-job.ts';
import type { LogReader } from './log-reader.ts';

/** Work that takes longer than this shows itself. */
const busyAfterMs = 150;
/** Mean length of lines from which on a screenful is read without a margin. */
const heavyLineUnits = 4_096;

/** How a job ended: `superseded` when it made room for another, `stopped` when the person stopped it. */
export type LogOutcome = 'done' | 'failed' | 'superseded' | 'stopped';

/** Does jobs one at a time. */
export type LogPerformer = {
	readonly perform: (job: LogJob, reader: LogReader) => Promise<LogOutcome>;
	/** Stops what runs because something newer is wanted. */
	readonly supersede: () => void;
	/** Stops what runs when it shows itself; false when nothing did. */
	readonly cancel: () => boolean;
};

/** Lines so long that pages of them would fill the memory. */
export function isHeavy({ entries }: LogsState): boolean {
	const last = entries.slice(-8);
	return last.reduce((sum, { line }) => sum + line.text.length, 0) > heavyLineUnits * last.length;
}

/** Makes the performer of one open log. A job that fails says so in a notice; one that takes long in the title. */
export function createLogPerformer(options: {
	readonly host: EffectHost;
	readonly history: LogHistory;
	readonly session: number;
	readonly ended: AbortSignal;
}): LogPerformer {
	const { host, history, session, ended } = options;
	let current: AbortController | undefined;
	let superseded = false;
	const isCurrent = (): boolean => !ended.aborted && host.getState().logs.session === session;

	return {
		async perform(job, reader) {
			const stop = new AbortController();
			current = stop;
			superseded = false;
			const signal = AbortSignal.any([stop.signal, ended, host.signal]);
			let ratio: number | undefined;
			const tell = (): void => {
				if (isCurrent()) host.dispatch('logs', { kind: 'logBusyChanged', busy: { what: job.what, ratio } });
			};
			let late: NodeJS.Timeout | undefined = setTimeout(() => {
				late = undefined;
				tell();
			}, busyAfterMs);
			const onRatio = (next: number): void => {
				ratio = next;
				if (late === undefined) tell();
			};
			const { rows } = logGeometry(host.getState());
			const screenful = rows + (isHeavy(host.getState().logs) ? 4 : wantedMargin(rows));
			try {
				await job.run({ history, reader, session, screenful, options: { signal, onRatio } });
				return 'done';
			} catch (error) {
				if (superseded) return 'superseded';
				if (isAbort(error) || signal.aborted || !isCurrent()) return 'stopped';
				const text = error instanceof Error ? error.message : String(error);
				host.dispatch('notices', { kind: 'noticeRaised', level: 'fail', text });
				return 'failed';
			} finally {
				clearTimeout(late);
				current = undefined;
				if (isCurrent() && host.getState().logs.busy) {
					host.dispatch('logs', { kind: 'logBusyChanged', busy: undefined });
				}
			}
		},
		supersede() {
			superseded = current !== undefined;
			current?.abort();
		},
		cancel() {
			const isShown = current !== undefined && host.getState().logs.busy !== undefined;
			if (isShown) current?.abort();
			return isShown;
		},
	};
}
