import type { RawAnswer, StringMap } from '../../cri/model.ts';
import { nestedJson } from './nested-json.ts';

/**
 * The runtime's full answer as one tree, as `crictl inspect` prints it: the status, then every entry of the verbose
 * map with the JSON inside it parsed. An entry that is no JSON stays the text it is.
 */
export function answerTree(raw: RawAnswer): Readonly<Record<string, unknown>> {
	const { info, status, image, ...rest } = raw;
	const tree: Record<string, unknown> = {
		...(status !== undefined && { status }),
		...(image !== undefined && { image }),
		...rest,
	};
	for (const [name, text] of Object.entries((info ?? {}) as StringMap)) {
		// An entry never hides a field of the answer itself.
		tree[Object.hasOwn(tree, name) ? `info.${name}` : name] = parsedOrText(text);
	}
	return tree;
}

function parsedOrText(text: unknown): unknown {
	return typeof text === 'string' ? (nestedJson(text) ?? text) : text;
}
