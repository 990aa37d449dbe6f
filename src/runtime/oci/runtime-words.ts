/** What an OCI runtime says of its own failure, made one line for a person. */
import { sanitizeLine } from '../../text/sanitize.ts';

/**
 * The runtime's own last words: of runc's logfmt or JSON lines the message, of others (crun, runsc) the line itself.
 * Errors go before warnings. Safe for a terminal.
 */
export function runtimeWords(stderr: string): string {
	const lines = stderr
		.split('\n')
		.map((line) => parseLine(line.trim()))
		.filter(({ text }) => text !== '');
	const failures = lines.filter(({ serious }) => serious);
	return sanitizeLine((failures.at(-1) ?? lines.at(-1))?.text ?? '');
}

type Line = { readonly text: string; readonly serious: boolean };

function parseLine(line: string): Line {
	if (line.startsWith('{')) {
		try {
			const { level, msg } = JSON.parse(line) as { level?: unknown; msg?: unknown };
			if (typeof msg === 'string') return { text: msg, serious: isSerious(level) };
		} catch {
			// It only looked like JSON.
		}
	}
	const logfmt = /(?:^| )level="?(\w+)"? msg=("(?:[^"\\]|\\.)*"|\S+)/.exec(line);
	if (logfmt?.[2] !== undefined) return { text: unquoted(logfmt[2]), serious: isSerious(logfmt[1]) };
	return { text: line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)?:? /, ''), serious: true };
}

function isSerious(level: unknown): boolean {
	return level !== 'warning' && level !== 'warn' && level !== 'info' && level !== 'debug';
}

/** Go's %q: JSON's escapes, and some that JSON has not. */
function unquoted(text: string): string {
	if (!text.startsWith('"')) return text;
	return text.slice(1, -1).replace(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|.)/g, (_, code: string) => {
		if (code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
		return { n: '\n', t: '\t', r: '\r' }[code] ?? code;
	});
}
