/**
 * Status answers as crictl prints them: the object under "status", and beside it what the verbose answer's info map
 * holds, JSON in it unpacked.
 * Source: cri-tools v1.36 cmd/crictl/util.go (outputStatusData).
 */
import type { StringMap } from '../../cri/model.ts';
import { jsonText, sortKeys, type TextTarget, yamlText } from './json.ts';

/** One object's answer. */
export type StatusEntry = { readonly status: unknown; readonly info: StringMap };

function infoValue(text: string): unknown {
	if (text.startsWith('{')) {
		try {
			return JSON.parse(text);
		} catch {
			// A side channel without a contract: shown as it is.
			return text;
		}
	}
	return text.replace(/^"+|"+$/gu, '');
}

/** Keys sorted; one entry stands alone, several are a list. */
export function statusDocument(entries: readonly StatusEntry[]): unknown {
	const documents = entries.map(({ status, info }) =>
		sortKeys({
			status,
			...Object.fromEntries(Object.entries(info).map(([key, text]) => [key, infoValue(text)])),
		}),
	);
	return documents.length === 1 ? documents[0] : documents;
}

/** The document as text. Go escapes `<`, `>` and `&` in such JSON, and so does this: the two can be compared as text. */
export async function statusText(
	entries: readonly StatusEntry[],
	format: 'json' | 'yaml',
	target: TextTarget,
): Promise<string> {
	const document = statusDocument(entries);
	if (format === 'yaml') return yamlText(document, target);
	return jsonText(document, target).replace(
		/[<>&\u2028\u2029]/gu,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}
