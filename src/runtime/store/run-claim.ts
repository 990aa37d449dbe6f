/**
 * Says which store a run folder belongs to. What lies in it without a record is taken for a leftover and removed: a runtime
 * on another store has other records, and would end every container of this one.
 */
import { readdirSync, realpathSync } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError } from '../../cri/errors.ts';
import { namespaceKinds } from '../sys/namespace-job.ts';
import type { Sys } from '../sys/sys.ts';

/**
 * Claims the folder for as long as this process lives, or until disposal.
 * @param dir made if need be
 * @param graphRoot the store whose records count; it is there
 * @param folders what must be empty before another store's runtime may take it over
 * @throws FailedPreconditionError where another one is using it, or has left pods in it
 */
export async function claimRunDir(
	sys: Pick<Sys, 'lockFile'>,
	dir: string,
	graphRoot: string,
	folders: readonly string[],
): Promise<AsyncDisposable> {
	return claim(sys, dir, graphRoot, folders, {
		what: `run root "${path.dirname(dir)}"`,
		content: 'pods',
		remedy: 'a store of its own needs a --runroot of its own',
	});
}

/**
 * Claims a folder of namespaces that does not lie in the run root: what is pinned there for pods without a record is released.
 * @param dir made if need be; holds one folder for each kind of namespace
 * @throws FailedPreconditionError as {@link claimRunDir}
 */
export async function claimNamespacesDir(
	sys: Pick<Sys, 'lockFile'>,
	dir: string,
	graphRoot: string,
): Promise<AsyncDisposable> {
	const folders = namespaceKinds.map((kind) => path.join(dir, kind));
	return claim(sys, dir, graphRoot, folders, {
		what: `namespaces_dir "${dir}"`,
		content: 'namespaces',
		remedy: 'a store of its own needs a namespaces_dir of its own',
	});
}

async function claim(
	sys: Pick<Sys, 'lockFile'>,
	dir: string,
	graphRoot: string,
	folders: readonly string[],
	words: { readonly what: string; readonly content: string; readonly remedy: string },
): Promise<AsyncDisposable> {
	await mkdir(dir, { recursive: true, mode: 0o700 });
	const owner = realpathSync(graphRoot);
	const file = path.join(dir, 'owner');
	const handle = await open(file, 'a+', 0o600);
	try {
		const before = (await readFile(file, 'utf8')).trim();
		const refuse = (cause: string): never => {
			throw new FailedPreconditionError(`cannot use ${words.what}: ${cause}; ${words.remedy}`);
		};
		if (!sys.lockFile(handle.fd, 'exclusive')) refuse(`a runtime on store "${before}" is using it`);
		if (before !== owner) {
			if (before !== '' && !folders.every(isEmpty)) refuse(`it has ${words.content} of store "${before}"`);
			await handle.truncate(0);
			await handle.write(`${owner}\n`);
		}
	} catch (error) {
		await handle.close();
		throw error;
	}
	return { [Symbol.asyncDispose]: () => handle.close() };
}

function isEmpty(folder: string): boolean {
	try {
		return readdirSync(folder).length === 0;
	} catch {
		return true;
	}
}
