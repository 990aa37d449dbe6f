/**
 * Status answers as crictl prints them: the object under "status", and beside it what the verbose answer's info map
 * holds, JSON in it unpacked.
 * Source: cri-tools v1.36 cmd/crictl/util.go (outputStatusData).
 */
import type { StringMap } from '../../cri/model.ts';
import { type DocumentOutput, documentText } from './document-output.ts';
import { sortKeys, type TextTarget } from './json.ts';

/** One object's answer. */
export type StatusEntry = {
	readonly status: unknown;
	readonly info: StringMap;
	/** What stands beside `status`, with other keys. */
	readonly beside?: Readonly<Record<string, unknown>> | undefined;
};

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
	const documents = entries.map(({ status, beside, info }) =>
		sortKeys({
			status,
			...beside,
			...Object.fromEntries(Object.entries(info).map(([key, text]) => [key, infoValue(text)])),
		}),
	);
	return documents.length === 1 ? documents[0] : documents;
}

/** The document as text. Go escapes `<`, `>` and `&` in such JSON, and so does this: the two can be compared as text. */
export async function statusText(
	entries: readonly StatusEntry[],
	output: DocumentOutput,
	target: TextTarget,
): Promise<string> {
	const text = await documentText(statusDocument(entries), output, target);
	if (output.format !== 'json') return text;
	return text.replace(
		/[<>&\u2028\u2029]/gu,
		(character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
	);
}
