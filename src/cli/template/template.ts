/** Go templates over JSON documents: the forms that scripts with crictl use. */
import { fill } from './execute.ts';
import { parseNodes } from './parse.ts';
import { templateValue } from './values.ts';

/** A template that was read. */
export type Template = {
	/** @throws TemplateFieldError where the document does not have what the template asks for. */
	fill(document: unknown): string;
};

/**
 * Reads a template.
 * @throws TemplateSyntaxError that names the construct that is wrong or not known here.
 */
export function parseTemplate(text: string): Template {
	const nodes = parseNodes(text);
	return { fill: (document) => fill(nodes, templateValue(document)) };
}
