import type { VerbContext } from '../verb.ts';
import type { OutputFormat } from './format-flag.ts';
import { jsonText, type TextTarget, yamlText } from './json.ts';
import { print } from './print.ts';

/** What verbs that act have done, as one document: one object, or a list of several. Nothing for a table. */
export async function printResults(
	results: readonly unknown[],
	format: OutputFormat,
	context: Pick<VerbContext, 'stdout'> & TextTarget,
): Promise<void> {
	if (format === 'table') return;
	const document = results.length === 1 ? results[0] : results;
	await print(context, format === 'json' ? jsonText(document, context) : await yamlText(document, context));
}
