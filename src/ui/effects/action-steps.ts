/** One object of a change: the calls it takes, and afterwards the truth as the runtime tells it. */

import { errorMessage, isAbort, isNotFound } from '../../cri/errors.ts';
import { containerId, podSandboxId } from '../../cri/ids.ts';
import type { ContainerStatus } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { formatBytes } from '../../text/bytes.ts';
import { exitCodeText } from '../resources/health.ts';
import { defaultGraceSeconds, targetLabel } from '../store/action-targets.ts';
import type { ActionTarget, ActionVerb, StepResult } from '../store/slices/actions.ts';

/** What one step is asked to do. */
export type Step = {
	readonly verb: ActionVerb;
	readonly target: ActionTarget;
	/** undefined: the target's own, or 30 s. */
	readonly graceSeconds: number | undefined;
	readonly signal: AbortSignal;
};

/** Beyond the grace time: for the runtime to clean up, and for a slow answer. */
const marginMs = 30_000;
/** Stopping and removing a sandbox takes the network's plugins along, which may be slow. */
const sandboxMs = 120_000;

function seconds(ms: number): string {
	return `${(ms / 1000).toFixed(1)} s`;
}

function endOf(name: string, status: ContainerStatus, tookMs: number, graceSeconds: number): string {
	const code = exitCodeText(status.exitCode);
	// A SIGKILL that nobody asked for means that the grace time was not enough: worth saying.
	const late = graceSeconds > 0 && status.exitCode === 137 && tookMs >= graceSeconds * 1000;
	const why = status.reason === 'OOMKilled' ? ', out of memory' : '';
	return late
		? `${name} did not end within ${graceSeconds} s: exited ${code} after ${seconds(tookMs)}`
		: `${name} exited ${code}${why} after ${seconds(tookMs)}`;
}

async function stopContainer(client: CriClient, step: Step, graceSeconds: number): Promise<StepResult> {
	const { target, signal } = step;
	const { runtime } = client;
	const id = containerId(target.id);
	const startedAt = performance.now();
	let failure: unknown;
	try {
		await runtime.stopContainer(id, graceSeconds, { signal, timeoutMs: graceSeconds * 1000 + marginMs });
	} catch (error) {
		if (isNotFound(error)) return gone(target);
		failure = error;
	}
	const tookMs = performance.now() - startedAt;
	// Whatever the call said, the status is the truth; the person's own cancel does not end this question.
	try {
		const status = await runtime.containerStatus(id, { verbose: false });
		if (status.state === 'exited') {
			return { target, outcome: 'done', text: endOf(target.name, status, tookMs, graceSeconds) };
		}
		if (isAbort(failure)) return unawaited(target, `it is ${status.state} now`);
		const cause = failure === undefined ? 'though the runtime said it was done' : errorMessage(failure);
		return {
			target,
			outcome: 'failed',
			text: `${target.name} is still ${status.state} after ${seconds(tookMs)}: ${cause}`,
		};
	} catch (error) {
		if (isNotFound(error)) {
			return { target, outcome: 'done', text: `${target.name} ended and was removed` };
		}
		if (isAbort(failure)) return unawaited(target, 'its state is not known');
		if (failure !== undefined) throw failure;
		return { target, outcome: 'unknown', text: `${target.name}: state unknown, ${errorMessage(error)}` };
	}
}

function gone(target: ActionTarget): StepResult {
	return { target, outcome: 'gone', text: `${targetLabel(target)} was gone already` };
}

function unawaited(target: ActionTarget, state: string): StepResult {
	const text = `no longer waiting for ${target.name}: the runtime may go on with it; ${state}`;
	return { target, outcome: 'unknown', text };
}

async function removeContainer(client: CriClient, step: Step, graceSeconds: number): Promise<StepResult> {
	const { target, signal } = step;
	const id = containerId(target.id);
	const [listed] = await client.runtime.listContainers({ id }, { signal });
	if (!listed) return gone(target);
	let ended = '';
	if (listed.state === 'running') {
		// A prune must not stop what came to life meanwhile.
		if (step.verb === 'prune') return { target, outcome: 'failed', text: `${target.name} is running: kept` };
		const stopped = await stopContainer(client, step, graceSeconds);
		if (stopped.outcome === 'failed' || stopped.outcome === 'unknown') return stopped;
		ended = `${stopped.text}, then `;
	}
	return await judged(target, client.runtime.removeContainer(id, { signal }), async () => {
		const [left] = await client.runtime.listContainers({ id });
		return left
			? { left: `${target.name} is still listed as ${left.state}` }
			: { done: `${ended}${targetLabel(target)} removed` };
	});
}

/**
 * Waits for a call, then asks how things are: a call that failed may have done its work, one that did not may have
 * left it undone. The person's own cancel does not end the question.
 * @throws what the call failed with where nothing can be learned afterwards.
 */
