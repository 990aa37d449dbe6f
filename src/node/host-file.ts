import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the facts of a host are read from, and until when. */
export type HostOptions = {
	/** Folder that stands for `/`; tests point it at a fixture tree, a container at its host mount. */
	readonly root?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	/**
	 * Reads what lies in /proc, /sys and /etc on this thread: a file there takes microseconds, the way to another thread and
	 * back milliseconds on a busy host. For a program that shows nothing meanwhile.
	 */
	readonly atOnce?: boolean | undefined;
};

const defaultLimitBytes = 1 << 20;

/**
 * Turns an absolute path of the host into the path to open under the chosen root.
 */
export function hostPath(path: string, { root = '/' }: HostOptions = {}): string {
	return root === '/' ? path : join(root, path);
}

/** Where the kernel makes the files up, or where the system's own disk is, without which nothing would run. */
const near = /^\/(?:proc|sys|etc)\//;

function readNow(path: string, limitBytes: number): Buffer {
	const file = openSync(path, 'r');
	try {
		const chunks: Buffer[] = [];
		for (let total = 0; total < limitBytes; ) {
			const chunk = Buffer.allocUnsafe(Math.min(16_384, limitBytes - total));
			const bytesRead = readSync(file, chunk);
			if (bytesRead === 0) break;
			chunks.push(chunk.subarray(0, bytesRead));
			total += bytesRead;
		}
		return Buffer.concat(chunks);
	} finally {
		closeSync(file);
	}
}

/**
 * Reads a small text file of the host; what cannot be read is absent.
 * At most `limitBytes` (default 1 MiB) are read, so that a wrong path can never fill the memory. Files of /proc and
 * of cgroups report size 0, hence the reading until the end instead of by size.
 * @throws the reason of `signal` when it was aborted; never for a missing or unreadable file.
 */
export async function readHostFile(
	path: string,
	options: HostOptions & { readonly limitBytes?: number | undefined } = {},
): Promise<string | undefined> {
	options.signal?.throwIfAborted();
	const limitBytes = options.limitBytes ?? defaultLimitBytes;
	const chunks: Buffer[] = [];
	let total = 0;
	try {
		// Of a named pipe the open alone would wait; nobody puts one there.
		if (options.atOnce && near.test(path))
			return readNow(hostPath(path, options), limitBytes).toString('utf8');
		await using file = await open(hostPath(path, options), 'r');
		while (total < limitBytes) {
			const chunk = Buffer.allocUnsafe(Math.min(16_384, limitBytes - total));
			const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
			if (bytesRead === 0) break;
			chunks.push(chunk.subarray(0, bytesRead));
			total += bytesRead;
			if (options.signal?.aborted) break;
		}
	} catch {
		return undefined;
	}
	options.signal?.throwIfAborted();
	return Buffer.concat(chunks).toString('utf8');
}

/**
 * Reads a file that holds one short value, such as a hostname; blank counts as absent.
 */
export async function readHostLine(path: string, options: HostOptions = {}): Promise<string | undefined> {
	const text = await readHostFile(path, { ...options, limitBytes: 4096 });
	const line = text?.split('\n', 1)[0]?.trim();
	return line === '' ? undefined : line;
}

/**
 * Lists a folder of the host; a missing or unreadable folder is absent, an empty one is `[]`.
 */
export async function listHostFolder(
	path: string,
	options: HostOptions = {},
): Promise<readonly string[] | undefined> {
	options.signal?.throwIfAborted();
	try {
		if (options.atOnce && near.test(`${path}/`)) return readdirSync(hostPath(path, options));
		return await readdir(hostPath(path, options));
	} catch {
		return undefined;
	}
}

/**
 * Parses lines of the form `key value` (cpu.stat, memory.stat, memory.events) into a map of big numbers.
 */
export function parseKeyedNumbers(text: string): ReadonlyMap<string, bigint> {
	const values = new Map<string, bigint>();
	for (const line of text.split('\n')) {
		const match = /^(\S+) (-?\d+)$/.exec(line.trim());
		if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], BigInt(match[2]));
	}
	return values;
}
