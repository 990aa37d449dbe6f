/** Passes signals on to a container's process, which the CRI itself cannot do. */
import { readFile } from 'node:fs/promises';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import { tellFailure } from '../failures.ts';
import type { VerbContext } from '../verb.ts';

const undoWithinMs = 60_000;
/** Signals after which the container is to end, and is killed where it does not. */
const ending: ReadonlySet<NodeJS.Signals> = new Set(['SIGTERM', 'SIGHUP']);

/** Its first process, as this host counts them; undefined where it cannot be told, or is not of this host. */
async function processOf(
	client: CriClient,
	id: ContainerId,
	signal: AbortSignal,
): Promise<number | undefined> {
	const { info, state } = await client.runtime.containerStatus(id, { verbose: true }, { signal });
	const { pid } = parseVerboseInfo(info);
	if (pid === undefined || state !== 'running') return undefined;
	// A runtime elsewhere, or in another PID namespace, counts differently: the number could be anybody's here.
	const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
	return groups.includes(id) ? pid : undefined;
}

/**
 * Passes signals on until disposed of. A second Ctrl-C stops the container as `criscope stop` does, a third kills it: a
 * first process without a handler for SIGINT never sees one.
 */
export function passSignals(
	client: CriClient,
	id: ContainerId,
	stopTimeoutSeconds: number,
	context: VerbContext,
): Disposable {
	let interrupts = 0;
	let timer: NodeJS.Timeout | undefined;
	const stop = (seconds: number) =>
		client.runtime.stopContainer(id, seconds, { signal: AbortSignal.timeout(undoWithinMs + seconds * 1000) });

	async function pass(name: NodeJS.Signals): Promise<void> {
		if (name === 'SIGINT') interrupts += 1;
		if (name === 'SIGINT' && interrupts > 1) {
			const grace = interrupts > 2 ? 0 : stopTimeoutSeconds;
			if (grace > 0) context.stderr.write(`criscope: stopping it; once more kills it\n`);
			await stop(grace);
			return;
		}
		const pid = await processOf(client, id, AbortSignal.timeout(undoWithinMs));
		if (pid === undefined) await stop(stopTimeoutSeconds);
		else process.kill(pid, name);
		if (!ending.has(name)) return;
		clearTimeout(timer);
		timer = setTimeout(() => void stop(0).catch(told), stopTimeoutSeconds * 1000);
	}
	const told = (error: unknown): void => tellFailure(context, `cannot pass a signal on: ${String(error)}`);
	const taken = context.takeSignals((name) => void pass(name).catch(told));
	return {
		[Symbol.dispose]() {
			clearTimeout(timer);
			taken[Symbol.dispose]();
		},
	};
}
