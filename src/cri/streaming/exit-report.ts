import type { StreamingExit } from './session.ts';

/** A report longer than this is cut; runtimes send a few hundred bytes. */
const maxReportChars = 64 * 1024;

type Status = {
	readonly status?: unknown;
	readonly reason?: unknown;
	readonly message?: unknown;
	readonly details?: {
		readonly causes?: readonly { readonly reason?: unknown; readonly message?: unknown }[];
	};
};

/**
 * Reads what came on a session's error channel: from protocol v4 on a `Status` object of Kubernetes' API in
 * JSON, before that plain text on failure. Anything unreadable is a failure in the words of the server.
 * Source: k8s.io/apimachinery metav1.Status; k8s.io/apimachinery/pkg/util/remotecommand (NonZeroExitCode).
 */
export function parseExitReport(text: string): StreamingExit {
	const status = parseStatus(text);
	if (status === undefined) return { kind: 'failed', message: text.slice(0, maxReportChars).trim() };
	if (status.status === 'Success') return { kind: 'exited', exitCode: 0 };
	if (status.reason === 'NonZeroExitCode') {
		const causes = Array.isArray(status.details?.causes) ? status.details.causes : [];
		const exitCode = Number(causes.find((cause) => cause?.reason === 'ExitCode')?.message ?? Number.NaN);
		if (Number.isInteger(exitCode)) return { kind: 'exited', exitCode };
	}
	for (const words of [status.message, status.reason]) {
		if (typeof words === 'string' && words !== '') return { kind: 'failed', message: words };
	}
	return { kind: 'failed', message: text.slice(0, maxReportChars) };
}

function parseStatus(text: string): Status | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === 'object' && value !== null ? value : undefined;
	} catch {
		return undefined;
	}
}

/** Collects a report that arrives in pieces. */
export type ReportCollector = { readonly add: (bytes: Uint8Array) => void; readonly text: () => string };

/** A collector with bounded memory; pieces may cut a character in two. */
export function createReportCollector(): ReportCollector {
	const decoder = new TextDecoder();
	let text = '';
	return {
		add: (bytes) => {
			const piece = decoder.decode(bytes, { stream: true });
			if (text.length < maxReportChars) text += piece;
		},
		text: () => text,
	};
}
