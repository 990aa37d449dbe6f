/**
 * Golden screens of a node that runs nothing, on a runtime that could run the demo and names what its machine does not
 * allow. test/e2e/embedded.test.ts has the real runtime do both.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFakeTransfers } from '../fakes/transfer-service.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

const limits = {
	sentences: [
		'criscope itself lacks CAP_SYS_RESOURCE; containers that ask for what it lacks get the rest',
		'AppArmor is not enabled; its profiles are not applied',
	],
	words: ['no CAP_SYS_RESOURCE', 'no AppArmor'],
};

const terminals = [
	['truecolor', {}, 80, 24],
	['truecolor', {}, 120, 40],
	['truecolor', {}, 40, 12],
	['truecolor', {}, 160, 40],
	['nocolor', { NO_COLOR: '1' }, 80, 24],
	['ascii', { LANG: 'C' }, 80, 24],
] as const;

/** The folder of the fake has another name each time; on a narrow screen only its beginning is seen. */
const withoutFolder = (screen: string): string =>
	screen.replaceAll(/criscope-node-\w{6}/g, 'criscope-node-XXXXXX');

describe.skipIf(missing !== undefined)(`a node that runs nothing${missing ?? ''}`, () => {
	let node: FakeNode;
	beforeAll(async () => {
		node = await startFakeNode({ pods: 0, containers: 0, transfers: createFakeTransfers() });
		const conditions = ['RuntimeReady', 'NetworkReady'].map((type) => ({ type, status: true }));
		node.server.answers.set('Status', {
			status: { conditions },
			info: { limits: JSON.stringify(limits) },
		});
	});
	afterAll(() => node[Symbol.asyncDispose]());

	test.each(terminals)('%s %o %dx%d', async (terminal, env, columns, rows) => {
		await using tui = node.start({ env, columns, rows });
		await tui.until(/E starts a\s+demo/);
		if (columns >= 60) await tui.until(/2 limits|no AppArmor/);
		await tui.until(columns >= 60 ? 'images 1' : 'live');
		await tui.matches(`empty-${terminal}-${columns}x${rows}`);
		await tui.press('E');
		await tui.until('Cancel');
		await tui.matches(`empty-demo-${terminal}-${columns}x${rows}`);
		await tui.press('<escape>');
		await tui.press('R');
		await tui.until('does not allow');
		await tui.matches(`empty-limits-${terminal}-${columns}x${rows}`, { mask: withoutFolder });
	});

	test('a read-only session is offered nothing, and a key says why', async () => {
		await using tui = node.start({ args: ['-r', node.endpoint, '--read-only'], columns: 80, rows: 24 });
		await tui.until('This node runs no pods.');
		await tui.until('2 limits');
		await tui.press('E');
		await tui.until(/[Rr]ead-only: |read-only/);
		expect(tui.screen()).not.toContain('starts a demo');
		expect(tui.screen()).not.toContain('Cancel');
	});
});
