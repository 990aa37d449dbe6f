/** A screen that is drawn over and over, and the keys that are pressed meanwhile. */

import { print } from '../output/print.ts';
import { screenText } from '../output/watch.ts';
import type { VerbContext } from '../verb.ts';

/** Another screen without a cursor, and back. Source: xterm ctlseqs. */
const [enter, leave] = ['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'];

/** The screen. Whoever opened it disposes of it, whatever happens. */
export type LiveScreen = Disposable & {
	/** Draws the text from the top, cut to what fits. */
	draw(text: string): Promise<void>;
};

type ScreenContext = Pick<VerbContext, 'stdin' | 'stdout' | 'terminal' | 'terminalSize'>;

/**
 * Opens the screen on the terminal at stdin and stdout.
 * @param onKey gets each key as it is typed; Ctrl-C is one of them
 * @param onResize is called when the terminal has another size
 */
export function openLiveScreen(
	context: ScreenContext,
	{ onKey, onResize }: { readonly onKey: (key: string) => void; readonly onResize: () => void },
): LiveScreen {
	using opening = new DisposableStack();
	const stdin = context.stdin();
	const { terminal } = context;
	if (terminal) {
		opening.use(terminal.takeOver(() => leave));
		opening.use(terminal.onResize(onResize));
	}
	const listen = (chunk: Buffer | string): void => {
		for (const key of chunk.toString()) onKey(key);
	};
	stdin.on('data', listen);
	opening.defer(() => {
		stdin.off('data', listen);
		stdin.pause();
	});
	context.stdout.write(enter);
	const all = opening.move();
	return {
		async draw(text) {
			const size = terminal?.size() ?? context.terminalSize() ?? { columns: 80, rows: 24 };
			await print(context, screenText(text, size));
		},
		[Symbol.dispose]: () => all.dispose(),
	};
}
