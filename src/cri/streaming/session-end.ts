import { createReportCollector, parseExitReport } from './exit-report.ts';
import type { StreamingExit } from './session.ts';

/**
 * How long a server may stay silent between its report and the end of the output. Servers end both together;
 * without a bound, one that does not would keep a finished session open for ever.
 */
const drainIdleMs = 10_000;

/** Decides once, for either transport, how a session ended. */
export type SessionEnd = {
	readonly exited: Promise<StreamingExit>;
	/** A piece of the error channel. */
	readonly reported: (bytes: Uint8Array) => void;
	/** Output arrived, or reading was held back (`paused`): the server is not silent. */
	readonly touched: (paused: boolean) => void;
	/** Nothing more can come. `cause` says why, where there was no report. */
	readonly ended: (cause: string) => void;
};

/** `onStalled` is called where the server reported the end and then neither sent nor closed. */
export function createSessionEnd(onStalled: () => void): SessionEnd {
	const { promise: exited, resolve } = Promise.withResolvers<StreamingExit>();
	const report = createReportCollector();
	let drainTimer: NodeJS.Timeout | undefined;
	let settled = false;
	const touched = (paused: boolean) => {
		clearTimeout(drainTimer);
		if (settled || paused || report.text() === '') return;
		drainTimer = setTimeout(onStalled, drainIdleMs);
	};
	return {
		exited,
		reported: (bytes) => {
			report.add(bytes);
			touched(false);
		},
		touched,
		ended: (cause) => {
			settled = true;
			clearTimeout(drainTimer);
			const text = report.text();
			resolve(text === '' ? { kind: 'disconnected', message: cause } : parseExitReport(text));
		},
	};
}

/** The size as every protocol wants it: one JSON object a change. Source: client-go tools/remotecommand. */
export function resizeMessage(size: { readonly columns: number; readonly rows: number }): string {
	return `${JSON.stringify({ Width: cells(size.columns), Height: cells(size.rows) })}\n`;
}

/** The servers read a uint16 and would drop the whole message for more. */
function cells(count: number): number {
	return Math.min(0xffff, Math.max(1, Math.trunc(count) || 1));
}
