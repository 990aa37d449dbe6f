/** The runtime's own log: one line for each event, on a stream of the process. */
import type { Writable } from 'node:stream';

/** From chatty to serious. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** How much an event matters. */
export type LogLevel = (typeof logLevels)[number];

/** How lines are written: for programs, or for people. */
export const logFormats = ['json', 'text'] as const;

/** How lines are written. */
export type LogFormat = (typeof logFormats)[number];

/** What else there is to say; undefined fields are left out. Never a credential. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** Where events go. */
export type Log = (level: LogLevel, message: string, fields?: LogFields) => void;

/** Longest line's worth of one field, in characters: an error may quote what a registry sent. */
const maxFieldLength = 16_384;

/** @returns a log that leaves out what is below the level. */
export function createLog(
	stream: Writable,
	{ level, format, now = () => new Date() }: { level: LogLevel; format: LogFormat; now?: () => Date },
): Log {
	const threshold = logLevels.indexOf(level);
	const write = format === 'json' ? jsonLine : textLine;
	return (of, message, fields = {}) => {
		if (logLevels.indexOf(of) < threshold) return;
		const said = Object.entries(fields)
			.filter(([, value]) => value !== undefined)
			.map(([name, value]) => [name, typeof value === 'string' ? withoutSecrets(value) : value] as const);
		stream.write(write(now().toISOString(), of, withoutSecrets(message), said));
	};
}

type Said = readonly (readonly [name: string, value: LogFields[string]])[];

function jsonLine(time: string, level: LogLevel, msg: string, fields: Said): string {
	return `${JSON.stringify({ time, level, msg, ...Object.fromEntries(fields) })}\n`;
}

function textLine(time: string, level: LogLevel, message: string, fields: Said): string {
	// Quoted as JSON, so that no control character of a name or an error reaches a terminal.
	const words = fields.map(([name, value]) => `${name}=${plainOrQuoted(value)}`);
	return `${[time, level.toUpperCase().padEnd(5), plainOrQuoted(message, / /g), ...words].join(' ')}\n`;
}

function plainOrQuoted(value: LogFields[string], allowed?: RegExp): string {
	const text = typeof value === 'string' ? value : JSON.stringify(value);
	const bare = allowed === undefined ? text : text.replace(allowed, '');
	return typeof value !== 'string' || /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(bare) ? text : escaped(text);
}

/** JSON leaves C1 controls and bidirectional marks alone; a terminal does not. */
function escaped(text: string): string {
	return JSON.stringify(text).replace(
		/[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}

/** A URL with a user in it has no business here, whoever quotes it, and neither has a token in its query. */
function withoutSecrets(text: string): string {
	const short = text.length > maxFieldLength ? `${text.slice(0, maxFieldLength)}…` : text;
	return short
		.replace(/(:\/\/)[^\s/@"']+@/g, '$1')
		.replace(
			/([?&](?:access_|refresh_|identity_)?(?:token|password|secret|(?:x-amz-)?signature|sig)=)[^\s&"']+/gi,
			'$1…',
		);
}
