import { createLogMatcher, type LogMatcher } from '../../node/logs/log-matcher.ts';
import type { LogPattern } from '../store/slices/logs/logs-state.ts';

/** How patterns are written, for the label of the line that is typed. */
export const patternSyntax = 'text, /regex/, ~fuzzy, !not';

/**
 * Understands what is typed for searching and filtering: plain text, `~` for fuzzy, `/…/` for a regular expression,
 * `!` in front of any of them for the lines that do not match; `\` in front takes the next sign as itself. Small
 * letters match capitals too, unless a capital is typed (`/…/i` always does).
 * @throws Error with one sentence for an empty pattern or a bad expression.
 */
export function parseLogPattern(text: string): LogPattern {
	const invert = text.startsWith('!') && text.length > 1;
	const body = invert ? text.slice(1) : text;
	return { text, matcher: createLogMatcher({ ...kindOf(body), invert }) };
}

function kindOf(body: string): Pick<LogMatcher, 'kind' | 'pattern' | 'ignoreCase'> {
	const expression = /^\/(.+)\/(i?)$/su.exec(body);
	if (expression?.[1] !== undefined) {
		// Classes such as \S and \p{Lu} are no capitals that somebody typed.
		const typed = expression[1].replace(/\\(?:p\{[^}]*\}|.)/giu, '');
		return { kind: 'regex', pattern: expression[1], ignoreCase: expression[2] === 'i' || isSmall(typed) };
	}
	if (body.startsWith('~') && body.length > 1) {
		return { kind: 'fuzzy', pattern: body.slice(1), ignoreCase: isSmall(body) };
	}
	const pattern = /^\\[\\/~!]/u.test(body) ? body.slice(1) : body;
	return { kind: 'text', pattern, ignoreCase: isSmall(pattern) };
}

function isSmall(text: string): boolean {
	return text === text.toLowerCase();
}
