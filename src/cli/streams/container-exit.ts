/** The exit code of a container whose main process a session was attached to. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';

/** The end reaches the status a moment after it has reached the stream. */
const triesMs: readonly number[] = [0, 50, 100, 200, 400, 800];

/**
 * What a container ended with, after its streams have; `fallback` where it still runs (it has closed its streams) or cannot be
 * asked for any more.
 * @throws the signal's reason.
 */
export async function exitCodeAfter(
	client: CriClient,
	id: ContainerId,
	fallback: number,
	{ signal }: { readonly signal: AbortSignal },
): Promise<number> {
	for (const waitMs of triesMs) {
		await sleep(waitMs, undefined, { signal });
		const status = await client.runtime
			.containerStatus(id, { verbose: false }, { signal })
			.catch(() => undefined);
		signal.throwIfAborted();
		if (status === undefined) return fallback;
		if (status.state === 'exited') return status.exitCode;
	}
	return fallback;
}