async function judged(
	target: ActionTarget,
	call: Promise<void>,
	look: () => Promise<{ readonly done: string } | { readonly left: string }>,
): Promise<StepResult> {
	let failure: unknown;
	try {
		await call;
	} catch (error) {
		if (!isNotFound(error)) failure = error;
	}
	let seen: Awaited<ReturnType<typeof look>>;
	try {
		seen = await look();
	} catch (error) {
		throw failure ?? error;
	}
	if ('done' in seen) return { target, outcome: 'done', text: seen.done };
	if (isAbort(failure)) return unawaited(target, seen.left);
	const cause = failure === undefined ? '' : `: ${errorMessage(failure)}`;
	return { target, outcome: 'failed', text: `${seen.left}${cause}` };
}

/**
 * Stops a pod as a kubelet does: its containers with their grace first, since StopPodSandbox itself gives
 * none (containerd) or its own (CRI-O), then the sandbox.
 */
async function stopPod(client: CriClient, step: Step, graceSeconds: number): Promise<StepResult> {
	const { target, signal } = step;
	const { runtime } = client;
	const id = podSandboxId(target.id);
	const [pod] = await runtime.listPodSandbox({ id }, { signal });
	if (!pod) return gone(target);
	const running = await runtime.listContainers({ podSandboxId: id, state: 'running' }, { signal });
	const ends = await Promise.all(
		running.map((container) => {
			const part = { ...target, kind: 'container', id: container.id, name: container.metadata.name } as const;
			return stopContainer(client, { ...step, target: part }, graceSeconds);
		}),
	);
	if (signal.aborted) return unawaited(target, 'its sandbox was not stopped');
	const failed = ends.find(({ outcome }) => outcome === 'failed');
	if (failed) return { target, outcome: 'failed', text: failed.text };
	return await judged(target, runtime.stopPodSandbox(id, { signal, timeoutMs: sandboxMs }), async () => {
		const [after] = await runtime.listPodSandbox({ id });
		if (after?.state === 'ready') return { left: `${targetLabel(target)} is still ready` };
		const parts = ends.map(({ text }) => text).join(', ');
		return { done: `${targetLabel(target)} stopped, network torn down${parts ? `; ${parts}` : ''}` };
	});
}

async function removePod(client: CriClient, step: Step, graceSeconds: number): Promise<StepResult> {
	const { target, signal, verb } = step;
	const id = podSandboxId(target.id);
	const [pod] = await client.runtime.listPodSandbox({ id }, { signal });
	if (!pod) return gone(target);
	if (verb === 'prune' && pod.state === 'ready') {
		return { target, outcome: 'failed', text: `${targetLabel(target)} is ready: kept` };
	}
	const stopped = await stopPod(client, step, graceSeconds);
	if (stopped.outcome === 'failed' || stopped.outcome === 'unknown') return stopped;
	const removal = client.runtime.removePodSandbox(id, { signal, timeoutMs: sandboxMs });
	return await judged(target, removal, async () => {
		const [left] = await client.runtime.listPodSandbox({ id });
		return left
			? { left: `${targetLabel(target)} is still listed as ${left.state}` }
			: { done: `${targetLabel(target)} removed with its containers` };
	});
}

async function removeImage(client: CriClient, step: Step): Promise<StepResult> {
	const { target, signal } = step;
	const { images, runtime } = client;
	const { image } = await images.imageStatus(target.id, { verbose: false }, { signal });
	if (!image) return gone(target);
	// The lists may be seconds old, and containerd would take an image away from under a container.
	if (image.pinned) return { target, outcome: 'failed', text: `${target.name} is pinned: kept` };
	const names = new Set([image.id, ...image.repoTags, ...image.repoDigests]);
	const users = (await runtime.listContainers({}, { signal })).filter(
		(one) => names.has(one.imageId) || names.has(one.imageRef) || names.has(one.image.image),
	);
	if (users[0]) {
		return {
			target,
			outcome: 'failed',
			text: `${target.name} is in use by ${users[0].metadata.name} now: kept`,
		};
	}
	return await judged(target, images.removeImage(target.id, { signal }), async () => {
		const after = await images.imageStatus(target.id, { verbose: false });
		return after.image
			? { left: `${target.name} is still there` }
			: { done: `${target.name} removed, ${formatBytes(image.sizeBytes)} of layers` };
	});
}

/**
 * Does one step and reports how the object is afterwards. Not found counts as gone already.
 * @throws the errors of the calls that say nothing about the object, for the caller to put into words.
 */
export async function performStep(client: CriClient, step: Step): Promise<StepResult> {
	const { verb, target } = step;
	const grace = step.graceSeconds ?? target.graceSeconds ?? defaultGraceSeconds;
	try {
		if (target.kind === 'image') return await removeImage(client, step);
		if (target.kind === 'pod') {
			return verb === 'stop' ? await stopPod(client, step, grace) : await removePod(client, step, grace);
		}
		if (verb === 'stop') return await stopContainer(client, step, grace);
		if (verb === 'kill') return await stopContainer(client, step, 0);
		return await removeContainer(client, step, grace);
	} catch (error) {
		if (isNotFound(error)) return gone(target);
		if (isAbort(error)) return unawaited(target, 'its state is not known');
		throw error;
	}
}
