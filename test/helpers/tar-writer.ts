/** Writes tar archives with whatever a layer may hold. Source: POSIX pax and ustar, GNU tar's own records. */

/** One entry. What is absent is what a plain file or folder of root has. */
export type TarEntry = {
	/** Bytes where the name is not UTF-8. */
	readonly path: string | Buffer;
	/** By default a hard link or symbolic link with `target`, a file with `content`, a folder with neither. */
	readonly kind?: 'file' | 'folder' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
	readonly mode?: number;
	readonly uid?: number;
	readonly gid?: number;
	/** Whole seconds go into the header, a fraction into a PAX record. */
	readonly mtimeSeconds?: number;
	readonly content?: Uint8Array | string;
	readonly target?: string;
	readonly major?: number;
	readonly minor?: number;
	/** As SCHILY.xattr records. */
	readonly xattrs?: Readonly<Record<string, Uint8Array | string>>;
	/** A GNU sparse file of format 1.0: `content` is what lies at the offsets, in order. */
	readonly sparse?: {
		readonly realBytes: number;
		readonly pieces: readonly { readonly offset: number; readonly bytes: number }[];
	};
	/** How a name that does not fit is written. */
	readonly longNames?: 'pax' | 'gnu';
	/** More PAX records. */
	readonly pax?: Readonly<Record<string, string>>;
};

const blockBytes = 512;
const endBlocks = Buffer.alloc(2 * blockBytes);
/** What has another than a file's: links as the kernel makes them. */
const defaultModes: { readonly [kind in TarEntry['kind'] & string]?: number } = {
	folder: 0o755,
	symlink: 0o777,
};

const kindFlags = {
	file: '0',
	hardlink: '1',
	symlink: '2',
	character: '3',
	block: '4',
	folder: '5',
	fifo: '6',
} as const;

/** When everything was made, unless an entry says something else. */
export const archiveTimeSeconds = 1_767_323_045;

/** A whole archive, with the two blocks of zeros at its end. */
export function writeTar(entries: readonly TarEntry[]): Buffer {
	return Buffer.concat([...entries.flatMap(entryParts), endBlocks]);
}

function entryParts(entry: TarEntry): Buffer[] {
	const kind = entry.kind ?? kindOf(entry);
	const name = Buffer.concat([
		Buffer.from(entry.path as string),
		Buffer.from(kind === 'folder' && !String(entry.path).endsWith('/') ? '/' : ''),
	]);
	const target = Buffer.from(entry.target ?? '');
	const sparseMap = entry.sparse === undefined ? Buffer.alloc(0) : padded(sparseTable(entry.sparse.pieces));
	const content = Buffer.concat([sparseMap, Buffer.from((entry.content ?? '') as string)]);
	const mtime = entry.mtimeSeconds ?? archiveTimeSeconds;
	const records: [string, Buffer][] = Object.entries(entry.pax ?? {}).map(([key, value]) => [
		key,
		Buffer.from(value),
	]);
	const parts: Buffer[] = [];
	const long = entry.longNames ?? 'pax';
	if (entry.sparse !== undefined) {
		records.push(
			['GNU.sparse.major', Buffer.from('1')],
			['GNU.sparse.minor', Buffer.from('0')],
			['GNU.sparse.name', name],
			['GNU.sparse.realsize', Buffer.from(`${entry.sparse.realBytes}`)],
		);
	} else if (name.length > 100) {
		if (long === 'pax') records.push(['path', name]);
		else parts.push(...gnuLongRecord('L', name));
	}
	if (target.length > 100) {
		if (long === 'pax') records.push(['linkpath', target]);
		else parts.push(...gnuLongRecord('K', target));
	}
	if (!Number.isInteger(mtime)) records.push(['mtime', Buffer.from(`${mtime}`)]);
	for (const [key, value] of Object.entries(entry.xattrs ?? {})) {
		records.push([`SCHILY.xattr.${key}`, Buffer.from(value as string)]);
	}
	if (records.length > 0) {
		const bytes = Buffer.concat(records.map(paxRecord));
		parts.push(
			header({ name: Buffer.from('PaxHeaders/entry'), flag: 'x', sizeBytes: bytes.length }),
			padded(bytes),
		);
	}
	const headerName = entry.sparse === undefined ? name : Buffer.from('GNUSparseFile.0/entry');
	parts.push(
		header({
			name: headerName,
			flag: kindFlags[kind],
			sizeBytes: content.length,
			mode: entry.mode ?? defaultModes[kind] ?? 0o644,
			uid: entry.uid ?? 0,
			gid: entry.gid ?? 0,
			mtimeSeconds: Math.floor(mtime),
			target,
			major: entry.major ?? 0,
			minor: entry.minor ?? 0,
		}),
		padded(content),
	);
	return parts;
}

