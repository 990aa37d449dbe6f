/** Where `load` reads from: a file, a directory with an OCI layout, or standard input. */
import { open, stat } from 'node:fs/promises';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';

/** Bytes of an archive, and how many there will be where that is known. */
export type ArchiveSource = {
	/** For people: a path, or `standard input`. */
	readonly name: string;
	readonly totalBytes: number | undefined;
	readonly bytes: AsyncIterable<Uint8Array>;
};

const chunkBytes = 256 * 1024;

async function* fileBytes(path: string): AsyncGenerator<Uint8Array, void> {
	await using file = await open(path, 'r');
	for (;;) {
		const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, null);
		if (bytesRead === 0) return;
		yield buffer.subarray(0, bytesRead);
	}
}

/**
 * Opens a source; `-` is standard input.
 * @throws UsageError where standard input is a terminal; Error that names the path.
 */
export async function openArchive(
	path: string,
	{ stdin, stdinIsTerminal }: Pick<VerbContext, 'stdin' | 'stdinIsTerminal'>,
): Promise<ArchiveSource> {
	if (path === '-') {
		if (stdinIsTerminal)
			throw new UsageError('load reads an archive, and standard input is a terminal: name a file');
		return { name: 'standard input', totalBytes: undefined, bytes: stdin() as AsyncIterable<Uint8Array> };
	}
	let found: Awaited<ReturnType<typeof stat>>;
	try {
		found = await stat(path);
		if (found.isFile()) await (await open(path, 'r')).close();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		throw new Error(`cannot load "${path}": ${code === 'ENOENT' ? 'there is no such file' : message}`, {
			cause: error,
		});
	}
	if (!found.isDirectory()) {
		return { name: path, totalBytes: found.isFile() ? found.size : undefined, bytes: fileBytes(path) };
	}
	// tar-stream is needed for directories only.
	const { packLayout } = await import('./oci-layout.ts');
	const { archive, totalBytes } = await packLayout(path);
	return { name: path, totalBytes, bytes: archive };
}
