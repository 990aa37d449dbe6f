/**
 * The private folder of a running store, for what is on its way in or out. It lies on the store's filesystem, so that a
 * rename is all it takes, and it is swept whenever a store is opened.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { FailedPreconditionError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import type { Sys } from '../sys/sys.ts';

export type Staging = AsyncDisposable & {
	readonly dir: string;
	/**
	 * A path that nothing has yet.
	 * @throws FailedPreconditionError where somebody has taken the whole store away meanwhile
	 */
	newPath(): string;
	/** The same with a name of the caller's. */
	pathOf(name: string): string;
	/** @throws FailedPreconditionError as `newPath` does */
	assertThere(): void;
	/**
	 * Moves something of the store out of the way; it is gone when `empty` is called, or after a crash.
	 * @param keep until the store is opened the next time
	 */
	putAside(file: string, options?: { readonly keep?: boolean }): Promise<void>;
	/** Moves within the store's filesystem. */
	move(from: string, to: string): Promise<void>;
	/** Deletes what was put aside; may take long, and needs no lock. */
	empty(): Promise<void>;
};

/** Source: mount(2), umount2(2) */
const bindFlag = 4096;
const privateFlag = 1 << 18;
const detach = 2;

/**
 * Claims the store for this program and sweeps what earlier ones left behind.
 * @throws FailedPreconditionError where another one of ours is using it
 */
export async function openStaging(sys: Sys, root: string, runRoot: string): Promise<Staging> {
	const ownDir = path.join(root, 'criscope');
	await mkdir(ownDir, { recursive: true, mode: 0o700 });
	const lockFile = path.join(ownDir, 'instance.lock');
	const instance = await open(lockFile, 'a+', 0o600);
	try {
		if (!sys.lockFile(instance.fd, 'exclusive')) {
			const pid = (await readFile(lockFile, 'utf8')).trim();
			throw new FailedPreconditionError(
				`cannot open store "${root}": process ${pid || 'of another criscope'} is using it; stop that one, or use its socket`,
			);
		}
		await instance.truncate(0);
		await instance.write(`${process.pid}\n`);
		// Not synced: it is for people.
		const all = path.join(ownDir, 'staging');
		await rm(all, { recursive: true, force: true });
		const dir = path.join(all, `${process.pid}-${randomBytes(4).toString('hex')}`);
		await mkdir(dir, { recursive: true, mode: 0o700 });
		return createStaging(sys, root, runRoot, dir, () => instance.close());
	} catch (error) {
		await instance.close();
		throw error;
	}
}

function createStaging(
	sys: Sys,
	root: string,
	runRoot: string,
	dir: string,
	close: () => Promise<void>,
): Staging {
	let count = 0;
	const aside = new Set<string>();
	// `crio wipe` does that, and rm -r. The lock that keeps others of ours out is gone too, so nothing is made anew here.
	const assertThere = (): void => {
		if (existsSync(dir)) return;
		throw new FailedPreconditionError(
			`cannot use store "${root}": it was taken away while it was open; restart criscope serve, which makes it anew`,
		);
	};
	const pathOf = (name: string): string => {
		assertThere();
		return path.join(dir, name);
	};
	const nextName = (): string => {
		count += 1;
		return String(count);
	};
	const move = (from: string, to: string): Promise<void> => moveWithin(sys, root, runRoot, from, to);
	return {
		dir,
		newPath: () => pathOf(nextName()),
		pathOf,
		assertThere,
		move,
		async putAside(file, { keep = false } = {}) {
			// Where all is gone there is nothing to put aside, and no reason to fail.
			const place = path.join(dir, nextName());
			try {
				await move(file, place);
				if (!keep) aside.add(place);
			} catch (error) {
				if (errnoCode(error) !== 'ENOENT') throw error;
			}
		},
		async empty() {
			const places = [...aside];
			aside.clear();
			await Promise.all(places.map((place) => rm(place, { recursive: true, force: true })));
		},
		async [Symbol.asyncDispose]() {
			try {
				await rm(dir, { recursive: true, force: true });
			} finally {
				await close();
			}
		},
	};
}

/**
 * Renames. Podman binds the driver's folder onto itself while containers run, and then the kernel takes folder and staging
 * for two filesystems; through a bind mount of the root that leaves that one out, they are one again.
 */
async function moveWithin(sys: Sys, root: string, runRoot: string, from: string, to: string): Promise<void> {
	try {
		// At once: it waits for no disk, and a commit has hundreds of them.
		renameSync(from, to);
	} catch (error) {
		if (errnoCode(error) !== 'EXDEV') throw error;
		const view = path.join(runRoot, 'criscope', `view-${process.pid}-${randomBytes(4).toString('hex')}`);
		await mkdir(view, { recursive: true, mode: 0o700 });
		try {
			sys.mount(root, view, 'none', bindFlag, '');
			try {
				sys.mount('none', view, 'none', privateFlag, '');
				await rename(path.join(view, path.relative(root, from)), path.join(view, path.relative(root, to)));
			} finally {
				sys.umount2(view, detach);
			}
		} finally {
			// Only ever an empty folder: were it still mounted, this must not reach into the store.
			await rmdir(view).catch(() => undefined);
		}
	}
}