function kindOf(entry: TarEntry): keyof typeof kindFlags {
	if (entry.target !== undefined) return 'symlink';
	return entry.content === undefined ? 'folder' : 'file';
}

function header(fields: {
	readonly name: Buffer;
	readonly flag: string;
	readonly sizeBytes: number;
	readonly mode?: number;
	readonly uid?: number;
	readonly gid?: number;
	readonly mtimeSeconds?: number;
	readonly target?: Buffer;
	readonly major?: number;
	readonly minor?: number;
}): Buffer {
	const block = Buffer.alloc(blockBytes);
	fields.name.copy(block, 0, 0, 100);
	number(block, 100, 8, fields.mode ?? 0o644);
	number(block, 108, 8, fields.uid ?? 0);
	number(block, 116, 8, fields.gid ?? 0);
	number(block, 124, 12, fields.sizeBytes);
	number(block, 136, 12, fields.mtimeSeconds ?? archiveTimeSeconds);
	block.write(fields.flag, 156);
	fields.target?.copy(block, 157, 0, 100);
	block.write('ustar\0', 257);
	block.write('00', 263);
	number(block, 329, 8, fields.major ?? 0);
	number(block, 337, 8, fields.minor ?? 0);
	// The checksum is taken with its own field as blanks.
	block.fill(' ', 148, 156);
	const sum = block.reduce((total, byte) => total + byte, 0);
	block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
	return block;
}

/** Octal, or GNU's base 256 where the value does not fit or is negative. */
function number(block: Buffer, offset: number, width: number, value: number): void {
	if (value >= 0 && value < 8 ** (width - 1)) {
		block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
		return;
	}
	let rest = BigInt.asUintN(width * 8 - 8, BigInt(value));
	for (let at = offset + width - 1; at > offset; at -= 1) {
		block[at] = Number(rest & 0xffn);
		rest >>= 8n;
	}
	block[offset] = value < 0 ? 0xff : 0x80;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord([key, value]: readonly [string, Buffer]): Buffer {
	const restBytes = Buffer.byteLength(key) + value.length + 3;
	let digits = 1;
	while (`${restBytes + digits}`.length !== digits) digits += 1;
	return Buffer.concat([Buffer.from(`${restBytes + digits} ${key}=`), value, Buffer.from('\n')]);
}

function gnuLongRecord(flag: 'L' | 'K', value: Buffer): Buffer[] {
	const bytes = Buffer.concat([value, Buffer.from('\0')]);
	return [header({ name: Buffer.from('././@LongLink'), flag, sizeBytes: bytes.length }), padded(bytes)];
}

function sparseTable(pieces: readonly { readonly offset: number; readonly bytes: number }[]): Buffer {
	const numbers = [pieces.length, ...pieces.flatMap(({ offset, bytes }) => [offset, bytes])];
	return Buffer.from(`${numbers.join('\n')}\n`);
}

function padded(bytes: Buffer): Buffer {
	const rest = bytes.length % blockBytes;
	return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(blockBytes - rest)]);
}
