/**
 * The YAML library, to be imported where it is needed and not before: it is as big as the rest of the command line. A
 * module of its own, since a bundle gives names to a static import only.
 */
import { parseAllDocuments, type SchemaOptions, stringify } from 'yaml';

type TagsOption = Extract<SchemaOptions['customTags'], (...tags: never) => unknown>;

/** As Kubernetes' own library reads YAML 1.1, without the types nobody means. */
const goTags: TagsOption = (tags) =>
	tags.flatMap((tag): typeof tags => {
		if (typeof tag === 'string') return [tag];
		const { format } = tag as { readonly format?: string };
		if (format === 'TIME' || /:(?:timestamp|omap|pairs|set)$/u.test(tag.tag)) return [];
		if (!tag.tag.endsWith(':bool') || !('test' in tag)) return [tag];
		// A namespace called n is no truth value.
		const test = tag.test?.test('true')
			? /^(?:[Yy]es|YES|[Tt]rue|TRUE|[Oo]n|ON)$/u
			: /^(?:[Nn]o|NO|[Ff]alse|FALSE|[Oo]ff|OFF)$/u;
		return [{ ...tag, test } as typeof tag];
	});

/**
 * Reads all documents of a text as Kubernetes' library does: YAML 1.1 (`0644` is octal, `yes` is true), where `22:22`, dates
 * and single letters are texts. Empty documents are left out; whole numbers are bigints.
 * @throws Error with line and column.
 * Source: sigs.k8s.io/yaml over go-yaml v2 (resolve.go).
 */
export function parseGoYaml(text: string): readonly unknown[] {
	const documents = parseAllDocuments(text, { version: '1.1', intAsBigInt: true, customTags: goTags });
	if (!Array.isArray(documents)) return [];
	for (const { errors } of documents) if (errors[0]) throw errors[0];
	return documents.map((document) => document.toJS() as unknown).filter((value) => value !== null);
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
