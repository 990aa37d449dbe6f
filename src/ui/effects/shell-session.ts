/**
 * One shell or attach: finds what to run, opens it, and keeps emulator and container talking.
 *
 *   container ──stdout──► emulator ──screen──► store      paused while the emulator lags behind
 *   keyboard ───────────────stdin──► container            dropped, and said, when nobody reads
 */

import { errorMessage, isAbort } from '../../cri/errors.ts';
import { containerId } from '../../cri/ids.ts';
import type { ContainerStatus } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { StreamingExit, StreamingSession } from '../../cri/streaming/session.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import type { ShellPhase } from '../store/slices/shell.ts';
import type { EffectHost } from './effect-host.ts';
import { attachModeOf, plainInput } from './shell-attach.ts';
import { attachEnding, shellEnding } from './shell-ending.ts';
import { hangUpShell, telling, toldProcessId } from './shell-hangup.ts';
import type { InnerModes } from './shell-input.ts';
import { findShell, shellNames } from './shell-probe.ts';
import { createScreenPump, type ScreenPump } from './shell-screen.ts';
import { createTerminalEmulator, type TerminalEmulator } from './terminal-emulator.ts';

type Size = { readonly columns: number; readonly rows: number };

/** What a session is opened on. Names are the runtime's, not sanitised. */
export type ShellTarget = {
	readonly containerId: string;
	readonly container: string;
	readonly pod: string;
	readonly image: string;
	/** Its first process as the host counts, where the runtime tells. */
	readonly processId?: number | undefined;
};

/** A session at work. Disposing of it ends the connection and forgets the screen. */
export type ShellWork = Disposable & {
	/** Sends bytes to stdin. */
	readonly send: (bytes: Uint8Array) => void;
	readonly resize: (size: Size) => void;
	readonly scroll: (lines: number) => void;
	readonly scrollToEnd: () => void;
	/** Hands the newest screen to the store, now. */
	readonly draw: () => void;
	/** Ends the shell in the container, if it still runs; an attach is left alone. Never rejects. */
	readonly hangUp: () => Promise<void>;
	readonly modes: () => InnerModes | undefined;
};

/** Input that a container may leave unread before more of it is dropped. */
const unreadInputBytes = 1 << 20;

/** 128 + SIGKILL. */
const killedExitCode = 137;

/** A runtime may lose a size sent before the tty was there, so it is sent again. Source: cri-o pull 9246. */
const sizeAgainMs = 200;

/**
 * Starts opening a session. Everything it learns is dispatched under `id`; it throws nothing.
 *
 * @param options.isShown whether the pane shows this session: else no screens are made of it.
 */
