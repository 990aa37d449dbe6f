import { expect, test } from 'vitest';
import { cpuCell, imageCell, memoryCell, nameCell } from '../../../../src/ui/resources/cells.ts';

const textOf = (cell: ReturnType<typeof imageCell>) => cell.map(({ text }) => text).join('');
const nginx = 'docker.io/library/nginx:1.27';

test('an image that does not fit keeps its tag', () => {
	expect(textOf(imageCell(nginx, [], 14))).toBe('…ry/nginx:1.27');
	expect(textOf(imageCell(nginx, [], 28))).toBe(nginx);
	expect(textOf(imageCell(nginx, [], 27))).toBe('…cker.io/library/nginx:1.27');
});

test('what the filter matched is marked where it is still seen', () => {
	const cell = imageCell(
		nginx,
		[
			{ start: 0, end: 6 },
			{ start: 18, end: 23 },
		],
		14,
	);
	expect(textOf(cell)).toBe('…ry/nginx:1.27');
	expect(cell.filter(({ token }) => token === 'match').map(({ text }) => text)).toEqual(['nginx']);
});

test('a digest, and a name that is more than letters, are cut at the end by whoever places the cell', () => {
	for (const name of [`app@sha256:${'0'.repeat(64)}`, `字${'x'.repeat(30)}`, `\x1b[31m${'x'.repeat(30)}`]) {
		expect(textOf(imageCell(name, [], 10))).not.toMatch(/^…/);
	}
});

test('a little CPU without a limit looks little, and steady memory neither empty nor full', () => {
	const idle = textOf(cpuCell(2, undefined, [2, 2, 2, 2], 20));
	expect(idle).toMatch(/[▁▂]/);
	expect(idle).not.toMatch(/[▄▅▆▇█]/);
	expect(textOf(cpuCell(1500, undefined, [1500, 1500], 20))).toMatch(/█/);
	expect(textOf(memoryCell(1e6, undefined, [1e6, 1e6], 20))).toMatch(/▆/);
	expect(textOf(cpuCell(95, 100, [95, 95], 20))).toMatch(/█/);
});

test('a name that does not fit keeps its beginning and its end, which tells replicas apart', () => {
	const name = 'worker-with-a-rather-long-name-17';
	expect(textOf(nameCell(name, [], 20))).toBe('worker-with-a…ame-17');
	expect(textOf(nameCell(name, [], 33))).toBe(name);
	// Too narrow for both ends, and characters that are not cells: cut by whoever places the cell.
	for (const [text, width] of [
		[name, 10],
		[`字${name}`, 20],
	] as const) {
		expect(textOf(nameCell(text, [], width))).toBe(text);
	}
});

test('what the filter matched of a cut name is marked at both its ends', () => {
	const ranges = [
		{ start: 0, end: 6 },
		{ start: 12, end: 15 },
		{ start: 31, end: 33 },
	];
	const cell = nameCell('worker-with-a-rather-long-name-17', ranges, 20);
	expect(textOf(cell)).toBe('worker-with-a…ame-17');
	expect(cell.filter(({ token }) => token === 'match').map(({ text }) => text)).toEqual([
		'worker',
		'a',
		'17',
	]);
});
