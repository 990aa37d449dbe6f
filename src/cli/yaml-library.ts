/**
 * The YAML library, to be imported where it is needed and not before: it is as big as the rest of the command line. A
 * module of its own, since a bundle gives names to a static import only.
 */
import { parse, stringify } from 'yaml';

/** Reads a document. @throws Error with line and column. */
export function parseYaml(text: string): unknown {
	return parse(text);
}

/** Writes a document as crictl's library does: lists not indented, nothing folded, nothing that YAML 1.1 would misread. */
export function writeYaml(value: unknown): string {
	return stringify(value, {
		indentSeq: false,
		lineWidth: 0,
		compat: 'yaml-1.1',
		aliasDuplicateObjects: false,
	});
}
