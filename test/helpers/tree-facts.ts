import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/**
 * What a tree consists of, one line an entry, sorted: name (escaped), kind, mode, owner, size, device, links, time of the
 * last change, target or digest of the content. Two trees are the same when these are. Folders' own times count only
 * where `folderTimes` says so: mounting makes some of them anew.
 */
export function treeFacts(
	rootDir: string,
	options: { readonly folderTimes?: boolean } = {},
): readonly string[] {
	const facts: string[] = [];
	/** inode to the first name it had. */
	const firstNames = new Map<string, string>();
	const visit = (dir: Buffer, inside: string) => {
		const names = readdirSync(dir, { encoding: 'buffer' }).sort(Buffer.compare);
		for (const name of names) {
			const full = Buffer.concat([dir, Buffer.from('/'), name]);
			const shown = `${inside}/${name.toString('latin1')}`;
			const stat = lstatSync(full, { bigint: true });
			const inode = `${stat.dev}:${stat.ino}`;
			const first = firstNames.get(inode);
			firstNames.set(inode, first ?? shown);
			const isFolder = stat.isDirectory();
			facts.push(
				[
					JSON.stringify(shown),
					stat.mode.toString(8),
					`${stat.uid}:${stat.gid}`,
					isFolder ? '' : `${stat.size} bytes`,
					stat.isCharacterDevice() || stat.isBlockDevice() ? `device ${stat.rdev}` : '',
					isFolder && options.folderTimes !== true ? '' : timeOf(stat.mtimeNs),
					first !== undefined && !isFolder ? `is ${first}` : '',
					stat.isSymbolicLink() ? `to ${JSON.stringify(readlinkSync(full, 'latin1'))}` : '',
					stat.isFile() ? createHash('sha256').update(readFileSync(full)).digest('hex') : '',
				].join(' '),
			);
			if (isFolder) visit(full, shown);
		}
	};
	visit(Buffer.from(rootDir), '');
	return facts;
}

/** Podman sets what is older than 1970 to 1970, and a layer's own word may be kept as well. */
function timeOf(nanos: bigint): string {
	return nanos < 0n ? '0' : `${nanos}`;
}
