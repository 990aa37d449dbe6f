/**
 * Cuts a template into its text and its actions, and an action into words.
 * Source: Go's text/template, package documentation ("Text and spaces", "Actions", "Arguments").
 */
import { TemplateSyntaxError } from './template-error.ts';

/** A word of an action. */
export type Token =
	/** `range`, `len`, `true` */
	| { readonly kind: 'word'; readonly text: string }
	/** `.name`; the blank before it decides whether it begins an argument. */
	| { readonly kind: 'field'; readonly name: string; readonly spaced: boolean }
	/** `.` alone */
	| { readonly kind: 'dot' }
	/** `$name`, or `$` with an empty name */
	| { readonly kind: 'variable'; readonly name: string }
	| { readonly kind: 'string'; readonly value: string }
	| { readonly kind: 'number'; readonly value: number }
	| { readonly kind: 'sign'; readonly text: '(' | ')' | '|' | ',' | ':=' | '=' };

/** What a template is made of. */
export type Piece =
	| { readonly kind: 'text'; readonly text: string }
	| { readonly kind: 'action'; readonly tokens: readonly Token[]; readonly line: number };

const escapes: Readonly<Record<string, string>> = {
	a: '\x07',
	b: '\b',
	f: '\f',
	n: '\n',
	r: '\r',
	t: '\t',
	v: '\v',
	'\\': '\\',
	"'": "'",
	'"': '"',
};

function unquote(body: string, line: number): string {
	return body.replace(
		/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/gu,
		(whole, x?: string, u?: string, big?: string, octal?: string, letter?: string) => {
			const hex = x ?? u ?? big;
			if (hex !== undefined || octal !== undefined) {
				const code = hex === undefined ? Number.parseInt(octal ?? '', 8) : Number.parseInt(hex, 16);
				if (code <= 0x10ffff) return String.fromCodePoint(code);
			}
			const known = escapes[letter ?? ''];
			if (known === undefined) throw new TemplateSyntaxError(`unknown escape ${whole} in a string`, line);
			return known;
		},
	);
}

type Reader = readonly [
	pattern: RegExp,
	make: (found: RegExpExecArray, line: number, spaced: boolean) => Token,
];

const blank = /\s+/y;

/** What a word may be; the first that fits. */
const readers: readonly Reader[] = [
	[/\.([\p{L}_][\p{L}\p{Nd}_]*)/uy, ([, name = ''], _line, spaced) => ({ kind: 'field', name, spaced })],
	[/\.(?![\p{L}\p{Nd}_])/uy, () => ({ kind: 'dot' })],
	[/\$([\p{L}\p{Nd}_]*)/uy, ([, name = '']) => ({ kind: 'variable', name })],
	[/"((?:[^"\\\n]|\\.)*)"/y, ([, body = ''], line) => ({ kind: 'string', value: unquote(body, line) })],
	[/`([^`]*)`/y, ([, value = '']) => ({ kind: 'string', value })],
	[
		/'((?:[^'\\\n]|\\(?:x..|u....|U.{8}|[0-7]{3}|.)))'/uy,
		([, body = ''], line) => ({ kind: 'number', value: unquote(body, line).codePointAt(0) ?? 0 }),
	],
	[
		/[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE][+-]?\d+)?)/y,
		([text], line) => ({ kind: 'number', value: readNumber(text, line) }),
	],
	[/[\p{L}_][\p{L}\p{Nd}_]*/uy, ([text]) => ({ kind: 'word', text })],
	[/:=|[()|,=]/y, ([text]) => ({ kind: 'sign', text: text as ':=' })],
];

/** Reads the words of one action. */
function readTokens(text: string, line: number): readonly Token[] {
	const tokens: Token[] = [];
	let at = 0;
	let spaced = true;
	const readOne = (): Token => {
		for (const [pattern, make] of readers) {
			pattern.lastIndex = at;
			const found = pattern.exec(text);
			if (!found) continue;
			at = pattern.lastIndex;
			return make(found, line, spaced);
		}
		throw new TemplateSyntaxError(`"${text.slice(at, at + 12)}" is not understood`, line);
	};
	while (at < text.length) {
		blank.lastIndex = at;
		spaced = blank.test(text) || at === 0;
		if (blank.lastIndex > at) at = blank.lastIndex;
		if (at < text.length) tokens.push(readOne());
	}
	return tokens;
}

function readNumber(text: string, line: number): number {
	const plain = text.replaceAll('_', '');
	const octal = /^([+-]?)0([0-7]+)$/u.exec(plain);
	const bare = plain.replace(/^[+-]/u, '');
	const value = octal ? Number.parseInt(octal[2] ?? '', 8) : Number(bare);
	if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
		throw new TemplateSyntaxError(`the number ${text} cannot be used`, line);
	}
	return plain.startsWith('-') ? -value : value;
}

/** Where the action that begins at `from` ends: braces within its strings do not count. */
function endOfAction(text: string, from: number): number {
	const part = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|\}\}/gy;
	let at = from;
	while (at < text.length) {
		part.lastIndex = at;
		const found = part.exec(text);
		if (found?.[0] === '}}') return at;
		at = found ? part.lastIndex : at + 1;
	}
	return -1;
}

/**
 * Cuts a template into pieces; comments are left out, and blanks where `{{-` and `-}}` say so.
 * @throws TemplateSyntaxError
 */
export function cutTemplate(text: string): readonly Piece[] {
	const pieces: Piece[] = [];
	let at = 0;
	let trimNext = false;
	const addText = (raw: string, trimEnd: boolean): void => {
		const left = trimNext ? raw.replace(/^[ \t\r\n]+/u, '') : raw;
		const both = trimEnd ? left.replace(/[ \t\r\n]+$/u, '') : left;
		if (both !== '') pieces.push({ kind: 'text', text: both });
	};
	for (;;) {
		const open = text.indexOf('{{', at);
		if (open < 0) {
			addText(text.slice(at), false);
			return pieces;
		}
		const line = text.slice(0, open).split('\n').length;
		const trimBefore = /^\{\{-\s/u.test(text.slice(open, open + 4));
		addText(text.slice(at, open), trimBefore);
		const start = open + (trimBefore ? 3 : 2);
		const comment = /^\s*\/\*([\s\S]*?)\*\/(\s-)?\}\}/u.exec(text.slice(start));
		if (comment) {
			at = start + comment[0].length;
			trimNext = comment[2] !== undefined;
			continue;
		}
		const close = endOfAction(text, start);
		if (close < 0) throw new TemplateSyntaxError('an action {{ is not closed by }}', line);
		const inside = text.slice(start, close);
		trimNext = /\s-$/u.test(inside);
		const tokens = readTokens(trimNext ? inside.slice(0, -1) : inside, line);
		if (tokens.length === 0) throw new TemplateSyntaxError('an action is empty: {{}}', line);
		pieces.push({ kind: 'action', tokens, line });
		at = close + 2;
	}
}
