/** A slow, hung, dying, returning or lying runtime never freezes the screen, and never empties it. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { addFault } from '../fakes/cri-faults.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);
const config = '[ui]\nrefresh_seconds = 0.3\nstats_seconds = 0.5\n[runtime]\ntimeout_seconds = 1\n';

function start(node: FakeNode, options: Parameters<FakeNode['start']>[0] = {}): Tui {
	const args = ['-r', node.endpoint, '--config', node.writeFile('config.toml', config)];
	return node.start({ args, ...options });
}

/** The screen answers keys: the cursor moves and a filter narrows. */
async function answersKeys(tui: Tui): Promise<void> {
	await tui.press('?');
	await tui.until('Keys that work here');
	await tui.press('<escape> j k / api');
	await tui.until(/Pods \(\d+ of \d+\)/);
	await tui.press('<escape>');
	await tui.until(/Pods \(\d+\)/);
}

describe.skipIf(missing)(`resilience${missing ?? ''}`, () => {
	test('a runtime that hangs on one question: that list is named with its age, the others go on', async () => {
		await using node = await startFakeNode();
		await using tui = start(node);
		await tui.until(/live[\s\S]*OOMKilled|CrashLoop/);
		addFault(node.server.faults, 'ListContainers=hang');
		await tui.until(/no answer for containers, as of \d+s ago/, 20_000);
		await tui.until(/cannot list containers: no answer from .* within 1 s/);
		// Pods are live meanwhile, and what was known of containers stays.
		node.state.addPod({ name: 'newcomer', namespace: 'aaa' });
		await tui.until('newcomer');
		expect(tui.screen()).toMatch(/Containers of \S+ \(2\)/);
		await answersKeys(tui);
		node.server.faults.byRpc.clear();
		await tui.until(/live *$/m, 20_000);
		expect(tui.screen()).not.toContain('cannot list');
	});

	test('a runtime that stops answering: everything stays, with its age, and comes back by itself', async () => {
		await using node = await startFakeNode();
		await using tui = start(node);
		await tui.until(/live[\s\S]*CrashLoop/);
		addFault(node.server.faults, '*=hang');
		await tui.until(/not answering, as of \d+s ago/, 20_000);
		expect(tui.screen()).toContain('CrashLoop');
		await answersKeys(tui);
		node.server.faults.byRpc.clear();
		await tui.until(/live *$/m, 20_000);
	});

	test('a runtime that dies and returns', async () => {
		await using node = await startFakeNode();
		await using tui = start(node);
		await tui.until(/live[\s\S]*OOMKilled[\s\S]*made without one/);
		// Limits come with the facts of a container, some of which come later.
		await tui.until(/app-6 .*% .*221M +86%/);
		await node.kill();
		await tui.until(/not answering, as of \d+s ago/, 20_000);
		await tui.until(/nothing is at unix:\/\/.*cri\.sock/);
		await tui.matches('runtime-died-120x40', { mask: maskPath, styles: false });
		expect(tui.screen()).toMatch(/Pods \(8\)[\s\S]*CrashLoop/);
		await answersKeys(tui);
		await tui.press('<ctrl+r>');
		node.state.addPod({ name: 'newcomer', namespace: 'aaa' });
		await node.restart();
		await tui.until(/live *$[\s\S]*newcomer/m, 30_000);
	});

	test('a socket that takes connections and never says a word', async () => {
		await using node = await startFakeNode({ faults: ['half-dead'] });
		await using tui = start(node);
		await tui.until(/not answering/, 20_000);
		await tui.until(/cannot list (pods|containers|images): /);
		await tui.press('?');
		await tui.until('Keys that work here');
		await tui.press('q q');
		expect((await tui.exit).exitCode).toBe(0);
	});

	test('a runtime that answers slowly is waited for, and the keys do not wait', async () => {
		await using node = await startFakeNode({ faults: ['*=slow:700'] });
		await using tui = start(node);
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
		await answersKeys(tui);
	});

	test('a runtime without stats, events, status and versions is used without them', async () => {
		const without = [
			'GetContainerEvents',
			'ListContainerStats',
			'Status',
			'ImageFsInfo',
			'ListPodSandboxStats',
		];
		await using node = await startFakeNode({ faults: without.map((rpc) => `${rpc}=unimplemented`) });
		await using tui = start(node);
		await tui.until(/live[\s\S]*CrashLoop/);
		node.state.addPod({ name: 'newcomer', namespace: 'aaa' });
		await tui.until('newcomer');
		expect(node.server.callCounts.get('ListContainerStats')).toBe(1);
		// The subscription is tried after the first look at the screen, once.
		await expect.poll(() => node.server.callCounts.get('GetContainerEvents'), { timeout: 20_000 }).toBe(1);
		await answersKeys(tui);
	});

	test('a runtime without CRI says so in words', async () => {
		await using node = await startFakeNode({ faults: ['*=unimplemented'] });
		await using tui = start(node);
		await tui.until(/the runtime does not offer this/, 20_000);
		await tui.until(/not answering/);
	});

	test('a runtime that refuses the status of an object: the lists stand, the reason comes later', async () => {
		await using node = await startFakeNode({ faults: ['ContainerStatus=error:14:busy'] });
		await using tui = start(node);
		await tui.until(/live[\s\S]*Pods \(8\)/);
		expect(tui.screen()).not.toContain('OOMKilled');
		node.server.faults.byRpc.clear();
		await tui.until('OOMKilled', 20_000);
	});

	test('a selected object that is removed stays until it is left', async () => {
		await using node = await startFakeNode();
		await using tui = start(node);
		await tui.until(/live[\s\S]*Pods \(8\)/);
		await tui.press('j');
		await tui.until('Containers of nginx-0 (2)');
		const [id = ''] = [...node.state.pods].find(([, pod]) => JSON.stringify(pod).includes('"nginx-0"')) ?? [];
		node.state.removePod(id);
		await tui.until(/▸✗Gone +nginx-0/);
		await tui.press('i');
		await tui.until(() => tui.screen().includes('nginx-0'));
		await tui.press('<escape> k');
		await tui.until(() => !/Gone +nginx-0/.test(tui.screen()) && tui.screen().includes('Pods (7)'));
	});

	test('110 pods with 3 containers each: lists, sums and details are all there', async () => {
		await using node = await startFakeNode({ pods: 110, containers: 3 });
		await using tui = node.start();
		await tui.until(/live[\s\S]*Pods \(110\)/, 20_000);
		await tui.press('2 a');
		await tui.until('Containers (330)');
		await tui.press('G');
		await tui.until(/▸.*app-\d+/);
		await tui.press('!');
		await tui.until(/Containers \(66 of 330\)/, 20_000);
	});

	test('5,000 containers: a filter typed quickly ends in what was typed', async () => {
		await using node = await startFakeNode({ pods: 1250, containers: 4 });
		await using tui = node.start();
		await tui.until(/live[\s\S]*Pods \(1250\)/, 30_000);
		await tui.press('2 a');
		await tui.until('Containers (5000)', 20_000);
		await tui.press('/');
		for (const letter of 'app-4321') tui.type(letter);
		await tui.until(/^\/app-4321$/m);
		await tui.until(/▸.*app-4321 /, 20_000);
		tui.type('\x7f'.repeat(8));
		await tui.until('Containers (5000)', 20_000);
	});

	test('nothing is written while nothing changes', async () => {
		await using node = await startFakeNode();
		await using tui = start(node);
		await tui.until(/live[\s\S]*CrashLoop/);
		// Sparklines fill up, load and versions come: then there is nothing left to say.
		await tui.press('g');
		await tui.untilQuiet(3_000);
		const before = tui.bytesWritten();
		const polls = node.server.callCounts.get('ListPodSandbox') ?? 0;
		await delay(10_000);
		expect(tui.bytesWritten() - before).toBe(0);
		expect(node.server.callCounts.get('ListPodSandbox')).toBeGreaterThan(polls);
	});
});

/** The path of the socket, the age, and how far the sparklines have come differ from run to run. */
function maskPath(screen: string): string {
	return screen
		.replaceAll(/criscope-node-\w{6}/g, 'criscope-node-XXXXXX')
		.replaceAll(/[▁-█]/g, ' ')
		.replaceAll(/as of \ds ago/g, 'as of 5s ago');
}
