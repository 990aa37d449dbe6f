import { statfs } from 'node:fs/promises';
import { type HostOptions, hostPath } from './host-file.ts';

/** Room of one file system. */
export type FilesystemUsage = {
	readonly totalBytes: number;
	/** Everything not free, the reserve of root included. */
	readonly usedBytes: number;
	/** What an ordinary user may still write; smaller than total minus used. */
	readonly availableBytes: number;
	/** Absent where the file system makes inodes as it needs them (btrfs, some overlays). */
	readonly inodesTotal: number | undefined;
	readonly inodesUsed: number | undefined;
};

/** How full it is, 0 to 1, as df(1) counts: of what an ordinary user could fill, or of its inodes, whichever is more. */
export function fullRatioOf({
	usedBytes,
	availableBytes,
	inodesTotal,
	inodesUsed = 0,
}: FilesystemUsage): number {
	const fillableBytes = usedBytes + availableBytes;
	const inBytes = fillableBytes > 0 ? usedBytes / fillableBytes : 0;
	return Math.max(inBytes, inodesTotal ? inodesUsed / inodesTotal : 0);
}

const defaultTimeoutMs = 1000;

/**
 * Reads how full the file system behind a path is; absent when the path is missing, or does not answer in time:
 * a dead NFS server must not hold up a frame. The call itself cannot be taken back and ends by itself.
 * @throws the reason of `signal` when it was aborted.
 */
export async function readFilesystemUsage(
	path: string,
	options: HostOptions & { readonly timeoutMs?: number | undefined } = {},
): Promise<FilesystemUsage | undefined> {
	options.signal?.throwIfAborted();
	const late = Promise.withResolvers<undefined>();
	const timer = setTimeout(() => late.resolve(undefined), options.timeoutMs ?? defaultTimeoutMs);
	timer.unref();
	const onAbort = () => late.reject(options.signal?.reason);
	options.signal?.addEventListener('abort', onAbort, { once: true });
	try {
		const asked = statfs(hostPath(path, options)).catch(() => undefined);
		const found = await Promise.race([asked, late.promise]);
		if (found === undefined) return undefined;
		return {
			totalBytes: found.blocks * found.bsize,
			usedBytes: (found.blocks - found.bfree) * found.bsize,
			availableBytes: found.bavail * found.bsize,
			inodesTotal: found.files > 0 ? found.files : undefined,
			inodesUsed: found.files > 0 ? found.files - found.ffree : undefined,
		};
	} finally {
		clearTimeout(timer);
		options.signal?.removeEventListener('abort', onAbort);
	}
}
