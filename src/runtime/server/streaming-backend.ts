/** What is behind the URLs of the streaming server: commands, containers' own streams, and ports of pods. */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errorMessage, isAbort } from '../../cri/errors.ts';
import type { Attachment, RunningExec } from '../oci/container-process.ts';
import type { ClientStreams, SessionEnd, StreamingBackend } from '../streaming/streaming-server.ts';
import { demandNotStopping } from './container-exec-sync.ts';
import type { ContainerHalts } from './container-halt.ts';
import { execRequest } from './exec-request.ts';
import { retryJoining } from './exec-retry.ts';
import { findAttachable, findReady, findRunning, type PodParts } from './pod-parts.ts';

/** Connects to a port on a pod's own loopback. */
export type PortDialer = StreamingBackend['connectPort'];

export function createStreamingBackend(
	parts: PodParts,
	halts: ContainerHalts,
	dial: (
		netnsPath: string | undefined,
		port: number,
		options: { readonly signal: AbortSignal },
	) => ReturnType<PortDialer>,
): StreamingBackend {
	return {
		async exec({ containerId, command, tty, stdin }, streams) {
			const record = findRunning(parts, containerId, 'run a command in container');
			demandNotStopping(halts, record.id);
			const request = await execRequest(parts, record, command, tty);
			await using running = await retryJoining(
				() => parts.processes.exec({ ...request, stdin }, { signal: streams.signal }),
				streams.signal,
			);
			const forget = parts.execs.add(record.id, running);
			try {
				return await joinExec(running, streams);
			} finally {
				forget();
			}
		},
		async attach({ containerId, tty }, streams) {
			const record = findAttachable(parts, containerId, 'attach to container');
			const paths = parts.paths.containerPaths(record.id, record.logPath);
			await using attachment = await parts.processes.attach(paths, { signal: streams.signal });
			await joinAttachment(attachment, streams, tty);
			return { kind: 'exited', exitCode: 0 };
		},
		async connectPort(podSandboxId, port, options) {
			const record = findReady(parts, podSandboxId, 'forward ports of pod sandbox');
			const isHost = record.request.security.namespaces.network === 'node';
			return dial(isHost ? undefined : parts.namespaces.pathsOf(record.id).network, port, options);
		},
	};
}

async function joinExec(running: RunningExec, streams: ClientStreams): Promise<SessionEnd> {
	streams.onResize((columns, rows) => running.resize(columns, rows));
	feed(streams.stdin, running.stdin);
	const outputs = Promise.all([
		drain(running.stdout, streams.stdout),
		running.stderr === undefined ? undefined : drain(running.stderr, streams.stderr),
	]);
	try {
		// A client that has gone takes its command along: nobody reads it any more.
		const { exitCode } = await untilGone(running.exited, streams.signal);
		await outputs;
		return { kind: 'exited', exitCode };
	} catch (error) {
		running.kill();
		return { kind: 'failed', message: isAbort(error) ? 'the client has gone' : errorMessage(error) };
	}
}

async function joinAttachment(attachment: Attachment, streams: ClientStreams, tty: boolean): Promise<void> {
	streams.onResize((columns, rows) => attachment.resize(columns, rows));
	feed(streams.stdin, attachment.stdin);
	const outputs = Promise.all([
		drain(attachment.stdout, streams.stdout),
		drain(attachment.stderr, tty ? undefined : streams.stderr),
	]);
	await untilGone(outputs, streams.signal).catch(() => undefined);
}

/** Passes a client's input on, its end included. A reader that does not want more is no fault of the session. */
function feed(source: Readable | undefined, sink: Writable | undefined): void {
	if (sink === undefined) return;
	sink.on('error', () => undefined);
	if (source === undefined) return;
	pipeline(source, sink).catch(() => source.resume());
}

/**
 * Reads an output to its end, for the client or, once that has gone, for nobody: a container must not block because nobody
 * reads. The client's stream stays open: the server ends it, after the status.
 */
async function drain(source: Readable, sink: Writable | undefined): Promise<void> {
	const ended = Promise.withResolvers<void>();
	for (const event of ['end', 'close', 'error']) source.once(event, () => ended.resolve());
	if (sink === undefined) {
		source.resume();
	} else {
		const leave = () => {
			source.unpipe(sink);
			source.resume();
		};
		sink.once('error', leave).once('close', leave);
		source.pipe(sink, { end: false });
	}
	if (source.readableEnded || source.destroyed) return;
	await ended.promise;
}

async function untilGone<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
	signal.throwIfAborted();
	const gone = Promise.withResolvers<never>();
	const leave = () => gone.reject(signal.reason ?? new DOMException('the client has gone', 'AbortError'));
	signal.addEventListener('abort', leave, { once: true });
	try {
		return await Promise.race([promise, gone.promise]);
	} finally {
		signal.removeEventListener('abort', leave);
	}
}