export function startShell(
	host: EffectHost,
	options: {
		readonly id: number;
		readonly purpose: 'shell' | 'attach';
		readonly target: ShellTarget;
		readonly client: CriClient;
		readonly size: Size;
		readonly isShown: () => boolean;
	},
): ShellWork {
	const { id, target, client } = options;
	const stop = new AbortController();
	const signal = AbortSignal.any([stop.signal, host.signal]);
	let size = options.size;
	let emulator: TerminalEmulator | undefined;
	let pump: ScreenPump | undefined;
	let session: StreamingSession | undefined;
	let takesInput = true;
	let isTty = true;
	let unsentBytes = 0;
	let shell: { readonly command: readonly string[]; readonly processId: number } | undefined;
	let sizeTimer: NodeJS.Timeout | undefined;

	function phase(next: ShellPhase): void {
		if (stop.signal.aborted) return;
		host.dispatch('shell', { kind: 'shellPhaseChanged', id, phase: next });
		host.flush();
	}

	function fail(text: string): void {
		phase({ kind: 'ended', level: 'fail', text: sanitizeLine(text.replace(/\s*\n\s*/g, ' ')) });
	}

	async function open(
		flags: { readonly tty: boolean; readonly stdin: boolean },
		command?: readonly string[],
	) {
		const { openStreamingSession } = await import('../../cri/streaming/open-session.ts');
		isTty = flags.tty;
		takesInput = flags.stdin;
		emulator = await createTerminalEmulator({
			...size,
			newlineReturns: !flags.tty,
			onNote(note) {
				const processId = toldProcessId(note);
				// The first one is the wrapper's; later ones are what somebody prints.
				if (command && processId !== undefined) shell ??= { command, processId };
			},
			onReply: (reply) => isTty && write(Buffer.from(reply, 'utf8')),
		});
		pump = createScreenPump({
			emulator,
			isShown: options.isShown,
			onScreen: (screen) => host.dispatch('shell', { kind: 'shellScreenChanged', id, screen }),
			flush: host.flush,
		});
		const request = {
			containerId: containerId(target.containerId),
			...flags,
			stdout: true,
			stderr: !flags.tty,
		};
		const opened = await openStreamingSession({
			url: () =>
				command
					? client.runtime.exec({ ...request, command: telling(command) }, { signal })
					: client.runtime.attach(request, { signal }),
			...flags,
			stdout: true,
			stderr: !flags.tty,
			size,
			onStdout: pump.take,
			onStderr: pump.take,
			onDrain: () => {
				unsentBytes = 0;
			},
			signal,
		});
		session = opened;
		pump.attach(opened);
		sizeTimer = setTimeout(() => opened.resize(size), sizeAgainMs);
		phase({ kind: 'live' });
		pump.drawSoon();
		const exit = await opened.exited;
		if (exit.kind !== 'disconnected') shell = undefined;
		await pump.settled();
		return exit;
	}

	async function runShell(): Promise<void> {
		const search = await findShell(client.runtime, target.containerId, { signal });
		if (search.kind === 'failed') return fail(`cannot look for a shell: ${search.message}`);
		if (search.kind === 'none') {
			const what = `no shell in image ${target.image}: none of ${shellNames.join(', ')} could be started`;
			const { processId } = target;
			const instead = processId ? `; on the host, nsenter -t ${processId} -n -u shows its network` : '';
			return fail(`${what}${instead} (${search.message})`);
		}
		host.dispatch('shell', { kind: 'shellCommandFound', id, command: search.command.join(' ') });
		const exit = await open({ tty: true, stdin: true }, search.command);
		const ending = shellEnding(exit);
		// A container that ends takes its shells along, and the code alone does not say so.
		const torn = exit.kind !== 'exited' || exit.exitCode === killedExitCode;
		const containerEnded = torn && (await statusAfter(exit))?.state === 'exited';
		phase(containerEnded ? { ...ending, text: `${ending.text}; the container has ended` } : ending);
	}

	async function runAttach(): Promise<void> {
		const before = await client.runtime.containerStatus(
			containerId(target.containerId),
			{ verbose: true },
			{ signal },
		);
		const mode = attachModeOf(before);
		const exit = await open({ tty: mode.tty ?? false, stdin: mode.stdin ?? true });
		phase(attachEnding(exit, await statusAfter(exit)));
	}

	/** The container's end reaches the status a moment after it reached the stream. */
	async function statusAfter(exit: StreamingExit): Promise<ContainerStatus | undefined> {
		for (let tries = 0; ; tries++) {
			const status = await client.runtime
				.containerStatus(containerId(target.containerId), { verbose: false }, { signal })
				.catch(() => undefined);
			if (status?.state !== 'running' || exit.kind !== 'exited' || tries === 4) return status;
			await new Promise((resolve) => setTimeout(resolve, 150));
		}
	}

	function warn(text: string): void {
		host.dispatch('notices', { kind: 'noticeRaised', level: 'warn', text });
	}

	function write(bytes: Uint8Array): void {
		if (!session || bytes.length === 0) return;
		if (unsentBytes > unreadInputBytes) {
			warn(`${target.container} reads no input: what is typed now is lost.`);
			return;
		}
		unsentBytes = session.write(bytes) ? 0 : unsentBytes + bytes.length;
	}

	(options.purpose === 'shell' ? runShell() : runAttach()).catch((error: unknown) => {
		if (isAbort(error) && signal.aborted) return;
		const what = options.purpose === 'shell' ? 'open a shell' : 'attach';
		fail(`cannot ${what}: ${errorMessage(error)}`);
	});

	return {
		send(bytes) {
			if (!takesInput) {
				warn(`${target.container} was made without stdin: it can be watched, not typed to.`);
				return;
			}
			pump?.noteKey();
			if (isTty) return write(bytes);
			const plain = plainInput(bytes);
			write(plain);
			pump?.take(plain);
		},
		resize(next) {
			if (next.columns === size.columns && next.rows === size.rows) return;
			size = next;
			emulator?.resize(next);
			session?.resize(next);
			pump?.draw();
		},
		scroll(lines) {
			emulator?.scroll(lines);
			pump?.draw();
		},
		scrollToEnd() {
			emulator?.scrollToEnd();
			pump?.draw();
		},
		draw: () => pump?.draw(),
		modes: () => emulator?.modes(),
		async hangUp() {
			if (!shell) return;
			const ending = shell;
			shell = undefined;
			await hangUpShell(
				client.runtime,
				{ containerId: target.containerId, ...ending },
				{ signal: host.signal },
			);
		},
		[Symbol.dispose]() {
			stop.abort();
			clearTimeout(sizeTimer);
			session?.close();
			pump?.[Symbol.dispose]();
			emulator?.[Symbol.dispose]();
		},
	};
}
