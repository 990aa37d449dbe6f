import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Builds a small host in a temporary folder, to be given as `root`; removed when disposed of.
 */
export async function hostTree(
	files: Readonly<Record<string, string>>,
): Promise<{ readonly root: string } & AsyncDisposable> {
	const root = await mkdtemp(join(tmpdir(), 'criscope-host-'));
	for (const [path, text] of Object.entries(files)) {
		await mkdir(dirname(join(root, path)), { recursive: true });
		await writeFile(join(root, path), text);
	}
	return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}
