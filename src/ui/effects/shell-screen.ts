import type { TerminalScreen } from '../store/slices/shell.ts';
import type { TerminalEmulator } from './terminal-emulator.ts';

/** The side of a streaming session that can be held back. */
export type Pausable = { readonly pause: () => void; readonly resume: () => void };

/** Carries output into the emulator and its screens out, no faster than the emulator and the eye can follow. */
export type ScreenPump = Disposable & {
	/** Takes output, from before the session is open. */
	readonly take: (bytes: Uint8Array) => void;
	/** The session to hold back while the emulator lags. */
	readonly attach: (source: Pausable) => void;
	/** A key was sent: its echo is drawn sooner. */
	readonly noteKey: () => void;
	readonly drawSoon: () => void;
	readonly draw: () => void;
	/** Resolves when all that was taken is on the emulator's screen, and draws it. */
	readonly settled: () => Promise<void>;
};

/** Output the emulator may have before it; more pauses the session. */
const highWaterBytes = 256 << 10;

/** Below this the session reads on. */
const lowWaterBytes = 32 << 10;

/** A breath between two helpings of a flood, in which keys and the other panes get their turn. */
const breathMs = 8;

const frameMs = { typing: 25, otherwise: 100 };

/** How long after a key its echo counts as awaited. */
const echoMs = 300;

/** Output comes in pieces; a picture is taken when a burst had time to arrive. */
const burstMs = 4;

/** Makes the pump. @param options.onScreen called at most forty times a second, and only while shown. */
export function createScreenPump(options: {
	readonly emulator: Pick<TerminalEmulator, 'write' | 'screen'>;
	readonly isShown: () => boolean;
	readonly onScreen: (screen: TerminalScreen) => void;
	readonly flush: () => void;
}): ScreenPump {
	const { emulator } = options;
	let source: Pausable | undefined;
	let waitingBytes = 0;
	let paused = false;
	let drawnAtMs = Number.NEGATIVE_INFINITY;
	let keyAtMs = Number.NEGATIVE_INFINITY;
	let drawTimer: NodeJS.Timeout | undefined;
	let breathTimer: NodeJS.Timeout | undefined;
	let disposed = false;

	function isTyping(): boolean {
		return performance.now() - keyAtMs < echoMs;
	}

	function draw(): void {
		clearTimeout(drawTimer);
		drawTimer = undefined;
		if (disposed || !options.isShown()) return;
		drawnAtMs = performance.now();
		options.onScreen(emulator.screen());
		if (isTyping()) options.flush();
	}

	function drawSoon(): void {
		if (drawTimer || disposed || !options.isShown()) return;
		const gapMs = isTyping() ? frameMs.typing : frameMs.otherwise;
		drawTimer = setTimeout(draw, Math.max(burstMs, drawnAtMs + gapMs - performance.now()));
	}

	return {
		take(bytes) {
			if (disposed) return;
			waitingBytes += bytes.length;
			if (!paused && waitingBytes > highWaterBytes) {
				paused = true;
				source?.pause();
			}
			emulator.write(bytes, () => {
				waitingBytes -= bytes.length;
				drawSoon();
				if (!paused || waitingBytes > lowWaterBytes) return;
				paused = false;
				breathTimer = setTimeout(() => !paused && source?.resume(), breathMs);
			});
		},
		attach(opened) {
			source = opened;
			if (paused) opened.pause();
		},
		noteKey() {
			keyAtMs = performance.now();
		},
		drawSoon,
		draw,
		async settled() {
			const { promise, resolve } = Promise.withResolvers<void>();
			if (!disposed) emulator.write(new Uint8Array(0), resolve);
			else resolve();
			await promise;
			draw();
		},
		[Symbol.dispose]() {
			disposed = true;
			clearTimeout(drawTimer);
			clearTimeout(breathTimer);
		},
	};
}
