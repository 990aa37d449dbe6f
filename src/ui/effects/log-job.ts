import type { LogHistory } from '../../node/logs/log-history.ts';
import type { LogBusy } from '../store/slices/logs/logs-state.ts';
import type { LogReader, PageOptions } from './log-reader.ts';

/** One thing to do with the history, shown and cancellable when it takes long. */
export type LogJob = {
	readonly what: LogBusy['what'];
	readonly run: (tools: LogTools) => Promise<unknown>;
};

/** What a job works with. */
export type LogTools = {
	readonly history: LogHistory;
	readonly reader: LogReader;
	readonly session: number;
	/** Lines for a screen and its margin. */
	readonly screenful: number;
	readonly options: PageOptions;
};
