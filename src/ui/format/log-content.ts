import type { LogLine } from '../../node/logs/log-line.ts';
import { formatBytes } from '../../text/bytes.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { formatClockTime, formatNanosIso } from '../../text/time-stamp.ts';
import { DEFAULT_STYLE, sameStyle, sgrTransition } from '../terminal/text-style.ts';
import type { Line, Span } from '../theme/tokens.ts';
import { type JsonLog, parseJsonLog, prettyJson } from './json-log.ts';
import { findLevel, levelOfName } from './log-level.ts';
import { parseLogStyles } from './log-styles.ts';
import { markRanges } from './wrap-spans.ts';

/** How the content of a line is written out. */
export type ContentMode = {
	/** JSON objects readable: level, time and message first. */
	readonly json: boolean;
	/** Times inside JSON in UTC instead of the zone of the process. */
	readonly utc: boolean;
};

/** Newest result by line: lines are immutable, and a frame asks for the same ones again and again. */
const newest = new WeakMap<LogLine, { readonly mode: string; readonly content: Line }>();

/** The content of a line as harmless spans: its own colours, or its level picked out; JSON readable where asked. */
export function logContent(line: LogLine, { json, utc }: ContentMode): Line {
	const mode = `${json}${utc}`;
	const known = newest.get(line);
	if (known?.mode === mode) return known.content;
	const parsed = json && line.truncatedBytes === 0 ? parseJsonLog(line.text) : undefined;
	const content = [...(parsed ? readableJson(parsed, utc) : styledText(line.text)), ...remainder(line)];
	newest.set(line, { mode, content });
	return content;
}

/** A log's text with its own colours; without any, the word that says its level is picked out. */
export function styledText(text: string): Line {
	const spans = parseLogStyles(text).map(({ text: part, style }): Span => {
		if (sameStyle(style, DEFAULT_STYLE)) return { text: part };
		return { text: part, sgr: sgrTransition(DEFAULT_STYLE, style).slice(2, -1) };
	});
	if (spans.some(({ sgr }) => sgr !== undefined)) return spans;
	const found = findLevel(spans.map((span) => span.text).join(''));
	return found ? markRanges(spans, [found], { token: found.level, bold: true }) : spans;
}

function remainder({ truncatedBytes }: LogLine): Line {
	if (truncatedBytes === 0) return [];
	return [{ text: ` (… ${formatBytes(truncatedBytes)} more)`, token: 'muted' }];
}

function readableJson({ level, timeMs, message, rest }: JsonLog, utc: boolean): Line {
	const out: Span[] = [];
	if (level !== '') {
		const shown = sanitizeLine(level).slice(0, 12);
		out.push({ text: shown, token: levelOfName(level) ?? 'accent', bold: levelOfName(level) !== undefined });
		out.push({ text: ' '.repeat(Math.max(1, 6 - shown.length)) });
	}
	if (timeMs !== undefined) {
		out.push({ text: `${formatClockTime(timeMs, utc)}${utc ? 'Z' : ''} `, token: 'muted' });
	}
	if (message !== '') {
		out.push(
			...parseLogStyles(message).map(
				({ text, style }): Span =>
					sameStyle(style, DEFAULT_STYLE)
						? { text }
						: { text, sgr: sgrTransition(DEFAULT_STYLE, style).slice(2, -1) },
			),
		);
	}
	for (const [key, value] of rest) {
		out.push({ text: `${out.length > 0 ? ' ' : ''}${sanitizeLine(`${key}=${value}`)}`, token: 'muted' });
	}
	return out;
}

/** A line under inspection: what is known of it, then its content row by row, JSON spread out. */
export function expandedContent(line: LogLine): readonly Line[] {
	const facts = [
		line.timestampNanos === undefined ? 'no timestamp' : formatNanosIso(line.timestampNanos),
		line.stream,
		...(line.attempt === undefined ? [] : [`attempt ${line.attempt}`]),
		...(line.source === '' ? [] : [sanitizeLine(line.source)]),
		formatBytes(Buffer.byteLength(line.text) + line.truncatedBytes),
		...(line.open ? ['not finished yet'] : []),
	];
	const pretty = prettyJson(line.text)?.map((row): Line => [{ text: sanitizeLine(row) }]);
	return [
		[{ text: facts.join(' · '), token: 'muted' }],
		...(pretty ?? [[...styledText(line.text), ...remainder(line)]]),
	];
}
