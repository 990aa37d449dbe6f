import type { SessionEnd } from './streaming-server.ts';

/** How a protocol tells the end: a Status object from v4 on, before that the words of a failure only. */
export type ReportFormat = 'status' | 'text';

/**
 * What goes onto the error stream when a session ends; empty where there is nothing to tell.
 * Source: k8s.io/cri-streaming remotecommand (v4WriteStatusFunc, v1WriteStatusFunc); metav1.Status.
 */
export function endReport(end: SessionEnd, format: ReportFormat): string {
	if (end.kind === 'exited' && end.exitCode === 0) {
		return format === 'status' ? JSON.stringify({ metadata: {}, status: 'Success' }) : '';
	}
	const exitCode = end.kind === 'exited' ? String(end.exitCode) : undefined;
	const message =
		end.kind === 'exited'
			? `command terminated with non-zero exit code: exit status ${end.exitCode}`
			: end.message;
	if (format === 'text') return message;
	const failure =
		exitCode === undefined
			? { reason: 'InternalError', details: { causes: [{ message }] }, code: 500 }
			: { reason: 'NonZeroExitCode', details: { causes: [{ reason: 'ExitCode', message: exitCode }] } };
	return JSON.stringify({ metadata: {}, status: 'Failure', message, ...failure });
}
