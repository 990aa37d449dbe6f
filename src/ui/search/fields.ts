/** A text of a row that the filter looks into. */
export type SearchField = {
	/** Tells whose highlight it is: usually the column's name. */
	readonly name: string;
	readonly text: string;
	/** 0–1, default 1: how much a match here counts beside one in the row's name. */
	readonly weight?: number | undefined;
	/**
	 * `text` (default) is matched fuzzily. `id`, `address` and `digest` are matched by their beginning or literally:
	 * letters picked out of a hexadecimal number mean nothing.
	 */
	readonly kind?: 'text' | 'id' | 'address' | 'digest' | undefined;
};

const kinds: Readonly<Record<string, SearchField['kind']>> = {
	id: 'id',
	podId: 'id',
	sandboxId: 'id',
	containerId: 'id',
	uid: 'id',
	imageId: 'digest',
	ip: 'address',
	podIp: 'address',
	address: 'address',
	digest: 'digest',
	digests: 'digest',
};

const defaultWeights: Readonly<Record<string, number>> = {
	name: 1,
	tag: 1,
	tags: 1,
	pod: 0.9,
	namespace: 0.8,
	image: 0.8,
	command: 0.6,
	label: 0.5,
	labels: 0.5,
};

const otherWeight = 0.7;

/**
 * Makes search fields of texts by name, with the kind and the weight that the name suggests.
 * @param weights win over the suggestions.
 */
export function fieldsOfRecord(
	texts: Readonly<Record<string, string>>,
	weights: Readonly<Record<string, number>> = {},
): readonly SearchField[] {
	return Object.entries(texts).map(([name, text]) => ({
		name,
		text,
		kind: kinds[name] ?? 'text',
		weight: weights[name] ?? defaultWeights[name] ?? otherWeight,
	}));
}
