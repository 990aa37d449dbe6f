import { expect, test } from 'vitest';
import { ownCode } from '../../../../src/runtime/sys/unused-memory.ts';

const program = '/opt/node/bin/node';

function mapping(range: string, permissions: string, file: string, anonymousKb = 0): string {
	return `${range} ${permissions} 00a00000 fe:00 1234                       ${file}\nSize:  4 kB\nAnonymous:  ${anonymousKb} kB\nVmFlags: rd ex\n`;
}

test('finds code of the program that nobody has changed, and nothing else', () => {
	const smaps = [
		mapping('00400000-00a00000', 'r--p', program, 12),
		mapping('00a00000-02a00000', 'r-xp', program),
		mapping('02a00000-02b00000', 'r-xp', program, 4),
		mapping('02b00000-02c00000', 'rw-p', program, 64),
		mapping('7f0000000000-7f0000100000', 'r-xp', '/usr/lib/libc.so.6'),
		mapping('7f0000200000-7f0000300000', 'rwxp', ''),
	].join('');
	expect(ownCode(smaps, program)).toEqual([{ start: 0xa00000n, length: 0x2000000n }]);
	expect(ownCode('', program)).toEqual([]);
});
