/** How grave a log line is; undefined where it does not say or is of no concern. */
export type LogLevel = 'fail' | 'warn' | undefined;

/** Where a level is looked for: a word this far into a line is prose. */
const headUnits = 160;

const grave = 'FATAL|PANIC|CRITICAL|CRIT|EMERGENCY|EMERG|ALERT|SEVERE|ERROR|ERR';
const wary = 'WARNING|WARN';

/** The word in capitals, or in any case where it stands as a field: `level=error`, `[warn]`, `"level":"error"`. */
const levelPattern = new RegExp(
	`\\b(?<grave>${grave})\\b|\\b(?<wary>${wary})\\b` +
		`|(?:\\b(?:level|lvl|severity)"?\\s*[=:]\\s*"?|[[<(])(?:(?<graveField>${grave})|(?<waryField>${wary}))\\b`,
	'u',
);
const fieldPattern = new RegExp(
	`(?:\\b(?:level|lvl|severity)"?\\s*[=:]\\s*"?|[[<(])(?:(?<grave>${grave})|(?<wary>${wary}))\\b`,
	'iu',
);
/** klog's one-letter head: `E0102 15:04:05.000000`. Source: klog's header format. */
const klogPattern = /^([EFW])\d{4} \d{2}:\d{2}:\d{2}/u;

/** A level and the part of the text that says so, in UTF-16 units. */
export type FoundLevel = { readonly level: 'fail' | 'warn'; readonly start: number; readonly end: number };

/** Looks for a level at the head of a line of plain text. */
export function findLevel(text: string): FoundLevel | undefined {
	const klog = klogPattern.exec(text);
	if (klog) return { level: klog[1] === 'W' ? 'warn' : 'fail', start: 0, end: 5 };
	const head = text.slice(0, headUnits);
	const match = levelPattern.exec(head) ?? fieldPattern.exec(head);
	if (!match) return undefined;
	const groups = match.groups ?? {};
	const word = groups['grave'] ?? groups['graveField'] ?? groups['wary'] ?? groups['waryField'] ?? match[0];
	const level = (groups['grave'] ?? groups['graveField']) === undefined ? 'warn' : 'fail';
	const start = match.index + match[0].lastIndexOf(word);
	return { level, start, end: start + word.length };
}

/** The gravity of a level's name or of a number as pino and bunyan write it (50 error, 40 warn). */
export function levelOfName(name: string): LogLevel {
	if (/^\d+$/u.test(name)) return Number(name) >= 50 ? 'fail' : Number(name) >= 40 ? 'warn' : undefined;
	if (new RegExp(`^(?:${grave})$`, 'iu').test(name)) return 'fail';
	return new RegExp(`^(?:${wary})$`, 'iu').test(name) ? 'warn' : undefined;
}
