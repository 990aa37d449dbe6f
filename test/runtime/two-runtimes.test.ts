/** Two runtimes on roots of their own, on a node without a network configuration: nothing of one's is touched by the other. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { bridgeNameFor } from '../../src/runtime/cni/builtin-bridge.ts';
import { privatePids } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';

const missing = whatIsMissing(...['root', 'runc', 'conmon', 'ip', 'iptables', '/usr/lib/cni/bridge']);

const undo: (() => unknown)[] = [];
afterEach(async () => {
	for (const step of undo.splice(0).toReversed()) await step();
});

test.skipIf(missing)(
	`two runtimes give no address twice, and the end of one leaves the other its network${missing ?? ''}`,
	{ timeout: 180_000 },
	async () => {
		const dir = mkdtempSync('/var/tmp/criscope-two-');
		undo.push(() => rmSync(dir, { recursive: true, force: true }));
		mkdirSync(path.join(dir, 'net.d'));
		const config = path.join(dir, 'runtime.conf');
		writeFileSync(config, `[crio.network]\nnetwork_dir = "${path.join(dir, 'net.d')}"\n`);
		const start = async (name: string) => {
			const serve = await startServe({ dir: path.join(dir, name), flags: ['--config', config] });
			undo.push(async () => {
				const { runtime } = serve.client();
				// Nothing is left then, or it does not answer: the test has said so.
				const pods = await runtime.listPodSandbox().catch(() => []);
				for (const { id } of pods) await runtime.removePodSandbox(id);
				await serve.stop();
			});
			return serve;
		};
		const [one, two] = [await start('one'), await start('two')];
		const pod = async (serve: Serve, name: string) => {
			const metadata = { name, namespace: 'two', uid: `${name}-${path.basename(dir)}`, attempt: 0 };
			const { runtime } = serve.client();
			const id = await runtime.runPodSandbox({
				config: { metadata, linux: privatePids },
				runtimeHandler: '',
			});
			return { id, ip: (await runtime.podSandboxStatus(id, { verbose: false })).ip };
		};
		const bridgeOf = ({ runRoot }: Serve) => bridgeNameFor(path.join(runRoot, 'criscope/cni'));
		const isUp = (serve: Serve) => existsSync(`/sys/class/net/${bridgeOf(serve)}`);
		const hasRules = (serve: Serve) =>
			execFileSync('iptables-save', { encoding: 'utf8' }).includes(`CRISCOPE-${bridgeOf(serve)}`);

		// At the same moment, when neither bridge is there.
		const [first, second] = await Promise.all([pod(one, 'first'), pod(two, 'second')]);
		expect(first.ip).toMatch(/^(?:10|172)\./);
		expect(second.ip).toMatch(/^(?:10|172)\./);
		expect(second.ip).not.toBe(first.ip);
		await one.client().runtime.removePodSandbox(first.id);
		await one.stop();
		expect([isUp(one), hasRules(one)]).toEqual([false, false]);
		expect([isUp(two), hasRules(two)]).toEqual([true, true]);

		// A kill and its recovery are the other's affair alone, too.
		await one.start();
		const third = await pod(one, 'third');
		await two.kill9();
		expect((await one.client().runtime.podSandboxStatus(third.id, { verbose: false })).state).toBe('ready');
		await two.start();
		await expect
			.poll(async () => (await two.client().runtime.listPodSandbox()).map(({ id, state }) => [id, state]), {
				timeout: 30_000,
			})
			.toEqual([[second.id, 'ready']]);
		await two.client().runtime.removePodSandbox(second.id);
		await two.stop();
		expect([isUp(one), hasRules(one)]).toEqual([true, true]);
		expect([isUp(two), hasRules(two)]).toEqual([false, false]);
		await one.client().runtime.removePodSandbox(third.id);
	},
);
