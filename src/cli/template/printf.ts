/** `printf` of templates: the verbs that make sense for a document. Source: Go's fmt, package documentation. */
import { TemplateFieldError } from './template-error.ts';
import { DocumentNumber, kindOf, numberOf, textOf, type Value } from './values.ts';

type Directive = {
	readonly flags: string;
	readonly width: number;
	readonly precision: number | undefined;
	readonly verb: string;
	/** As it is written. */
	readonly whole: string;
};

function mismatch({ whole }: Directive, value: Value): never {
	throw new TemplateFieldError(`printf ${whole} cannot print ${kindOf(value)}`);
}

function wholeNumber(directive: Directive, value: Value): bigint {
	if (value instanceof DocumentNumber && /^-?\d+$/u.test(value.text)) return BigInt(value.text);
	const number = numberOf(value);
	if (number === undefined || !Number.isSafeInteger(number)) return mismatch(directive, value);
	return BigInt(number);
}

function signed(text: string, flags: string): string {
	if (text.startsWith('-')) return text;
	return flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;
}

function cut(text: string, precision: number | undefined): string {
	return precision === undefined ? text : [...text].slice(0, precision).join('');
}

function scientific(number: number, digits: number): string {
	return number.toExponential(digits).replace(/e([+-])(\d)$/u, 'e$10$2');
}

/** The value without its padding. */
function body(directive: Directive, value: Value): string {
	const { verb, flags, precision } = directive;
	switch (verb) {
		case 'v':
			return cut(textOf(value), typeof value === 'string' ? precision : undefined);
		case 's':
			if (typeof value === 'boolean' || typeof value === 'number') return mismatch(directive, value);
			return cut(textOf(value), precision);
		case 'q':
			if (typeof value !== 'string' && !(value instanceof DocumentNumber)) return mismatch(directive, value);
			return JSON.stringify(textOf(value));
		case 't':
			return typeof value === 'boolean' ? String(value) : mismatch(directive, value);
		case 'd':
			return signed(String(wholeNumber(directive, value)), flags);
		case 'x':
		case 'X': {
			const hex =
				typeof value === 'string'
					? Buffer.from(value).toString('hex')
					: wholeNumber(directive, value).toString(16);
			return verb === 'X' ? hex.toUpperCase() : hex;
		}
		case 'f':
		case 'e':
		case 'g': {
			const number = numberOf(value);
			if (number === undefined) return mismatch(directive, value);
			if (verb === 'g')
				return signed(
					precision === undefined ? String(number) : String(Number(number.toPrecision(precision || 1))),
					flags,
				);
			return signed(
				verb === 'f' ? number.toFixed(precision ?? 6) : scientific(number, precision ?? 6),
				flags,
			);
		}
		default:
			throw new TemplateFieldError(`printf ${directive.whole} is not known here`);
	}
}

function padded(text: string, { flags, width, verb }: Directive): string {
	const missing = width - [...text].length;
	if (missing <= 0) return text;
	if (flags.includes('-')) return text + ' '.repeat(missing);
	if (!flags.includes('0') || !'dfegxX'.includes(verb)) return ' '.repeat(missing) + text;
	const [, sign = '', digits = ''] = /^([+\- ]?)(.*)$/su.exec(text) ?? [];
	return sign + '0'.repeat(missing) + digits;
}

/**
 * Writes the values into the places of the format.
 * @throws TemplateFieldError for a verb that is not known, or values that do not fit.
 */
export function formatValues(format: string, values: readonly Value[]): string {
	let used = 0;
	const text = format.replace(
		/%([-+# 0]*)(\d*)(?:\.(\d*))?([\s\S]?)/gu,
		(whole, flags: string, width: string, precision: string | undefined, verb: string) => {
			if (verb === '%') return '%';
			if (verb === '') throw new TemplateFieldError(`printf "${format}" ends within a verb`);
			const directive = {
				flags,
				width: Math.min(Number(width), 1000),
				precision: precision === undefined ? undefined : Math.min(Number(precision), 100),
				verb,
				whole,
			};
			if (used >= values.length) throw new TemplateFieldError(`printf "${format}" has too few values`);
			return padded(body(directive, values[used++] ?? null), directive);
		},
	);
	if (used < values.length) throw new TemplateFieldError(`printf "${format}" has too many values`);
	return text;
}
