import type { RawAnswer, StringMap } from '../../cri/model.ts';

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
	if (typeof text !== 'string' || !/^\s*[[{"]/u.test(text)) return text;
	try {
		return JSON.parse(text);
	} catch {
		return text;
	}
}
