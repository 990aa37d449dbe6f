/** The records of an extended header. Source: POSIX pax, "pax Extended Header". */
import type { ByteString } from './byte-string.ts';
import { TarFormatError } from './tar-error.ts';

const textKeys = new Set(['path', 'linkpath', 'uname', 'gname']);

/**
 * Reads the records `<length> <key>=<value>\n` of a header. The offsets and lengths of GNU's sparse format 0.0, which
 * repeats keys, come out as one record `GNU.sparse.map`, as format 0.1 has it.
 * @throws TarFormatError
 */
export function parsePaxRecords(content: Buffer): Map<string, ByteString> {
	const records = new Map<string, ByteString>();
	const sparse: string[] = [];
	let at = 0;
	while (at < content.length) {
		const space = content.indexOf(0x20, at);
		const lengthText = space < 0 ? '' : content.toString('latin1', at, space);
		const end = at + Number(lengthText);
		if (!/^[0-9]{1,9}$/.test(lengthText) || end > content.length || content[end - 1] !== 0x0a)
			throw new TarFormatError('its extended header holds a record of a wrong length');
		const equals = content.indexOf(0x3d, space);
		if (equals < 0 || equals >= end || equals === space + 1)
			throw new TarFormatError('its extended header holds a record without a key');
		const key = content.toString('latin1', space + 1, equals);
		const value = content.toString('latin1', equals + 1, end - 1);
		if (key.includes('\0') || (textKeys.has(key) && value.includes('\0')))
			throw new TarFormatError('its extended header holds a name with a NUL in it');
		if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') {
			if ((key === 'GNU.sparse.offset') !== (sparse.length % 2 === 0) || value.includes(','))
				throw new TarFormatError('its extended header holds a sparse map out of order');
			sparse.push(value);
		} else records.set(key, value);
		at = end;
	}
	if (sparse.length > 0) records.set('GNU.sparse.map', sparse.join(','));
	return records;
}
