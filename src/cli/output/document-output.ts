/** `-o` and `--template` of verbs that show documents: which forms there are, and printing in them. */
import { sanitizeText } from '../../text/sanitize.ts';
import type { FlagSpecs } from '../flags.ts';
import { parseTemplate, type Template } from '../template/template.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { jsonText, type TextTarget, yamlText } from './json.ts';
import { print } from './print.ts';

/** In which form a document is printed. `table` and `wide` are the verb's affair. */
export type DocumentOutput =
	| { readonly format: 'table' | 'wide' | 'json' | 'yaml' }
	| { readonly format: 'go-template'; readonly template: Template };

/** Forms for people, which not every verb has. */
export type TableFormat = 'table' | 'wide';

type WrittenFlags = { readonly output: string | undefined; readonly template?: string | undefined };

/** The forms of verbs that show lists. */
export const listFormats = ['table', 'wide'] as const satisfies readonly TableFormat[];

const documentFormats = ['json', 'yaml', 'go-template'] as const;

/** The flags, to be spread into a verb's own. */
export const documentFlags = {
	output: {
		kind: 'text',
		short: 'o',
		value: 'FORMAT',
		help: 'table, wide, json, yaml or go-template',
	},
	template: { kind: 'text', value: 'TEMPLATE', help: 'the template of -o go-template' },
} as const satisfies FlagSpecs;

/** `documentFlags` for a verb without -o wide. */
export const tableOrDocumentFlags = {
	...documentFlags,
	output: { ...documentFlags.output, help: 'table, json, yaml or go-template' },
} as const satisfies FlagSpecs;

/** `documentFlags` for a verb without tables. */
export const onlyDocumentFlags = {
	...documentFlags,
	output: { ...documentFlags.output, help: 'json, yaml or go-template' },
} as const satisfies FlagSpecs;

function readTemplate(output: string, template: string | undefined): Template {
	// Also as kubectl has it: -o go-template={{.status.id}}
	const inline = output.startsWith('go-template=') ? output.slice('go-template='.length) : undefined;
	const text = inline ?? template;
	if (text === undefined) throw new UsageError('output by go-template needs --template TEMPLATE');
	return parseTemplate(text);
}

/**
 * Reads the flags. A template alone asks for its form.
 * @param tables which forms for people the verb has
 * @throws UsageError for a form that is not known, for a template that cannot be read.
 */
export function documentOutput(
	{ output, template }: WrittenFlags,
	fallback: 'table' | 'json',
	tables: readonly TableFormat[],
): DocumentOutput {
	const format = output ?? (template === undefined ? fallback : 'go-template');
	if (format === 'go-template' || format.startsWith('go-template=')) {
		return { format: 'go-template', template: readTemplate(format, template) };
	}
	const known = [...tables, ...documentFormats] as const;
	if (!known.includes(format as 'json')) {
		throw new UsageError(`unknown output "${format}"; there are ${known.join(', ')}`);
	}
	if (template !== undefined) throw new UsageError(`a template does not go with -o ${format}`);
	return { format: format as 'json' };
}

/** True where a document is asked for, not something for people. */
export function isDocument(output: DocumentOutput): boolean {
	return output.format !== 'table' && output.format !== 'wide';
}

/** A document as text; '' for the forms for people. */
export async function documentText(
	document: unknown,
	output: DocumentOutput,
	target: TextTarget,
): Promise<string> {
	switch (output.format) {
		case 'json':
			return jsonText(document, target);
		case 'yaml':
			return yamlText(document, target);
		case 'go-template': {
			const text = `${output.template.fill(document)}\n`;
			return target.stdoutIsTerminal ? sanitizeText(text) : text;
		}
		case 'table':
		case 'wide':
			return '';
	}
}

/** Prints a document in the form that was asked for. @throws TemplateFieldError where it does not fit the template. */
export async function printDocument(
	document: unknown,
	output: DocumentOutput,
	context: Pick<VerbContext, 'stdout'> & TextTarget,
): Promise<void> {
	await print(context, await documentText(document, output, context));
}
