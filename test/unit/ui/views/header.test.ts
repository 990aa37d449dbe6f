import { expect, test } from 'vitest';
import { parseStatusLimits } from '../../../../src/cri/status-limits.ts';
import { updateConnection } from '../../../../src/ui/store/slices/connection.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { headerLines } from '../../../../src/ui/views/header.tsx';
import { pickerLines } from '../../../../src/ui/views/picker.tsx';
import { emptyState } from '../fixtures.ts';

const info = JSON.stringify({
	sentences: ['criscope itself lacks CAP_SYS_RESOURCE', 'control groups are \u001b[31mversion 1'],
	words: ['no CAP_SYS_RESOURCE', 'cgroup v1'],
});

function limited(): UiState {
	const state = emptyState();
	const limits = parseStatusLimits({ limits: info });
	return { ...state, connection: updateConnection(state.connection, { kind: 'limitsReceived', limits }) };
}

const textOf = (lines: readonly (readonly { readonly text: string }[])[]) =>
	lines.map((line) => line.map(({ text }) => text).join('')).join('\n');

test('the header counts the limits of the machine, and names them where there is room', () => {
	expect(textOf(headerLines(limited(), 80, 2))).toContain('2 limits ');
	expect(textOf(headerLines(limited(), 160, 2))).toContain('no CAP_SYS_RESOURCE, cgroup v1');
	expect(textOf(headerLines(emptyState(), 160, 2))).not.toMatch(/limit/);
});

test('the picker says them in full, cleaned', () => {
	const text = textOf(pickerLines(limited(), { columns: 80, rows: 20 }));
	expect(text).toContain('- criscope itself lacks CAP_SYS_RESOURCE');
	expect(text).toContain('- control groups are ');
	expect(text).not.toContain('\u001b[31m');
});

test('another runtime has limits of its own', () => {
	const { connection } = limited();
	const other = updateConnection(connection, { kind: 'endpointChosen', endpoint: 'unix:///other.sock' });
	expect(other.limits).toEqual([]);
});

test.each(['', 'nonsense', '{}', '{"sentences":"x"}', '{"sentences":[1]}'])(
	'%j tells of no limit',
	(text) => {
		expect(parseStatusLimits({ limits: text })).toEqual([]);
	},
);

test.each([
	[80, 0.5, /images 2\.0M \(8%\)/, undefined],
	[80, 0.9, /images 2\.0M disk 90%$/m, 'warn'],
	[80, 0.996, /images 2\.0M disk 99%$/m, 'fail'],
	[120, 1, /images 2\.0M disk 100% full$/m, 'fail'],
] as const)(
	'at %d columns a disk that is full to %d says so in place of the share of the images',
	(...row) => {
		const [columns, fullRatio, words, token] = row;
		const state = emptyState({ columns, rows: 24 });
		const connection = updateConnection(state.connection, {
			kind: 'imageFsReceived',
			filesystems: [
				{ timestampNanos: 0n, mountpoint: '/images', usedBytes: 2n << 20n, inodesUsed: undefined },
			],
			capacityBytes: 25n << 20n,
			fullRatio,
		});
		const lines = headerLines({ ...state, connection }, columns, 2);
		expect(textOf(lines)).toMatch(words);
		expect(lines.flat().find(({ text }) => text.startsWith('disk'))?.token).toBe(token);
	},
);
