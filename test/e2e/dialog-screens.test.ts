/** Every confirmation as golden screens: the box alone, since the panes behind it have their own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** The rows and columns between the corners of the dialog. */
function boxOf(screen: string): string {
	const rows = screen.split('\n');
	const top = rows.findIndex((row) => /[┌+][─-]+ \w.*[┐+]/.test(row));
	const left = rows[top]?.search(/[┌+]/) ?? 0;
	const bottom = rows.findIndex((row, index) => index > top && /^[└+]/.test(row.slice(left)));
	return rows
		.slice(top, bottom + 1)
		.map((row) => row.slice(left).replace(/([┐│┘|+]).{0,12}$/u, '$1'))
		.join('\n');
}

/** Keys from the start of the program to an open dialog, and its title. */
const dialogs = [
	['stop-container', '2 S', 'Stop container'],
	['kill-container', '2 K', 'Kill container'],
	['remove-container', '2 D', 'Remove container'],
	['stop-pod', '1 S', 'Stop pod'],
	['remove-pod', '1 D', 'Remove pod'],
	['kill-pod', '1 K', /Kill (\d )?container/],
	['stop-marked', '2 a * S', /Stop \d+ containers/],
	['prune', 'X', 'Prune this node'],
] as const;

const sizes = [
	[80, 24],
	[120, 40],
	[40, 12],
] as const;

describe.skipIf(missing)(`dialogs${missing ?? ''}`, () => {
	let node: FakeNode;
	beforeAll(async () => {
		node = await startFakeNode();
		node.state.addImage('registry.example.com/left/over:1');
	});
	afterAll(() => node[Symbol.asyncDispose]());

	const cases = sizes.flatMap(([columns, rows]) => [[columns, rows, 'unicode', {}] as const]);

	test.each([...cases, [80, 24, 'ascii', { LANG: 'C', NO_COLOR: '1' }] as const])(
		'%dx%d %s',
		async (columns, rows, name, env) => {
			await using tui = node.start({ columns, rows, env });
			await tui.until('live');
			await tui.untilQuiet(700);
			for (const [dialog, keys, title] of dialogs) {
				await tui.press(keys);
				await tui.until(title);
				await tui.matches(`dialog-${dialog}-${name}-${columns}x${rows}`, { styles: false, mask: boxOf });
				await tui.press('n');
				await tui.until(() => !tui.screen().includes('Cancel ]'));
				if (keys.includes('a')) await tui.press('u a');
			}
			expect(node.server.callCounts.get('StopContainer') ?? 0).toBe(0);
		},
	);
});
