/** What vfs has to delete from the copy of the parent layer, since nothing merges layers for it. */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import type { ByteString } from '../tar/byte-string.ts';
import type { LayerDirs } from './layer-dirs.ts';
import { fullPath, type LayerPlace } from './layer-place.ts';

/** Which paths this layer made itself: whiteouts speak of lower layers only. */
export type MadeFiles = ReadonlySet<ByteString>;

/** Deletes what the parent layer has at a path, and below it. @returns true where something of this layer remains */
export function removeLower(
	place: LayerPlace,
	path: ByteString,
	own: { readonly files: MadeFiles; readonly dirs: LayerDirs },
): boolean {
	if (own.files.has(path)) return true;
	const full = fullPath(place, path);
	const stat = lstatSync(full, { throwIfNoEntry: false });
	if (stat === undefined) return false;
	if (!stat.isDirectory()) {
		unlinkSync(full);
		return false;
	}
	const dir = own.dirs.get(path);
	const kept = emptyLower(place, path, own) || dir?.made === true || dir?.entry !== undefined;
	if (kept) return true;
	rmdirSync(full);
	own.dirs.forget(path);
	return false;
}

/** Deletes what the parent layer has in a folder. @returns true where something of this layer remains in it */
export function emptyLower(
	place: LayerPlace,
	path: ByteString,
	own: { readonly files: MadeFiles; readonly dirs: LayerDirs },
): boolean {
	let kept = false;
	for (const name of readdirSync(fullPath(place, path), { encoding: 'latin1' })) {
		if (removeLower(place, path === '' ? name : `${path}/${name}`, own)) kept = true;
	}
	return kept;
}
