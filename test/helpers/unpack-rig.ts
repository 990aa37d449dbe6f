import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll } from 'vitest';
import { wholeFile } from '../../src/runtime/storage/growing-file.ts';
import type { StagedLayer, UnpackedLayer } from '../../src/runtime/storage/model.ts';
import { createLayerUnpacker } from '../../src/runtime/storage/unpack/layer-unpacker.ts';
import { defaultLayerLimits, type UnpackRequest } from '../../src/runtime/storage/unpacker.ts';

/** A layer that was (or was not) unpacked, in a folder of its own. */
export type UnpackTry = {
	/** Holds the blob, `staged` and nothing else. */
	readonly dir: string;
	readonly staged: StagedLayer;
	unpack(): Promise<UnpackedLayer>;
};

/** Unpacks blobs with the real worker. Call it once, at the top of a test file; its folders lie in /var/tmp until the end. */
export function unpackRig(): {
	readonly dir: string;
	prepare(blob: Uint8Array, changes?: Partial<UnpackRequest>): Promise<UnpackTry>;
} {
	const dir = mkdtempSync('/var/tmp/criscope-unpack-');
	const unpacker = createLayerUnpacker({ workers: 1 });
	let count = 0;
	afterAll(async () => {
		await unpacker[Symbol.asyncDispose]();
		rmSync(dir, { recursive: true, force: true });
	});
	return {
		dir,
		async prepare(blob, changes = {}) {
			const own = path.join(dir, `try-${++count}`);
			const staged = stagedIn(path.join(own, 'staged'));
			mkdirSync(staged.diffDir, { recursive: true });
			const blobPath = path.join(own, 'blob');
			writeFileSync(blobPath, blob);
			const request: UnpackRequest = {
				blob: await wholeFile(blobPath),
				staged,
				driver: 'overlay',
				diffId: undefined,
				name: 'sha256:test',
				limits: defaultLayerLimits,
				...changes,
			};
			return { dir: own, staged, unpack: () => unpacker.unpack(request) };
		},
	};
}

/** Everything below a folder but the layer that was staged, by name. */
export function besides(attempt: UnpackTry): readonly string[] {
	return [
		...readdirSync(attempt.dir),
		...readdirSync(attempt.staged.dir).map((name) => `staged/${name}`),
	].sort();
}

function stagedIn(dir: string): StagedLayer {
	return {
		dir,
		diffDir: path.join(dir, 'diff'),
		tarSplitPath: path.join(dir, 'tar-split.gz'),
		[Symbol.asyncDispose]: async () => rmSync(dir, { recursive: true, force: true }),
	};
}
