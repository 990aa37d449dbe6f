/**
 * Golden screens of what only the second service tells: a pull layer by layer, and what an image is made of. The fake
 * tells the same every time; test/e2e/images.test.ts has the real runtime tell it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFakeTransfers, type FakePull } from '../fakes/transfer-service.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';
import { description, digest, layer, resolved } from '../unit/ui/transfer-fixtures.ts';

const missing = whatIsMissing(...fakeNodeRequirements);
const mib = 1 << 20;
const name = 'docker.io/library/nginx:1.27';

/** A terminal of each kind, with the sizes that it is looked at in. */
const terminals = [
	['truecolor', {}, [[80, 24], [120, 40], [40, 12]]], // biome-ignore format: a table
	['colors16', { TERM: 'linux', COLORTERM: undefined }, [[80, 24]]],
	['nocolor', { NO_COLOR: '1' }, [[80, 24]]],
	['ascii', { LANG: 'C' }, [[80, 24]]],
] as const;

/** Seven layers in every state a pull knows. */
const found = resolved([
	layer(0, { state: 'present', totalBytes: 38 * mib }),
	layer(1, { state: 'done', totalBytes: 10 * mib, transferredBytes: 10 * mib, unpackedBytes: 30 * mib }),
	layer(2, { state: 'verified', totalBytes: 10 * mib, transferredBytes: 10 * mib, unpackedBytes: 9 * mib }),
	layer(3, {
		state: 'transferring',
		totalBytes: 40 * mib,
		transferredBytes: 20 * mib,
		unpackedBytes: 50 * mib,
		source: 'docker.io',
	}),
	layer(4, { totalBytes: 20 * mib }),
	layer(5, { totalBytes: 10 * mib }),
	layer(6, { totalBytes: 10 * mib }),
]);

/** Clocks run on while the screen is waited for. */
const withoutClocks = (screen: string): string => screen.replaceAll(/\b\d:\d\d\b/g, '0:00');

describe.skipIf(missing !== undefined)(`images told layer by layer${missing ?? ''}`, () => {
	const transfers = createFakeTransfers();
	let node: FakeNode;

	beforeAll(async () => {
		node = await startFakeNode({ transfers });
		const [first, second] = node.state.images.keys();
		transfers.descriptions.set(
			first ?? '',
			description(first ?? '', {
				containerIds: ['f'.repeat(64), [...node.state.pods.keys()][0] ?? ''],
				// An age would be another one tomorrow.
				createdAtNanos: undefined,
				damages: ['layer 2: its link file is empty'],
				layers: description('').layers.map((one, index) => ({
					...one,
					sharedWith: index === 0 ? [second ?? '', digest(9)] : [],
				})),
			}),
		);
	});
	afterAll(() => node[Symbol.asyncDispose]());

	async function toImages(tui: Tui, of: string): Promise<void> {
		await tui.until(/live/);
		await tui.press('3');
		await tui.until('▶3 Images'.replace('▶', /[>▶]/.exec(tui.screen())?.[0] ?? '▶'));
		await tui.press(`/ ${of} <enter>`);
		await tui.until(/\(1 of \d+\)/);
	}

	/** Resizes, and waits for the title to reach the new edge. */
	async function resize(tui: Tui, columns: number, rows: number): Promise<void> {
		tui.resize(columns, rows);
		const reaches = (line: string) => line.length === columns && /(closes|live) [━-]$/.test(line);
		await tui.until(() => tui.screen().split('\n').some(reaches));
	}

	/** Begins a pull in the program. */
	async function beginPull(tui: Tui): Promise<FakePull> {
		await tui.press('P');
		await tui.until('Pull image:');
		await tui.press('<ctrl+e> <ctrl+u>');
		tui.type(name);
		await tui.until(`Pull image: ${name}`);
		await tui.press('<enter>');
		return transfers.nextPull();
	}

	test.each(terminals)('a pull, and what an image is made of, on %s', async (terminal, env, sizes) => {
		await using tui = node.start({ env, columns: 80, rows: 24 });
		await toImages(tui, 'pause');
		await tui.press('l');
		await tui.until('Layers (3)');
		for (const [columns, rows] of sizes) {
			await resize(tui, columns, rows);
			await tui.matches(`layers-${terminal}-${columns}x${rows}`);
		}
		tui.resize(80, 24);
		await tui.press('<escape>');
		await tui.until(/1 of \d+/);
		const pull = await beginPull(tui);
		expect(pull.request['image']).toBe(name);
		await tui.press('b');
		await tui.until(/Beginning|looking/);
		pull.say(found, { kind: 'note', text: 'mirror-a.local failed: connection refused' });
		await tui.until('0 B/s');
		for (const [columns, rows] of sizes) {
			await resize(tui, columns, rows);
			await tui.matches(`pull-${terminal}-${columns}x${rows}`, { mask: withoutClocks });
		}
		await tui.press('x');
		await tui.until('cancelled');
		await pull.cancelled;
	});

	test('a pull that fails on the way says why, and keeps what had come', async () => {
		await using tui = node.start({ columns: 80, rows: 24 });
		await tui.until(/live/);
		await tui.press('3');
		const pull = await beginPull(tui);
		pull.say(found);
		await tui.press('b');
		await tui.until('0 B/s');
		pull.fail(14, `cannot pull image "${name}": blob ${digest(4)} ended too soon`);
		await tui.until(/failed +docker\.io/);
		expect(tui.screen()).toContain('040404040404 cut off');
		expect(node.server.callCounts.get('PullImage')).toBeUndefined();
	});

	test('a line of 9600 baud is not flooded by a runtime that tells everything', async () => {
		await using tui = node.start({ columns: 80, rows: 24 });
		await tui.until(/live/);
		await tui.press('3');
		const pull = await beginPull(tui);
		const total = 4_000 * mib;
		pull.say(resolved([layer(0, { state: 'transferring', totalBytes: total })]));
		await tui.press('b');
		await tui.until('/3.9G');
		const before = tui.bytesWritten();
		const events = 50_000;
		for (let at = 1; at <= events; at++) {
			const transferredBytes = Math.floor((total / 2 / events) * at);
			const progress = layer(0, { state: 'transferring', totalBytes: total, transferredBytes });
			pull.say({ kind: 'layer', layer: progress });
			if (at % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await tui.until(/50% {2}/);
		// Two dozen cells a change: a storm of fifty thousand events costs what some changes cost.
		expect(tui.bytesWritten() - before).toBeLessThan(20_000);
	});
});
