import { DeadlineError, FailedPreconditionError } from '../../cri/errors.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerHalts } from './container-halt.ts';
import { execRequest } from './exec-request.ts';
import { retryJoining } from './exec-retry.ts';
import { findRunning, type PodParts } from './pod-parts.ts';

/**
 * RPC ExecSync. The command is dead when this returns, whatever it returned.
 * @throws NotFoundError, FailedPreconditionError where it does not run, DeadlineError where the command took too long
 */
export function createExecSync(parts: PodParts, halts: ContainerHalts): ServedRuntime['execSync'] {
	return async ({ containerId, command, timeoutSeconds }, options) => {
		const record = findRunning(parts, containerId, 'run a command in container');
		demandNotStopping(halts, record.id);
		const request = {
			...(await execRequest(parts, record, command, false)),
			timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : undefined,
		};
		const outcome = await retryJoining(() => parts.processes.execSync(request, options), options?.signal);
		if (outcome.kind === 'exited') return outcome;
		const what = `cannot run a command in container "${containerId}"`;
		throw new DeadlineError(`${what}: command timed out: it took more than ${timeoutSeconds} s`, {
			timeoutMs: timeoutSeconds * 1000,
		});
	};
}

/** @throws FailedPreconditionError: what is started now would be killed at once */
export function demandNotStopping(halts: ContainerHalts, id: string): void {
	if (!halts.isStopping(id)) return;
	throw new FailedPreconditionError(`cannot run a command in container "${id}": it is being stopped`);
}
