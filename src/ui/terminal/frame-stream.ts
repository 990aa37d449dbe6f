import { EventEmitter } from 'node:events';

/** The size of a screen in cells. */
export type ScreenSize = { readonly columns: number; readonly rows: number };

/**
 * What Ink is given as its stdout: it looks like a terminal of a known size and hands every frame on, so that
 * Ink lays out and somebody else paints.
 */
export type FrameStream = EventEmitter & {
	readonly columns: number;
	readonly rows: number;
	readonly isTTY: true;
	readonly writable: true;
	/** Takes one whole frame, lines divided by newlines. Never blocks: the answer is always true. */
	write(frame: string | Uint8Array, ...rest: unknown[]): boolean;
	/** Ends nothing: the real terminal outlives Ink. */
	end(...rest: unknown[]): FrameStream;
	/** Takes the new size and emits `resize`; the same size again does nothing. */
	resize(size: ScreenSize): void;
	/** The stream under the type Ink asks for. */
	asStdout(): NodeJS.WriteStream;
};

/**
 * Builds the stand-in for stdout.
 *
 * @param options.onFrame gets each frame as Ink wrote it, one final newline removed; called synchronously.
 */
export function createFrameStream(
	options: ScreenSize & { readonly onFrame: (frame: string) => void },
): FrameStream {
	return new FrameEmitter(options, options.onFrame);
}

class FrameEmitter extends EventEmitter implements FrameStream {
	columns: number;
	rows: number;
	readonly isTTY = true;
	readonly writable = true;
	readonly #onFrame: (frame: string) => void;

	constructor(size: ScreenSize, onFrame: (frame: string) => void) {
		super();
		// Every component that asks for the size listens here; a warning would be printed over the screen.
		this.setMaxListeners(0);
		this.columns = size.columns;
		this.rows = size.rows;
		this.#onFrame = onFrame;
	}

	write(frame: string | Uint8Array, ...rest: unknown[]): boolean {
		const text = typeof frame === 'string' ? frame : Buffer.from(frame).toString('utf8');
		// Writers wait for the callback of an empty write to learn that all is out: no frame that.
		if (text !== '') {
			this.#onFrame(text.endsWith('\n') ? text.slice(0, -1) : text);
		}
		callLast(rest);
		return true;
	}

	end(...rest: unknown[]): FrameStream {
		callLast(rest);
		return this;
	}

	resize(size: ScreenSize): void {
		if (size.columns === this.columns && size.rows === this.rows) {
			return;
		}
		this.columns = size.columns;
		this.rows = size.rows;
		this.emit('resize');
	}

	asStdout(): NodeJS.WriteStream {
		return this as unknown as NodeJS.WriteStream;
	}
}

function callLast(rest: readonly unknown[]): void {
	const callback = rest.at(-1);
	if (typeof callback === 'function') {
		callback();
	}
}
