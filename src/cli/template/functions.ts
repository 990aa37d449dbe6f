/**
 * The functions of templates: Go's own, but for those that have nothing to work on in a document, and crictl's.
 * Source: Go's text/template, "Functions"; cri-tools v1.36 cmd/crictl/templates.go (json, title, lower, upper).
 */
import { formatValues } from './printf.ts';
import { TemplateFieldError } from './template-error.ts';
import {
	DocumentNumber,
	isList,
	isMap,
	isTrue,
	jsonOf,
	kindOf,
	numberOf,
	printedText,
	textOf,
	type Value,
} from './values.ts';

type TemplateFunction = {
	readonly least: number;
	readonly most: number;
	readonly call: (values: readonly Value[], name: string) => Value;
};

const any = Number.POSITIVE_INFINITY;

function one(call: (value: Value, name: string) => Value): TemplateFunction {
	return { least: 1, most: 1, call: ([value = null], name) => call(value, name) };
}

function textFunction(change: (text: string) => string): TemplateFunction {
	return one((value, name) => {
		if (typeof value !== 'string' && !(value instanceof DocumentNumber)) {
			throw new TemplateFieldError(`${name} takes a text, not ${kindOf(value)}`);
		}
		return change(textOf(value));
	});
}

function isEqual(a: Value, b: Value, name: string): boolean {
	const [numberA, numberB] = [numberOf(a), numberOf(b)];
	if (numberA !== undefined && numberB !== undefined) return numberA === numberB;
	if (a === null || b === null) return a === b;
	for (const value of [a, b]) {
		if (isList(value) || isMap(value))
			throw new TemplateFieldError(`${name} cannot compare ${kindOf(value)}`);
	}
	// A number of the document is a text to crictl.
	const [textA, textB] = [a, b].map((value) => (value instanceof DocumentNumber ? value.text : value));
	if (typeof textA !== typeof textB) {
		throw new TemplateFieldError(`${name} cannot compare ${kindOf(a)} with ${kindOf(b)}`);
	}
	return textA === textB;
}

function compare(a: Value, b: Value, name: string): number {
	const [numberA, numberB] = [numberOf(a), numberOf(b)];
	if (numberA !== undefined && numberB !== undefined) return numberA - numberB;
	if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
	throw new TemplateFieldError(`${name} cannot compare ${kindOf(a)} with ${kindOf(b)}`);
}

function comparison(holds: (order: number) => boolean): TemplateFunction {
	return { least: 2, most: 2, call: ([a = null, b = null], name) => holds(compare(a, b, name)) };
}

function lengthOf(value: Value, name: string): number {
	// A number of the document is a text to crictl.
	if (typeof value === 'string' || value instanceof DocumentNumber) return Buffer.byteLength(textOf(value));
	if (isList(value)) return value.length;
	if (isMap(value)) return Object.keys(value).length;
	throw new TemplateFieldError(`${name} cannot measure ${kindOf(value)}`);
}

function indexInto(value: Value, key: Value): Value {
	if (isMap(value)) {
		if (typeof key !== 'string')
			throw new TemplateFieldError(`index of an object is a text, not ${kindOf(key)}`);
		return value[key] ?? null;
	}
	if (isList(value)) {
		const index = numberOf(key);
		if (index === undefined || !Number.isInteger(index)) {
			throw new TemplateFieldError(`index of a list is a whole number, not ${textOf(key)}`);
		}
		if (index < 0 || index >= value.length) {
			throw new TemplateFieldError(`index ${index} is out of the list of ${value.length}`);
		}
		return value[index] ?? null;
	}
	throw new TemplateFieldError(`index cannot look into ${kindOf(value)}`);
}

