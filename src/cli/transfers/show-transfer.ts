/** Shows transfers while they go on, in one of the ways of progress-flag.ts, and hands back what came of them. */
import type { TransferEvent } from '../../cri/image-transfer.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { detectCapabilities } from '../../text/terminal-capabilities.ts';
import type { VerbContext } from '../verb.ts';
import { type BarStyle, barLines, elapsedLine } from './bars.ts';
import { type LiveRegion, openLiveRegion } from './live-region.ts';
import { noteLine, plainLines, summaryLine } from './plain-lines.ts';
import type { ProgressMode } from './progress-flag.ts';
import { applyEvent, type Direction, newTransfer, type TransferState } from './transfer-state.ts';

/** One transfer that is being shown. Dispose of it, whatever happens. */
export type ShownTransfer = Disposable & {
	/** An event has come. */
	event(event: TransferEvent): void;
	/** So much of an archive has been sent or received. */
	archive(bytes: number, totalBytes: number | undefined): void;
	/** Ends the picture with one line of summary. */
	done(): void;
	readonly state: () => TransferState;
};

/** How and where a transfer is shown. */
export type ShowOptions = {
	readonly mode: ProgressMode;
	readonly direction: Direction;
	readonly subject: string;
	/** True where the runtime will tell nothing: only the time is shown. */
	readonly blind?: boolean | undefined;
};

function styleOf({ env, terminalSize }: VerbContext): BarStyle {
	const { unicode, colors } = detectCapabilities(env, terminalSize() !== undefined);
	return { unicode, colors: colors !== 'none' };
}

/** Begins to show a transfer. */
export function showTransfer(context: VerbContext, options: ShowOptions): ShownTransfer {
	const { stderr, now } = context;
	const { mode, blind = false } = options;
	const style = styleOf(context);
	let state = newTransfer(options.direction, options.subject, now());
	let region: LiveRegion | undefined;
	if (mode === 'bars') {
		const picture = blind ? elapsedLine : barLines;
		region = openLiveRegion(stderr, context.terminalSize, (size) => picture(state, size, now(), style));
	}
	const line = (text: string): void => {
		stderr.write(`${text}\n`);
	};
	if (mode === 'plain' && blind)
		line(`Pulling ${sanitizeLine(options.subject)}: this runtime tells no progress`);
	return {
		state: () => state,
		event(event) {
			if (mode === 'plain') for (const text of plainLines(state, event)) line(text);
			if (mode === 'json') line(sanitizeLine(JSON.stringify({ subject: options.subject, ...event })));
			state = applyEvent(state, event, now());
			if (event.kind === 'note') region?.addLine(noteLine(event.text));
			else region?.changed();
		},
		archive(bytes, totalBytes) {
			state = { ...state, archive: { bytes, totalBytes } };
			region?.changed();
		},
		done() {
			region?.[Symbol.dispose]();
			if (mode === 'bars' || mode === 'plain') line(summaryLine(state, now()));
		},
		[Symbol.dispose]() {
			region?.[Symbol.dispose]();
		},
	};
}
