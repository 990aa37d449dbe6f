/** A blob's file in the store's staging folder: it grows, is read meanwhile, and goes when it has served. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createGrowingFile } from '../storage/growing-file.ts';
import type { Store } from '../storage/model.ts';
import type { GrowingFile } from '../storage/unpacker.ts';

/** The writing side. Disposing of it removes the file, whether it is whole or not. */
export type StagedBlob = AsyncDisposable & {
	readonly file: GrowingFile;
	/** @throws ResourceExhaustedError where the disk is full */
	write(bytes: Uint8Array): Promise<void>;
	/** No more will come. */
	finish(): Promise<void>;
	/** No more will come although more should. */
	fail(): void;
};

/** Makes a file of a name that nothing has. @param kind begins the name, for people who look into the folder */
export async function createStagedBlob(store: Pick<Store, 'stagingPath'>, kind: string): Promise<StagedBlob> {
	const path = store.stagingPath(`${kind}-${randomBytes(8).toString('hex')}`);
	const writer = await createGrowingFile(path);
	return {
		file: writer.file,
		write: (bytes) => writer.write(bytes),
		finish: () => writer.finish(),
		fail: () => writer.fail(),
		async [Symbol.asyncDispose]() {
			try {
				await writer[Symbol.asyncDispose]();
			} finally {
				await rm(path, { force: true });
			}
		},
	};
}
