import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stateFolder } from './action-audit.ts';

/** Images pulled before, kept between sessions. Failing to keep them is no failure of a pull. */
export type PullHistory = {
	/** Newest first; [] where there is none. */
	readonly read: () => Promise<readonly string[]>;
	/** Puts an image first. @returns the new list, also where it could not be written. */
	readonly add: (image: string) => Promise<readonly string[]>;
};

function lines(text: string): readonly string[] {
	// The file can be edited by hand or broken: a line that is no plain text is dropped.
	return text
		.split('\n')
		.filter((line) => line !== '' && line.length <= 1024 && !/[\p{Cc}\p{Cf}]/u.test(line));
}

/**
 * Opens the file `pull-history` in the state folder: one image a line, newest first, readable by its owner.
 * It is replaced at once by rename, and read again before each change, as several sessions may write it.
 */
export function createPullHistory(
	env: Readonly<Record<string, string | undefined>>,
	limit: number,
): PullHistory {
	const folder = stateFolder(env);
	const path = folder && join(folder, 'pull-history');
	let chain: Promise<unknown> = Promise.resolve();

	async function read(): Promise<readonly string[]> {
		if (!path) return [];
		return lines(await readFile(path, 'utf8').catch(() => '')).slice(0, limit);
	}

	async function put(image: string): Promise<readonly string[]> {
		const next = [image, ...(await read()).filter((line) => line !== image)].slice(0, limit);
		if (!folder || !path) return next;
		const draft = `${path}.${process.pid}`;
		try {
			await mkdir(folder, { recursive: true, mode: 0o700 });
			await writeFile(draft, next.map((line) => `${line}\n`).join(''), { mode: 0o600 });
			await rename(draft, path);
		} catch {
			await rm(draft, { force: true }).catch(() => undefined);
		}
		return next;
	}

	return {
		read,
		add(image) {
			const added = chain.then(() => put(image));
			chain = added;
			return added;
		},
	};
}
