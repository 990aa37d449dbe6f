import { CriError, errorMessage, FailedPreconditionError } from '../../cri/errors.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { containerState } from '../store/states.ts';
import type { ContainerHalts } from './container-halt.ts';
import { emitEvent } from './emit-event.ts';
import { containerKey, findContainer, findReady, type PodParts } from './pod-parts.ts';
import { remember } from './remember.ts';

/** What a container that could not be started says it ended with. Source: containerd, StartError; sh(1), 128 and more */
const startErrorCode = 128;

/**
 * RPC StartContainer: from the state created, once. A container that cannot be started has ended, and its status says why.
 * @throws NotFoundError, FailedPreconditionError, the OCI runtime's own words
 */
export function createStartContainer(
	parts: PodParts,
	halts: ContainerHalts,
): ServedRuntime['startContainer'] {
	return async (given, options) => {
		const doing = 'start container';
		const { id } = findContainer(parts, given, doing);
		parts.creations.claim(id);
		await parts.queue.run(
			containerKey(id),
			async () => {
				const record = findContainer(parts, id, doing);
				const state = containerState(record);
				const refuse = (cause: string): never => {
					throw new FailedPreconditionError(
						`cannot start container "${record.request.metadata.name}": ${cause}`,
					);
				};
				if (state !== 'created') refuse(`it is ${state}, and can be started once only`);
				if (halts.isStopping(id)) refuse('it is being stopped');
				findReady(
					parts,
					record.podSandboxId,
					`start container "${record.request.metadata.name}" in pod sandbox`,
				);
				// Taken before: what it does at once must not come before its start.
				const startedAtNanos = parts.now();
				try {
					// Without the caller's signal: a start that is cut off half-way would be neither.
					await parts.processes.start(id, parts.handlers.of(record));
				} catch (error) {
					await failed(parts, id, startedAtNanos, errorMessage(error));
					throw new CriError(
						error instanceof CriError ? error.code : 'unknown',
						`cannot start container "${record.request.metadata.name}": ${errorMessage(error)}`,
						{ cause: error },
					);
				}
				await remember(parts.log, id, parts.containers.update(id, { startedAtNanos }));
				emitEvent(parts, 'started', id, record.podSandboxId);
			},
			options,
		);
	};
}

/** Source: cri-o 1.36 server/container_start.go: what could not be started has ended, with the text of the error. */
async function failed(parts: PodParts, id: string, startedAtNanos: bigint, message: string): Promise<void> {
	const record = parts.containers.get(id);
	if (record === undefined) return;
	const ended = {
		startedAtNanos,
		finishedAtNanos: parts.now(),
		exitCode: startErrorCode,
		reason: 'StartError',
		message,
	};
	await remember(parts.log, id, parts.containers.update(id, ended));
	await parts.processes.delete(id, parts.handlers.of(record)).catch((error: unknown) =>
		parts.log('warn', 'cannot delete a container that did not start', {
			object: id,
			error: errorMessage(error),
		}),
	);
	emitEvent(parts, 'stopped', id, record.podSandboxId);
}
