/** A transfer where lines only follow each other: one for each change of a state, none for bytes. Pure. */
import type { TransferEvent } from '../../cri/image-transfer.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatDuration } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { layerWord, type TransferState, totalsOf } from './transfer-state.ts';

/** What is said of an event, given the state before it; nothing where it only moved bytes. */
export function plainLines(before: TransferState, event: TransferEvent): readonly string[] {
	switch (event.kind) {
		case 'resolved': {
			const source =
				event.source === '' ? '' : ` ${before.direction === 'push' ? 'to' : 'from'} ${event.source}`;
			const count = event.layers.length === 1 ? '1 layer' : `${event.layers.length} layers`;
			const line = `${event.reference || before.subject}: ${count}${source}${event.platform ? `, ${event.platform}` : ''}`;
			return [sanitizeLine(line)];
		}
		case 'layer': {
			const { layer } = event;
			const known = before.layers.find(({ index }) => index === layer.index);
			if (known?.state === layer.state || (known === undefined && layer.state === 'waiting')) return [];
			const bytes = layer.totalBytes > 0 ? ` ${formatBytes(layer.totalBytes)}` : '';
			const moves = layer.state === 'transferring';
			const source =
				moves && layer.source !== '' ? ` ${before.direction === 'push' ? 'to' : 'from'} ${layer.source}` : '';
			const id = layer.digest.replace(/^[^:]*:/u, '').slice(0, 12);
			return [sanitizeLine(`${id}: ${layerWord(layer, before.direction)}${moves ? bytes : ''}${source}`)];
		}
		case 'note':
			return [noteLine(event.text)];
		case 'completed':
			return [];
	}
}

/** A remark of the runtime. */
export function noteLine(text: string): string {
	return `note: ${sanitizeLine(text)}`;
}

/** The line that remains: what came of it, how much was moved, how long it took. */
export function summaryLine(state: TransferState, nowMs: number): string {
	const verb = { pull: 'Pulled', push: 'Pushed', load: 'Loaded', save: 'Saved' }[state.direction];
	const time = formatDuration(nowMs - state.startedAtMs);
	const { layers, moved, bytes } = totalsOf(state, nowMs);
	const upToDate = state.completed.length > 0 && state.completed.every((completed) => completed.upToDate);
	const subject = sanitizeLine(state.subject);
	if (upToDate) return `${subject} was up to date (${time})`;
	const archive = state.archive ? `, ${formatBytes(state.archive.bytes)}` : '';
	const detail =
		layers > 0 && !state.archive ? `, ${moved} of ${layers} layers, ${formatBytes(bytes)}` : archive;
	return `${verb} ${subject} in ${time}${detail}`;
}
