/** Puts into the trail that somebody lifted read-only, and that it came back: what was changed between had that leave. */
import type { AuditLog } from './action-audit.ts';
import type { EffectHost } from './effect-host.ts';

/** Called after every event; records what has changed since the last call. */
export function createReadOnlyAudit(
	host: Pick<EffectHost, 'getState'>,
	audit: Pick<AuditLog, 'record'>,
): { readonly follow: () => void } {
	let lifted: number | undefined;
	const target = {
		kind: 'session',
		id: String(process.pid),
		name: 'inspector opened from the login banner',
		podName: '',
		namespace: '',
	} as const;
	return {
		follow() {
			const until = host.getState().readOnly.liftedUntilMs;
			if (until === lifted) return;
			lifted = until;
			audit.record(
				until === undefined
					? { verb: 'restore read-only', target, result: 'done: changes are refused again' }
					: {
							verb: 'lift read-only',
							target,
							result: `done: changes are allowed until ${new Date(until).toISOString()}`,
						},
			);
		},
	};
}
