/** Names of images: each belongs to one image at a time. */
import { NotFoundError } from '../../cri/errors.ts';
import type { WaitOptions } from './model.ts';
import { refuseReadOnly } from './read-only-image.ts';
import { type JsonRecord, textListField } from './records/json-records.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Gives names to one image and takes them from whatever other has them; that one stays, perhaps without any name.
 * New names come first, and stay in the image's history. Source: c/storage images.go, updateNames
 */
export function takeNames(
	records: readonly JsonRecord[],
	id: string,
	names: readonly string[],
): readonly JsonRecord[] {
	if (names.length === 0) return records;
	const taken = new Set(names);
	return records.map((record) => {
		const own = textListField(record, 'names');
		if (record['id'] === id) {
			const history = textListField(record, 'names-history');
			return {
				...withNames(record, unique([...names, ...own])),
				'names-history': unique([...names, ...history]),
			};
		}
		return own.some((name) => taken.has(name))
			? withNames(
					record,
					own.filter((name) => !taken.has(name)),
				)
			: record;
	});
}

/** @throws NotFoundError; FailedPreconditionError for an image of a read-only store */
export async function addNames(
	parts: StoreParts,
	id: string,
	names: readonly string[],
	options: WaitOptions = {},
): Promise<void> {
	await parts.images.change(async (change) => {
		if (!change.index.byId.has(id)) {
			await refuseReadOnly(parts, 'tag', id, options);
			throw new NotFoundError(`cannot tag image "${id}": it is not in the store`);
		}
		await change.save(0, takeNames(change.records(0), id, names));
	}, options);
}

/** Takes names from an image. Those that it does not have are no error. @throws as `addNames` */
export async function removeNames(
	parts: StoreParts,
	id: string,
	names: readonly string[],
	options: WaitOptions = {},
): Promise<void> {
	await parts.images.change(async (change) => {
		const entry = change.index.byId.get(id);
		if (entry === undefined) {
			await refuseReadOnly(parts, 'untag', id, options);
			throw new NotFoundError(`cannot untag image "${id}": it is not in the store`);
		}
		if (!entry.image.names.some((name) => names.includes(name))) return;
		const kept = entry.image.names.filter((name) => !names.includes(name));
		await change.save(
			0,
			change.records(0).map((record) => (record['id'] === id ? withNames(record, kept) : record)),
		);
	}, options);
}

/** An empty list is left out, as c/storage does. */
function withNames(record: JsonRecord, names: readonly string[]): JsonRecord {
	const { names: _, ...rest } = record;
	return names.length === 0 ? rest : { ...rest, names };
}

function unique(names: readonly string[]): readonly string[] {
	return [...new Set(names)];
}
