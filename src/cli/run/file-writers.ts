/** Tells whether a file is still being written: a runtime may say that a container has ended before its log is whole. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';

function tried<Found>(read: () => Found, otherwise: Found): Found {
	try {
		return read();
	} catch {
		// Gone meanwhile, or not for us to see.
		return otherwise;
	}
}

/** Source: proc_pid_fdinfo(5): flags in octal, their lowest two bits the access mode. */
function isWriter(link: string, file: string): boolean {
	if (tried(() => readlinkSync(link), '') !== file) return false;
	const text = tried(() => readFileSync(link.replace('/fd/', '/fdinfo/'), 'latin1'), '');
	return (Number.parseInt(/^flags:\s*([0-7]+)/mu.exec(text)?.[1] ?? '0', 8) & 3) !== 0;
}

/**
 * Makes a question: has any process of this host the file open for writing? The first answer looks through all of /proc
 * (some milliseconds, synchronously), the later ones only at those that had it.
 */
export function watchWriters(path: string): () => boolean {
	const file = tried(() => realpathSync(path), path);
	let links: readonly string[] | undefined;
	return () => {
		links ??= tried(() => readdirSync('/proc'), [])
			.filter((pid) => /^\d+$/u.test(pid))
			.flatMap((pid) => tried(() => readdirSync(`/proc/${pid}/fd`), []).map((fd) => `/proc/${pid}/fd/${fd}`));
		links = links.filter((link) => isWriter(link, file));
		return links.length > 0;
	};
}
