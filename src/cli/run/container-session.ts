/**
 * Starts a created container with this process's streams on it, and waits for its end, so that no output is lost. CRI-O and
 * criscope's own runtime are attached to before the start. containerd refuses that: there the output comes from the log, or,
 * where somebody types or feeds it, what was said before the attach does.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { ContainerId } from '../../cri/ids.ts';
import type { ContainerStatus } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { runStream, type StreamEnd } from '../streams/stream-session.ts';
import type { VerbContext } from '../verb.ts';
import { watchWriters } from './file-writers.ts';
import { holdOutput } from './held-output.ts';
import { letFinish } from './let-finish.ts';
import { followLogOutput, logPieces } from './log-output.ts';
import { passSignals } from './pass-signals.ts';

/** A container that was created and not started. */
export type Startable = {
	readonly id: ContainerId;
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly detachKeys: Uint8Array | undefined;
	readonly stopTimeoutSeconds: number;
};

/** How it went. */
export type SessionEnd =
	| { readonly kind: 'exited'; readonly status: ContainerStatus }
	| { readonly kind: 'detached' }
	/** The container runs on, and nobody hears it. */
	| { readonly kind: 'lost'; readonly message: string };

const firstPollMs = 25;
const slowestPollMs = 250;
/** How long output of a terminal is held for what the log has to add. */
const holdMs = 150;
/** How long a session that was over at once waits for the runtime to close the log. */
const logLagMs = 2000;

/** Starting failed: the container's own doing, mostly a command that is not there. */
export class StartError extends Error {
	override readonly name = 'StartError';
}

async function start(client: CriClient, id: ContainerId, context: VerbContext): Promise<void> {
	try {
		await client.runtime.startContainer(id, { signal: letFinish(context.signal) });
	} catch (error) {
		throw new StartError(errorMessage(error), { cause: error });
	}
}

/** Waits until the container has ended. */
async function waitForEnd(client: CriClient, id: ContainerId, signal: AbortSignal): Promise<ContainerStatus> {
	for (let pollMs = firstPollMs; ; pollMs = Math.min(pollMs * 1.3, slowestPollMs)) {
		const status = await client.runtime.containerStatus(id, { verbose: false }, { signal });
		if (status.state === 'exited') return status;
		await delay(pollMs, undefined, { signal });
	}
}

function attachTo(
	client: CriClient,
	made: Startable,
	context: VerbContext,
	more: Partial<Parameters<typeof runStream>[0]>,
) {
	const { id, tty, stdin, detachKeys } = made;
	const streams = { tty, stdin, stdout: true, stderr: !tty };
	return runStream(
		{
			...streams,
			open: () => client.runtime.attach({ containerId: id, ...streams }, { signal: context.signal }),
			detachKeys,
			...more,
		},
		context,
	);
}

/** @returns undefined where the runtime attaches to nothing that does not run yet. */
async function attachFirst(
	client: CriClient,
	made: Startable,
	context: VerbContext,
): Promise<StreamEnd | undefined> {
	const opened = Promise.withResolvers<void>();
	const given = new AbortController();
	const session = attachTo(
		client,
		made,
		{ ...context, signal: AbortSignal.any([context.signal, given.signal]) },
		{
			onOpened: opened.resolve,
		},
	);
	session.catch(() => undefined);
	try {
		await Promise.race([opened.promise, session]);
	} catch {
		context.signal.throwIfAborted();
		return undefined;
	}
	try {
		await start(client, made.id, context);
	} catch (error) {
		given.abort();
		await session.catch(() => undefined);
		throw error;
	}
	return session;
}

/**
 * Attaches after the start, where somebody may type or feed it: what was said before is in the log, but for a line that was
 * not ended.
 */
async function attachAfter(
	client: CriClient,
	made: Startable,
	logPath: string,
	context: VerbContext,
): Promise<StreamEnd> {
	const held = {
		stdout: holdOutput(context.stdout, made.tty),
		stderr: holdOutput(context.stderr, made.tty),
	};
	const releaseAll = async (): Promise<void> => {
		const text = await readFile(logPath, 'latin1').catch(() => '');
		const pieces = logPieces(text.slice(0, text.lastIndexOf('\n') + 1));
		for (const name of ['stdout', 'stderr'] as const) {
			const said = pieces.filter(({ stream }) => stream === name).map((piece) => piece.text);
			held[name].release(Buffer.from(said.join(''), 'latin1'));
		}
	};
	let releasing: Promise<void> | undefined;
	// Once: a long session's log is not read again for nothing.
	const release = (): Promise<void> => {
		releasing ??= releaseAll();
		return releasing;
	};
	let timer: NodeJS.Timeout | undefined;
	try {
		return await attachTo(client, made, context, {
			onOpened: () => {
				timer = setTimeout(() => void release(), holdMs);
			},
			output: { stdout: held.stdout.stream, stderr: held.stderr.stream },
		});
	} catch (error) {
		context.signal.throwIfAborted();
		// It has ended before anybody could attach.
		const { state } = await client.runtime.containerStatus(made.id, { verbose: false }, context);
		if (state !== 'exited') throw error;
		return { kind: 'exited', exitCode: 0 };
	} finally {
		clearTimeout(timer);
		// The runtime may still be writing the log of a command that was over at once.
		const isWritten = watchWriters(logPath);
		const giveUpAt = context.now() + logLagMs;
		while (!releasing && context.now() < giveUpAt && isWritten()) await delay(firstPollMs);
		await release();
	}
}

/** Nobody feeds it: the log has all of the output. */
async function followByLog(
	client: CriClient,
	made: Startable,
	logPath: string,
	context: VerbContext,
): Promise<ContainerStatus> {
	const closing = new AbortController();
	const signal = AbortSignal.any([context.signal, closing.signal]);
	let ended = false;
	const end = waitForEnd(client, made.id, signal).then((status) => {
		ended = true;
		return status;
	});
	try {
		const output = followLogOutput(logPath, context, () => ended, { signal });
		const [status] = await Promise.all([end, output]);
		return status;
	} finally {
		closing.abort();
	}
}

/**
 * Starts the container and stays with it until its end. Signals go to the container meanwhile.
 * @throws StartError; ReaderGoneError; the signal's reason before the start.
 */
export async function runSession(
	client: CriClient,
	made: Startable,
	context: VerbContext,
): Promise<SessionEnd> {
	using _signals = passSignals(client, made.id, made.stopTimeoutSeconds, context);
	const first = await attachFirst(client, made, context);
	let end = first;
	if (!first) {
		await start(client, made.id, context);
		const { logPath } = await client.runtime.containerStatus(made.id, { verbose: false }, context);
		if (!made.tty && !made.stdin) {
			return { kind: 'exited', status: await followByLog(client, made, logPath, context) };
		}
		end = await attachAfter(client, made, logPath, context);
	}
	if (end?.kind === 'detached') return { kind: 'detached' };
	if (end?.kind === 'disconnected') {
		const { state } = await client.runtime.containerStatus(made.id, { verbose: false }, context);
		if (state !== 'exited') return { kind: 'lost', message: end.message };
	}
	return { kind: 'exited', status: await waitForEnd(client, made.id, context.signal) };
}
