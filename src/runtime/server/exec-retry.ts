/** Once more where the OCI runtime lost a race before it ran anything. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OciRuntimeError } from '../oci/model.ts';

/** Said by runc 1.1 when its helper could not join the namespaces of a container that has only just started. */
const joiningFailed = /error executing setns process/;

const tries = 3;
const pauseMs = 30;

/** Runs `start`, and again where joining the namespaces failed: the command has not been run then. @throws what it throws */
export async function retryJoining<Result>(
	start: () => Promise<Result>,
	signal?: AbortSignal | undefined,
): Promise<Result> {
	for (let attempt = 1; ; attempt += 1) {
		try {
			return await start();
		} catch (error) {
			const isRace = error instanceof OciRuntimeError && joiningFailed.test(error.message);
			if (!isRace || attempt === tries) throw error;
			await sleep(pauseMs * attempt, undefined, { signal });
		}
	}
}
