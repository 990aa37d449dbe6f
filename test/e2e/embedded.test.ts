/**
 * The inspector on the embedded runtime, from a host that has no runtime at all: started by it, seen through it, killed under
 * it.
 */
import { describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import { hiddenHostRequirements, hiddenRegistry, openHiddenHost } from '../helpers/hidden-host.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...hiddenHostRequirements);
const patient = 60_000;

/** Asks for the demo on its key, and waits until it is there. */
async function startDemo(tui: Tui): Promise<void> {
	await tui.until(/E starts a\s+demo/, patient);
	await tui.press('E');
	await tui.until('Start demo');
	await tui.press('y b');
	await tui.until('start the demo');
	await tui.until(/done +start the demo/, patient);
	expect(tui.screen()).toMatch(/web answers at http:\/\/127\.0\.0\.1:\d+/);
	await tui.press('<escape>');
	await tui.until('Pods (5)');
}

/** Puts the cursor on the only pod of that name. */
async function choose(tui: Tui, pod: string): Promise<void> {
	await tui.press('1 / <ctrl+e> <ctrl+u>');
	tui.type(pod);
	await tui.press('<enter>');
	await tui.until(({ row }) => row('▸')?.includes(pod) === true && row('Pods')?.includes(`/${pod}`) === true);
}

describe.skipIf(missing)(`the inspector on the embedded runtime${missing ?? ''}`, () => {
	test('from a host without a runtime to a shell in the demo, and back to nothing', {
		timeout: 300_000,
	}, async () => {
		await using host = await openHiddenHost();
		await host.serveImages({ small: smallImage('small') });
		await using tui = host.start();
		await tui.until('live', patient);
		await tui.until(/criscope \d/);
		const before = host.traces();
		await startDemo(tui);
		const client = host.client();
		expect(await client.runtime.listPodSandbox()).toHaveLength(5);

		await choose(tui, 'chatty-logger');
		await tui.until('order received', patient);
		await tui.press('i');
		await tui.until(/localhost\/criscope-demo\/logger:1/);
		await tui.press('<escape>');

		await tui.until('Pods (1 of 5)');
		await tui.press('s');
		await tui.until(/Shell in .*logger/);
		await tui.until(/\/ [#$]/);
		tui.type('echo the answer is $((6 * 7)) to $(hostname)');
		await tui.press('<enter>');
		await tui.until('the answer is 42 to chatty-logger');
		await tui.press('<ctrl+d>');
		await tui.until('Enter close');
		await tui.press('<enter>');
		await tui.until('Pods (1 of 5)');

		await choose(tui, 'web');
		await tui.press('S');
		await tui.until('Stop pod');
		await tui.press('y');
		await tui.until(/pod demo\/web stopped, network torn down/, patient);
		const [web] = (await client.runtime.listContainers()).filter(({ metadata }) => metadata.name === 'web');
		expect(web).toMatchObject({ state: 'exited' });

		await tui.press('3 P');
		await tui.until('Pull image:');
		await tui.press('<ctrl+e> <ctrl+u>');
		tui.type(`${hiddenRegistry}/small:1`);
		await tui.press('<enter> b');
		await tui.until(new RegExp(`pulled +${hiddenRegistry}/small:1`), patient);
		await tui.press('<escape>');
		await tui.until('Images (6)');

		await tui.press('E');
		await tui.until('Remove demo');
		await tui.press('y b');
		await tui.until(/done +remove the demo/, patient);
		expect(tui.screen()).toContain('the demo is gone: 5 pods, 5 images and their logs');
		expect(await client.runtime.listPodSandbox()).toEqual([]);
		expect(await client.runtime.listContainers()).toEqual([]);
		await eventually('nothing to be left', () => {
			const left = host.traces().filter((line) => !before.includes(line));
			if (left.length > 0) throw new Error(left.join('\n'));
			return true;
		});
		await tui.press('<escape> q');
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
	});

	test('the runtime is killed under the open inspector, and comes back with what ended meanwhile', {
		timeout: 300_000,
	}, async () => {
		await using host = await openHiddenHost();
		await using tui = host.start();
		await startDemo(tui);
		const [logger] = (await host.client().runtime.listContainers()).filter(
			({ metadata }) => metadata.name === 'logger',
		);
		if (!logger) throw new Error('there is no container "logger"');
		const init = host.initOf(logger.id);
		const killed = host.runtimePid();
		// Hung before it is dead, so that there is an age to be seen however fast it comes back.
		process.kill(killed, 'SIGSTOP');
		await tui.until(/as of \d+s ago/, patient);
		// What was known stays in sight.
		expect(tui.screen()).toContain('Pods (5)');
		process.kill(init, 'SIGKILL');
		process.kill(killed, 'SIGKILL');
		await tui.until('live', patient);
		expect(host.runtimePid()).not.toBe(killed);
		await choose(tui, 'chatty-logger');
		await tui.until(/137/, patient);
		const client = host.client();
		const told = await client.runtime.containerStatus(logger.id, { verbose: false });
		expect(told).toMatchObject({ state: 'exited', exitCode: 137 });
		const states = await client.runtime.listContainers();
		expect(states.map(({ metadata, state }) => `${metadata.name} ${state}`).toSorted()).toEqual([
			'app exited',
			'app exited',
			'hog exited',
			'job exited',
			'logger exited',
			'web running',
		]);
		await tui.press('<escape> E');
		await tui.until('Remove demo');
		await tui.press('y');
		await tui.until('the demo is gone: 5 pods, 5 images and their logs', patient);
	});
});
