/**
 * Which runtimes of ours have pods on a network: each marks it with a link to its own account of attachments. Two of them on
 * roots of their own know nothing of each other's pods, and plugins that collect would take their addresses.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../sys/errno.ts';

/** Lost with a reboot, like the pods. */
export const networkUsersDir = '/run/criscope/networks';

/** One runtime among them. */
export type NetworkUsers = {
	/** To be called before a pod is attached. Never throws: where it cannot be written, others cannot read it either. */
	mark(network: string): void;
	/** True where another one's account has pods. */
	isUsedByOthers(network: string): boolean;
	/** Takes our marks away; for when no pod is attached any more. */
	unmark(): void;
};

/**
 * @param dir made with the first mark; undefined for a runtime that is alone
 * @param cacheDir this runtime's account, one file for each attached pod
 */
export function createNetworkUsers(dir: string | undefined, cacheDir: string): NetworkUsers {
	const own = createHash('sha256').update(path.resolve(cacheDir)).digest('hex').slice(0, 16);
	const marked = new Set<string>();
	const names = (): readonly string[] => {
		try {
			return dir === undefined ? [] : readdirSync(dir);
		} catch {
			return [];
		}
	};
	/** Takes away marks of runtimes whose store is gone. Others may be doing the same at this moment. */
	const sweep = (dir: string): void => {
		for (const name of names()) {
			const link = path.join(dir, name);
			try {
				if (!existsSync(link)) rmSync(link, { force: true });
			} catch {
				// It counts for nothing, and may stay.
			}
		}
	};
	return {
		mark(network) {
			if (dir === undefined || marked.has(network)) return;
			try {
				mkdirSync(dir, { recursive: true, mode: 0o755 });
				symlinkSync(path.resolve(cacheDir), path.join(dir, `${network}@${own}`));
				marked.add(network);
			} catch (error) {
				if (errnoCode(error) === 'EEXIST') marked.add(network);
			}
			sweep(dir);
		},
		isUsedByOthers: (network) =>
			names().some((name) => {
				const at = name.lastIndexOf('@');
				if (name.slice(0, at) !== network || name.slice(at + 1) === own) return false;
				return dir !== undefined && hasPods(path.join(dir, name));
			}),
		unmark() {
			for (const name of names()) {
				if (dir !== undefined && name.endsWith(`@${own}`)) rmSync(path.join(dir, name), { force: true });
			}
			marked.clear();
		},
	};
}

/** A folder that cannot be read may hold anything; one that is gone holds nothing. */
function hasPods(accountDir: string): boolean {
	try {
		return readdirSync(accountDir).length > 0;
	} catch (error) {
		return errnoCode(error) !== 'ENOENT';
	}
}
