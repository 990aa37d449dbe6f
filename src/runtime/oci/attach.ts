/** A container's standard streams, through the socket of its conmon. Source: runtime.md section 3.4 */
import { closeSync, openSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { FailedPreconditionError } from '../../cri/errors.ts';
import type { ContainerCalls } from '../sys/container-calls.ts';
import { openDescriptor } from '../sys/descriptor-streams.ts';
import { errnoCode } from '../sys/errno.ts';
import { resizeTerminal } from './conmon-control.ts';
import type { Attachment, ContainerPaths } from './container-process.ts';

/** What conmon takes in one packet; more would be cut off. */
const packetBytes = 32_768;
const stdoutPipe = 2;
const stderrPipe = 3;
/** Conmon takes connections one at a time, with few of them waiting. */
const busyDelayMs = 20;
const busyTries = 250;

type WaitOptions = { readonly signal?: AbortSignal | undefined };

/**
 * Connects to conmon. What the container says from now on arrives, nothing of before.
 * @throws FailedPreconditionError where conmon is gone, SyscallError, the signal's reason
 */
export async function attachToConmon(
	sys: ContainerCalls,
	paths: ContainerPaths,
	{ signal }: WaitOptions = {},
): Promise<Attachment> {
	const descriptor = await connect(sys, paths, signal);
	let wanted = false;
	const read = (): void => {
		wanted = true;
		connection.socket.resume();
	};
	const stdout = new Readable({ read });
	const stderr = new Readable({ read });
	const connection = openDescriptor(sys, descriptor, (packet) => {
		const stream = packet[0] === stdoutPipe ? stdout : packet[0] === stderrPipe ? stderr : undefined;
		// Nobody reads a stream that was destroyed; it must not hold up the other one.
		if (stream === undefined || stream.destroyed) return true;
		wanted = false;
		// It may be consumed, and more wanted, before push returns.
		return stream.push(Buffer.from(packet.subarray(1))) || wanted;
	});
	const { socket } = connection;
	const end = (): void => {
		for (const stream of [stdout, stderr]) if (!stream.destroyed) stream.push(null);
		socket.destroy();
	};
	let ended = false;
	for (const event of ['end', 'error', 'close']) {
		socket.on(event, () => {
			if (!ended) end();
			ended = true;
		});
	}
	const stdin = new Writable({
		write: (chunk: Buffer, _encoding, callback) => void writePackets(socket, chunk).then(() => callback()),
		final: (callback) => void (socket.destroyed ? callback() : socket.end(() => callback())),
	});
	return {
		stdout,
		stderr,
		stdin,
		resize: (columns, rows) => resizeTerminal(paths, columns, rows),
		async [Symbol.asyncDispose]() {
			socket.destroy();
			stdin.destroy();
			if (!ended) end();
			ended = true;
		},
	};
}

/** One packet after the other: what is written together would arrive as one, and be cut off. */
async function writePackets(socket: import('node:net').Socket, chunk: Buffer): Promise<void> {
	for (let start = 0; start < chunk.length && !socket.destroyed; start += packetBytes) {
		const packet = chunk.subarray(start, start + packetBytes);
		await new Promise<void>((resolve) => socket.write(packet, () => resolve()));
	}
}

async function connect(
	sys: ContainerCalls,
	{ bundleDir }: ContainerPaths,
	signal: AbortSignal | undefined,
): Promise<number> {
	// Through a descriptor, however long the bundle's path is.
	const bundle = openSync(bundleDir, 'r');
	try {
		for (let tries = 1; ; tries++) {
			signal?.throwIfAborted();
			try {
				return sys.connectSeqpacket(`/proc/self/fd/${bundle}/attach`);
			} catch (error) {
				const code = errnoCode(error);
				if (code === 'ENOENT' || code === 'ECONNREFUSED') {
					throw new FailedPreconditionError(
						`cannot attach to "${bundleDir}": its conmon does not run any more`,
						{ cause: error },
					);
				}
				if (code !== 'EAGAIN' || tries === busyTries) throw error;
				await delay(busyDelayMs, undefined, { signal });
			}
		}
	} finally {
		closeSync(bundle);
	}
}
