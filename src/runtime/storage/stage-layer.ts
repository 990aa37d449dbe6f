/** Room for layers on their way in. */
import { mkdirSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { NotFoundError } from '../../cri/errors.ts';
import type { StagedLayer, WaitOptions } from './model.ts';
import type { StoreParts } from './store-parts.ts';

/** The layer's own folder within a staged one, as it will lie in the store. */
export function stagedLayerDir(stagedDir: string): string {
	return path.join(stagedDir, 'layer');
}

/**
 * Makes the folders of a new layer.
 * @param parent must be in the store where the driver copies it
 * @throws NotFoundError
 */
export async function stageLayer(
	parts: StoreParts,
	parent: string | undefined,
	options: WaitOptions = {},
): Promise<StagedLayer> {
	const { driver, staging } = parts;
	const dir = staging.newPath();
	const layerDir = stagedLayerDir(dir);
	let parentDir: string | undefined;
	if (driver.parentsFirst && parent !== undefined) {
		parentDir = await driver.findLayerDir(parent);
		if (parentDir === undefined) {
			throw new NotFoundError(`cannot make room for a layer: its parent "${parent}" is not in the store`);
		}
	}
	mkdirSync(dir, { mode: 0o700 });
	try {
		await driver.prepare(layerDir, parentDir, options);
	} catch (error) {
		await rm(dir, { recursive: true, force: true });
		throw error;
	}
	return {
		dir,
		diffDir: driver.diffDir(layerDir),
		tarSplitPath: path.join(dir, 'tar-split.gz'),
		async [Symbol.asyncDispose]() {
			if (!removeEmpty(dir)) await rm(dir, { recursive: true, force: true });
		},
	};
}

/** Of a layer that was committed nothing is left but the folder. @returns false where there is more, or nothing */
function removeEmpty(dir: string): boolean {
	try {
		rmdirSync(dir);
		return true;
	} catch {
		return false;
	}
}
