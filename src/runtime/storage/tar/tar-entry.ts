import type { ByteString } from './byte-string.ts';
import type { HeaderBlock } from './header-block.ts';
import { decimalField, paxTime } from './numbers.ts';
import { paxSparsePieces, type SparsePiece } from './sparse-map.ts';
import { TarFormatError } from './tar-error.ts';

/** What an entry makes. `global` is an extended header for all that follows, which container tools ignore. */
export type TarEntryType =
	| 'file'
	| 'hardlink'
	| 'symlink'
	| 'char'
	| 'block'
	| 'directory'
	| 'fifo'
	| 'global';

/** One entry of a tar, after all its headers. */
export type TarEntry = {
	readonly type: TarEntryType;
	/** As it stands, not cleaned. */
	readonly name: ByteString;
	readonly linkName: ByteString;
	readonly mode: number;
	readonly uid: number;
	readonly gid: number;
	readonly mtimeSeconds: number;
	readonly mtimeNanos: number;
	readonly major: number;
	readonly minor: number;
	/** Size of the file once unpacked. */
	readonly sizeBytes: number;
	/** Bytes that follow in the archive; differs from sizeBytes for a sparse file only. */
	readonly storedBytes: number;
	readonly xattrs: readonly (readonly [name: ByteString, value: ByteString])[];
	/** Undefined for a file that is whole. */
	readonly sparse: readonly SparsePiece[] | undefined;
};

/** What extended headers and long names said about the entry that follows. */
export type EntryExtensions = {
	records: ReadonlyMap<string, ByteString> | undefined;
	longName: ByteString | undefined;
	longLink: ByteString | undefined;
};

const typesByFlag: Readonly<Record<string, TarEntryType | undefined>> = {
	'0': 'file',
	'\0': 'file',
	'7': 'file',
	S: 'file',
	'1': 'hardlink',
	'2': 'symlink',
	'3': 'char',
	'4': 'block',
	'5': 'directory',
	'6': 'fifo',
};

const xattrPrefix = 'SCHILY.xattr.';
const noXattrs: TarEntry['xattrs'] = [];

/** How the map of a sparse file is stored. */
export type SparseFormat = 'none' | 'old' | 'pax' | 'paxText';

/** Where the sparse map of an entry is to be found. */
export function sparseFormatOf(block: HeaderBlock, records: EntryExtensions['records']): SparseFormat {
	if (block.typeFlag === 'S') return 'old';
	if (records === undefined) return 'none';
	const major = records.get('GNU.sparse.major');
	const minor = records.get('GNU.sparse.minor');
	if (major === '1' && minor === '0') return 'paxText';
	if (major === '0' && (minor === '0' || minor === '1')) return 'pax';
	if (major === undefined && minor === undefined && records.has('GNU.sparse.map')) return 'pax';
	return 'none';
}

/**
 * Puts the header and what extends it together. The map of a file of sparse format `old` or `paxText` is set later, for
 * it follows the header.
 * @throws TarFormatError naming the entry
 */
export function entryOf(block: HeaderBlock, extensions: EntryExtensions): TarEntry {
	const records = extensions.records;
	const name = extensions.longName ?? nonEmpty(records?.get('path')) ?? block.name;
	try {
		return merged(block, extensions, nonEmpty(records?.get('GNU.sparse.name')) ?? name);
	} catch (error) {
		if (error instanceof TarFormatError) throw new TarFormatError(error.message, name);
		throw error;
	}
}

function merged(block: HeaderBlock, extensions: EntryExtensions, name: ByteString): TarEntry {
	const records = extensions.records;
	let type = typesByFlag[block.typeFlag];
	if (type === undefined) throw new TarFormatError(`its type ${JSON.stringify(block.typeFlag)} is unknown`);
	// The oldest archives know no directories but by this.
	if (block.typeFlag === '\0' && name.endsWith('/')) type = 'directory';
	const number = (key: string, otherwise: number) => {
		const text = nonEmpty(records?.get(key));
		return text === undefined ? otherwise : decimalField(text, key);
	};
	const mtime = nonEmpty(records?.get('mtime'));
	const time = mtime === undefined ? { seconds: block.mtimeSeconds, nanos: 0 } : paxTime(mtime, 'mtime');
	const claimedBytes = number('size', block.sizeBytes);
	if (claimedBytes < 0) throw new TarFormatError('its size is negative');
	const storedBytes = type === 'file' ? claimedBytes : 0;
	const sparse = sparseFormatOf(block, records);
	if (sparse !== 'none' && type !== 'file')
		throw new TarFormatError('it is no file, and has a sparse map all the same');
	return {
		type,
		name,
		linkName: extensions.longLink ?? nonEmpty(records?.get('linkpath')) ?? block.linkName,
		mode: block.mode,
		uid: number('uid', block.uid),
		gid: number('gid', block.gid),
		mtimeSeconds: time.seconds,
		mtimeNanos: time.nanos,
		major: number('SCHILY.devmajor', block.major),
		minor: number('SCHILY.devminor', block.minor),
		sizeBytes:
			sparse === 'none' ? storedBytes : number('GNU.sparse.size', number('GNU.sparse.realsize', storedBytes)),
		storedBytes,
		xattrs: records === undefined ? noXattrs : xattrsOf(records),
		sparse: sparse === 'pax' && records !== undefined ? paxSparsePieces(records) : undefined,
	};
}

function xattrsOf(records: ReadonlyMap<string, ByteString>): TarEntry['xattrs'] {
	const xattrs: [ByteString, ByteString][] = [];
	for (const [key, value] of records) {
		if (key.startsWith(xattrPrefix)) xattrs.push([key.slice(xattrPrefix.length), value]);
	}
	return xattrs.length === 0 ? noXattrs : xattrs;
}

/** An empty record takes nothing away from the header, as Go reads it. */
function nonEmpty(text: ByteString | undefined): ByteString | undefined {
	return text === '' ? undefined : text;
}

/** Nothing was said. */
export function noExtensions(): EntryExtensions {
	return { records: undefined, longName: undefined, longLink: undefined };
}