function slice(value: Value, bounds: readonly Value[]): Value {
	if (typeof value !== 'string' && !isList(value)) {
		throw new TemplateFieldError(`slice cannot cut ${kindOf(value)}`);
	}
	// Texts are cut by bytes.
	const bytes = typeof value === 'string' ? Buffer.from(value) : undefined;
	const length = bytes?.length ?? value.length;
	const [from = 0, to = length] = bounds.map((bound) => numberOf(bound) ?? Number.NaN);
	if (!(from >= 0 && to >= from && to <= length)) {
		throw new TemplateFieldError(`slice ${bounds.map(textOf).join(' ')} is out of the ${length} there are`);
	}
	return bytes ? bytes.toString('utf8', from, to) : value.slice(from, to);
}

/** As fmt.Sprint: a blank between two values of which neither is a text. */
function sprint(values: readonly Value[]): string {
	const isText = (value: Value | undefined) => typeof value === 'string';
	return values
		.map((value, at) =>
			at > 0 && !isText(value) && !isText(values[at - 1]) ? ` ${textOf(value)}` : textOf(value),
		)
		.join('');
}

const htmlEscapes: Readonly<Record<string, string>> = {
	'\0': '\uFFFD',
	'"': '&#34;',
	"'": '&#39;',
	'&': '&amp;',
	'<': '&lt;',
	'>': '&gt;',
};

const functions: Readonly<Record<string, TemplateFunction>> = {
	// `and` and `or` are evaluated by execute.ts, which stops at the first value that decides.
	and: {
		least: 1,
		most: any,
		call: (values) => values.find((value) => !isTrue(value)) ?? values.at(-1) ?? null,
	},
	or: { least: 1, most: any, call: (values) => values.find(isTrue) ?? values.at(-1) ?? null },
	not: one((value) => !isTrue(value)),
	len: one(lengthOf),
	index: { least: 1, most: any, call: ([value = null, ...keys]) => keys.reduce<Value>(indexInto, value) },
	slice: { least: 1, most: 3, call: ([value = null, ...bounds]) => slice(value, bounds) },
	eq: {
		least: 2,
		most: any,
		call: ([first = null, ...others], name) => others.some((other) => isEqual(first, other, name)),
	},
	ne: { least: 2, most: 2, call: ([a = null, b = null], name) => !isEqual(a, b, name) },
	lt: comparison((order) => order < 0),
	le: comparison((order) => order <= 0),
	gt: comparison((order) => order > 0),
	ge: comparison((order) => order >= 0),
	print: { least: 0, most: any, call: sprint },
	println: { least: 0, most: any, call: (values) => `${values.map(textOf).join(' ')}\n` },
	printf: {
		least: 1,
		most: any,
		call: ([format = null, ...values]) => {
			if (typeof format !== 'string')
				throw new TemplateFieldError(`printf begins with a text, not ${kindOf(format)}`);
			return formatValues(format, values);
		},
	},
	html: one((value) =>
		printedText(value).replace(/[\0"'&<>]/gu, (character) => htmlEscapes[character] ?? ''),
	),
	urlquery: one((value) =>
		encodeURIComponent(printedText(value))
			.replace(/[!'()*]/gu, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
			.replaceAll('%20', '+'),
	),
	json: one((value) => `${jsonOf(value)}\n`),
	title: textFunction((text) =>
		text.replace(/(?<![\p{L}\p{Nd}'_])\p{L}/gu, (letter) => letter.toUpperCase()),
	),
	lower: textFunction((text) => text.toLowerCase()),
	upper: textFunction((text) => text.toUpperCase()),
};

/** Whether a template may call it. */
export function isFunction(name: string): boolean {
	return Object.hasOwn(functions, name);
}

/** Calls a function. @throws TemplateFieldError where the values do not fit. */
export function callFunction(name: string, values: readonly Value[]): Value {
	const known = functions[name];
	if (!known) throw new TemplateFieldError(`the function "${name}" is not known here`);
	if (values.length < known.least || values.length > known.most) {
		throw new TemplateFieldError(
			`${name} does not take ${values.length} value${values.length === 1 ? '' : 's'}`,
		);
	}
	return known.call(values, name);
}
