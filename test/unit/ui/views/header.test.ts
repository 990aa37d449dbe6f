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
