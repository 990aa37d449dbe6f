/**
 * Where the escape or control sequence that starts at `start` (ESC or 8-bit CSI) ends, for those who drop it.
 * Strings (OSC, DCS, APC, PM, SOS) go with their content, unless they never end.
 *
 * Source: ECMA-48 5.4 (control sequences), 5.6 (control strings).
 */
export function skipSequence(line: string, start: number): number {
	let index = start + 1;
	if (line.charCodeAt(start) === 0x1b) {
		const kind = line.charAt(index);
		if (kind === ']' || kind === 'P' || kind === '_' || kind === '^' || kind === 'X') {
			return skipString(line, index + 1);
		}
		if (kind !== '[') {
			while (isWithin(line, index, 0x20, 0x2f)) index++;
			return isWithin(line, index, 0x30, 0x7e) ? index + 1 : index;
		}
		index++;
	}
	while (isWithin(line, index, 0x20, 0x3f)) index++;
	return isWithin(line, index, 0x40, 0x7e) ? index + 1 : index;
}

function skipString(line: string, start: number): number {
	for (let index = start; index < line.length; index++) {
		const code = line.charCodeAt(index);
		if (code === 0x07 || code === 0x9c) return index + 1;
		if (code === 0x1b) return line.charAt(index + 1) === '\\' ? index + 2 : index;
	}
	// Nobody ended it: better to show what follows than to let it blank the line.
	return start;
}

function isWithin(line: string, index: number, first: number, last: number): boolean {
	const code = line.charCodeAt(index);
	return code >= first && code <= last;
}

/** The parameters of the sequence `line[start, end)` when it is an SGR ("…m"), else `undefined`. */
export function sgrParameters(line: string, start: number, end: number): string | undefined {
	const from = line.charCodeAt(start) === 0x9b ? start + 1 : start + 2;
	if (line.charAt(end - 1) !== 'm') {
		return undefined;
	}
	if (line.charCodeAt(start) === 0x1b && line.charAt(start + 1) !== '[') {
		return undefined;
	}
	const parameters = line.slice(from, end - 1);
	return /^[\d;:]*$/.test(parameters) ? parameters : undefined;
}
