/** The screen follows the terminal, whatever its size and however fast it changes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { differences } from '../helpers/golden.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);
const config = '[ui]\nstats_seconds = 3600\n';

describe.skipIf(missing)(`resizing${missing ?? ''}`, () => {
	let node: FakeNode;
	let tui: Tui;
	beforeAll(async () => {
		node = await startFakeNode();
		tui = node.start({
			columns: 120,
			rows: 40,
			args: ['-r', node.endpoint, '--config', node.writeFile('config.toml', config)],
		});
		await tui.until(/live[\s\S]*OOMKilled/);
		await tui.untilQuiet(700);
	});
	afterAll(async () => {
		await tui.stop();
		await node[Symbol.asyncDispose]();
	});

	test('a storm of 200 sizes, tiny and huge, ends in the right screen', async () => {
		const before = tui.styledScreen();
		for (let turn = 0; turn < 200; turn++) {
			const [columns, rows] = [
				[1, 1],
				[300, 100],
				[2, 50],
				[80, 24],
				[250, 1],
				[40, 12],
				[59, 16],
				[60, 15],
				[160, 17],
				[7, 7],
			][turn % 10] as [number, number];
			tui.resize(columns, rows);
			if (turn % 20 === 0) await tui.untilQuiet(20);
		}
		tui.resize(120, 40);
		await tui
			.until(() => tui.styledScreen() === before)
			.catch((error: unknown) => {
				throw new Error(differences(before, tui.styledScreen()), { cause: error });
			});
	});

	test('each size shows what it has room for, and no row is broken', async () => {
		for (const [columns, rows, shown] of [
			[1, 1, /^.?$/],
			[20, 3, /quit|help|etcd/],
			[40, 12, /1 pods/],
			[60, 16, /4 Log/],
			[80, 24, /3 Images/],
			[160, 24, /4 Log/],
			[300, 100, /sha256:[0-9a-f]{64}/],
		] as const) {
			tui.resize(columns, rows);
			await tui.until(shown);
			if (rows >= 6 && columns >= 20) {
				await tui.until(() => {
					const shownRows = tui.screen().split('\n');
					return shownRows[0]?.length === columns && /quit *$/.test(shownRows.at(-1) ?? '');
				});
			}
			expect(tui.screen().split('\n')).toHaveLength(rows);
			if (rows >= 6 && columns >= 20) {
				const [first] = tui.screen().split('\n');
				expect(first).toMatch(/^worker-1.*live$/);
				expect(first).toHaveLength(columns);
				expect(tui.screen().split('\n').at(-1)).toMatch(/quit *$/);
			}
		}
	});

	test('the line that is typed stays in view at every width', async () => {
		tui.resize(80, 24);
		await tui.press('/');
		tui.type('a-rather-long-filter-that-nothing-will-match');
		await tui.until(/filter-that-nothing-will-match$/m);
		tui.resize(24, 10);
		await tui.until(/nothing-will-match$/m);
		await tui.press('<escape>');
		tui.resize(120, 40);
		await tui.until('Pods (8)');
	});
});
