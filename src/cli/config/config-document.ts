/**
 * crictl's configuration file as a document that keeps its comments and its order. To be imported where it is needed: it brings
 * the YAML library.
 */
import { isMap, isScalar, parseDocument } from 'yaml';
import {
	type CrictlOption,
	crictlOptions,
	defaultValue,
	type OptionValue,
	parseValue,
	type Setting,
} from './crictl-options.ts';

/** The file's text, understood. */
export type ConfigDocument = {
	/** What the file says, or crictl's default. @throws Error for a value of the wrong kind. */
	get(option: CrictlOption): OptionValue;
	/** @returns the text with the new values; what is not set stays as it is. */
	with(settings: readonly Setting[]): string;
};

/**
 * Reads the text. Options that crictl does not know are left alone.
 * @param path for the error
 * @throws Error in one sentence where the text is no configuration.
 */
export function readConfigDocument(text: string, path: string): ConfigDocument {
	const fail = (cause: string): never => {
		throw new Error(`cannot read crictl config "${path}": ${cause}`);
	};
	const document = parseDocument(text, { prettyErrors: true });
	const [problem] = document.errors;
	if (problem) fail((problem.message.split('\n', 1)[0] ?? '').replace(/:$/u, ''));
	if (document.contents !== null && !isMap(document.contents)) fail('it is no list of "key: value" lines');
	return {
		get(option) {
			const node = document.get(option, true);
			if (node === undefined) return defaultValue(option);
			if (!isScalar(node)) return fail(`"${option}" is no single value`);
			if (node.value === null) return defaultValue(option);
			const source = node.source ?? String(node.value);
			if (crictlOptions[option] === 'text') return source;
			try {
				return parseValue(option, source);
			} catch (error) {
				return fail((error as Error).message);
			}
		},
		with(settings) {
			const changed = document.clone();
			for (const [option, value] of settings) changed.set(option, value);
			return changed.toString({ lineWidth: 0 });
		},
	};
}
