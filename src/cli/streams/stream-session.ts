/** One exec or attach on the streams and the terminal of this process: `runStream`. */
import type {
	StreamingExit,
	StreamingSession,
	StreamingTransport,
	StreamingUrl,
} from '../../cri/streaming/session.ts';
import type { VerbContext } from '../verb.ts';
import type { StreamTls } from './connection-options.ts';
import { createDetachFilter, type DetachFilter } from './detach-keys.ts';
import { createOutputGate, type OutputGate } from './output-gate.ts';
import { pumpStdin, type StdinPump } from './stdin-pump.ts';
import { createTerminalModes } from './terminal-modes.ts';

/** What to open. The flags must equal those of the Exec or Attach request. */
export type StreamRequest = {
	/** Asks the runtime for the URL; asked again where a second transport is tried. */
	readonly open: StreamingUrl;
	/** With stdin, takes the local terminal over; `requireTerminal` says before whether there is one. */
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly stdout: boolean;
	/** False with a tty: the CRI refuses both together. */
	readonly stderr: boolean;
	/** By default WebSocket, and SPDY where that is refused. */
	readonly transport?: StreamingTransport | undefined;
	readonly tls?: StreamTls | undefined;
	/** Bytes of the keys that leave the session, as `parseDetachKeys` reads them; none by default. */
	readonly detachKeys?: Uint8Array | undefined;
	/** The server has agreed on the session: what is to be attached before a start may start now. */
	readonly onOpened?: (() => void) | undefined;
	/** Where the output goes; the process's own streams by default. */
	readonly output?: Pick<VerbContext, 'stdout' | 'stderr'> | undefined;
};

/** How it ended; `detached`: by the detach keys, and what runs there runs on. */
export type StreamEnd = StreamingExit | { readonly kind: 'detached' };

/** A runtime may lose a size sent before the tty was there, so it is sent again. Source: cri-o pull 9246. */
const sizeAgainMs = 200;

/**
 * Runs a session to its end: stdin into it (half-closed at its end), its output out of it, each no faster than the other
 * side takes it. With a tty and a terminal at stdin, keys go through one by one and the size follows; whatever happens, the
 * terminal is afterwards as it was before.
 * @returns how it ended, after all output has been written; `streamExitCode` makes the exit code of it
 * @throws the reason of `context.signal`; ReaderGoneError where nobody reads stdout any more; Error where stdin cannot be
 *   read or stdout not be written; what `openStreamingSession` throws.
 */
export async function runStream(request: StreamRequest, context: VerbContext): Promise<StreamEnd> {
	const { signal } = context;
	signal.throwIfAborted();
	const { openStreamingSession } = await import('../../cri/streaming/open-session.ts');
	const stop = new AbortController();
	let failure: { readonly error: unknown } | undefined;
	let detached = false;
	let session: StreamingSession | undefined;
	let pump: StdinPump | undefined;
	let sizeTimer: NodeJS.Timeout | undefined;

	const fail = (error: unknown): void => {
		failure ??= { error };
		stop.abort();
	};
	const gate = (stream: VerbContext['stdout']): OutputGate =>
		createOutputGate(stream, { onChange: settleFlow, onFailure: fail });
	function settleFlow(): void {
		if (stdout.isFull() || stderr.isFull()) session?.pause();
		else session?.resume();
	}
	const output = request.output ?? context;
	const stdout = gate(output.stdout);
	const stderr = gate(output.stderr);
	const modes = createTerminalModes();
	const terminal = request.tty && request.stdin ? context.terminal : undefined;
	const { tty, stdin } = request;

	using undo = new DisposableStack();
	undo.defer(() => session?.close());
	try {
		const opened = await openStreamingSession({
			url: request.open,
			tty,
			stdin,
			stdout: request.stdout,
			stderr: request.stderr,
			// What is typed at a terminal has no end but the session's.
			halfCloseStdin: stdin && !terminal,
			transport: request.transport,
			...request.tls,
			size: tty ? (terminal ?? context.terminal)?.size() : undefined,
			onStdout: (bytes) => {
				if (terminal) modes.watch(bytes);
				stdout.take(bytes);
			},
			onStderr: stderr.take,
			onDrain: () => pump?.resume(),
			signal: AbortSignal.any([signal, stop.signal]),
		});
		session = opened;
		request.onOpened?.();
		settleFlow();
		if (terminal) {
			undo.use(terminal.takeOver(modes.undoText));
			const resize = (): void => {
				const size = terminal.size();
				if (size) opened.resize(size);
			};
			undo.use(terminal.onResize(resize));
			sizeTimer = setTimeout(resize, sizeAgainMs);
			undo.defer(() => clearTimeout(sizeTimer));
		}
		if (stdin) {
			let reading = true;
			const filter: DetachFilter | undefined =
				terminal && request.detachKeys
					? createDetachFilter(request.detachKeys, {
							send: (bytes) => {
								reading = opened.write(bytes);
							},
							onDetach: () => {
								detached = true;
								stop.abort();
							},
						})
					: undefined;
			if (filter) undo.use(filter);
			pump = pumpStdin(context.stdin(), {
				write: (bytes) => {
					if (!filter) return opened.write(bytes);
					filter.take(bytes);
					return reading;
				},
				end: () => {
					filter?.finish();
					// The terminal is gone, and with it who could see the output.
					if (terminal) opened.close();
					else opened.endStdin().catch(fail);
				},
				fail,
			});
			undo.use(pump);
		}
		const exit = await opened.exited;
		if (detached) return { kind: 'detached' };
		if (!signal.aborted && !failure) await Promise.race([settled([stdout, stderr]), aborted(signal, undo)]);
		signal.throwIfAborted();
		if (failure) throw failure.error;
		return exit;
	} catch (error) {
		signal.throwIfAborted();
		throw failure ? failure.error : error;
	}
}

async function settled(gates: readonly OutputGate[]): Promise<void> {
	for (const gate of gates) await gate.drained();
}

/** Settles when the signal is aborted; its listener goes with the session. */
function aborted(signal: AbortSignal, undo: DisposableStack): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const listener = () => resolve();
	signal.addEventListener('abort', listener);
	undo.defer(() => signal.removeEventListener('abort', listener));
	return promise;
}
