import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createPodDialer } from '../../src/runtime/streaming/pod-dialer.ts';
import type {
	ClientStreams,
	SessionEnd,
	StreamingBackend,
} from '../../src/runtime/streaming/streaming-server.ts';

/** A backend whose containers are this machine: exec runs the command here, connectPort dials 127.0.0.1. */
export type ProcessBackend = StreamingBackend & {
	/** What runs at the moment. */
	readonly children: ReadonlySet<ChildProcess>;
	readonly sockets: ReadonlySet<Duplex>;
	/** Reasons of the signals that were aborted. */
	readonly aborted: readonly string[];
};

/** `exec` with a tty prints each size as `COLUMNSxROWS`, one a line, until stdin ends. */
export function createProcessBackend(overrides: Partial<StreamingBackend> = {}): ProcessBackend {
	const children = new Set<ChildProcess>();
	const sockets = new Set<Duplex>();
	const dialer = createPodDialer();
	const aborted: string[] = [];
	const watch = (streams: ClientStreams) =>
		streams.signal.addEventListener('abort', () => aborted.push(String(streams.signal.reason)));
	return {
		children,
		sockets,
		aborted,
		async exec(request, streams) {
			watch(streams);
			if (request.tty) return printSizes(streams);
			const [file = '', ...args] = request.command;
			const child = spawn(file, args, { stdio: 'pipe' });
			children.add(child);
			streams.signal.addEventListener('abort', () => child.kill('SIGKILL'));
			const copies = [
				streams.stdin ? pipeline(streams.stdin, child.stdin) : child.stdin.end(),
				streams.stdout ? pipeline(child.stdout, streams.stdout, { end: false }) : child.stdout.resume(),
				streams.stderr ? pipeline(child.stderr, streams.stderr, { end: false }) : child.stderr.resume(),
			].map((copy) => Promise.resolve(copy as unknown).catch(() => undefined));
			try {
				const [code] = (await once(child, 'exit')) as [number | null];
				await Promise.all(copies.slice(1));
				return { kind: 'exited', exitCode: code ?? 137 };
			} finally {
				children.delete(child);
			}
		},
		async attach(_request, streams) {
			watch(streams);
			if (streams.stdin && streams.stdout) await pipeline(streams.stdin, streams.stdout, { end: false });
			return { kind: 'exited', exitCode: 0 };
		},
		async connectPort(_podSandboxId, port, { signal }) {
			const socket = await dialer.connect(undefined, port, { signal });
			sockets.add(socket);
			socket.once('close', () => sockets.delete(socket));
			return socket;
		},
		...overrides,
	};
}

async function printSizes(streams: ClientStreams): Promise<SessionEnd> {
	streams.onResize((columns, rows) => streams.stdout?.write(`${columns}x${rows}\n`));
	if (streams.stdin) for await (const _ of streams.stdin) void _;
	return { kind: 'exited', exitCode: 0 };
}
