/** What the configuration says of pods, by the real program: families of addresses, files that are missing, claims. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PodRig, privatePids, startPodRig } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startServe } from '../helpers/serve.ts';

const missing = whatIsMissing(
	...['root', 'runc', 'conmon', 'docker-registry', 'ip', 'iptables', '/usr/lib/cni/bridge', '/bin/busybox'],
);
const missing6 =
	whatIsMissing('ip6tables', '/proc/net/if_inet6') ??
	(readFileSync('/proc/sys/net/ipv6/conf/default/disable_ipv6', 'utf8').trim() === '1'
		? ' [skipped, missing: IPv6 in the kernel]'
		: undefined);
/** Kernels may have it switched off (psi=0); mounts are those of pure version 2, and of one beside version 1. */
const missingPsi = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].some((dir) =>
	existsSync(`${dir}/io.pressure`),
)
	? undefined
	: ' [skipped, missing: io.pressure of cgroup v2]';
const missingTc = whatIsMissing('tc', '/usr/lib/cni/bandwidth');

describe.skipIf(missing)(`configured pods${missing ?? ''}`, () => {
	let dir: string;
	let rig: PodRig;
	const at = (name: string) => path.join(dir, name);
	const hostRules = () =>
		['iptables-save', 'ip6tables-save']
			.map((program) => execFileSync(program, { encoding: 'utf8' }))
			.join('');

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-configured-');
		mkdirSync(at('net.d'));
		writeFileSync(
			at('runtime.conf'),
			[
				`[crio.runtime]\nnamespaces_dir = "${at('namespaces')}"\nhooks_dir = ["${at('hooks')}"]`,
				`[crio.runtime.runtimes.lost]\nruntime_path = "${at('lost')}"`,
				`[crio.network]\nnetwork_dir = "${at('net.d')}"`,
				`builtin_subnets = [${missing6 === undefined ? '"ipv4", "ipv6"' : '"ipv4"'}]`,
			].join('\n'),
		);
		rig = await startPodRig('configured', ['--config', at('runtime.conf')]);
	});
	afterAll(async () => {
		await rig?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	test.skipIf(missing6)(
		`a pod of both families is told so, is reached over both, and leaves nothing${missing6 ?? ''}`,
		async () => {
			const [one, two] = [await rig.pod(), await rig.pod()];
			const runtime = rig.serve.client().runtime;
			const status = await runtime.podSandboxStatus(two.id, { verbose: false });
			expect(status.ip).toMatch(/^(?:10|172)\./);
			expect(status.additionalIps).toEqual([expect.stringMatching(/^fd[0-9a-f:]+$/)]);
			const address = status.additionalIps[0] ?? '';
			await two.run('exec nc -ll -p 8080 -e echo from two');
			const asking = await one.run('exec sleep 1000');
			const ask = () => one.sh(asking, `nc -w 5 ${address} 8080`);
			await expect.poll(ask, { timeout: 30_000 }).toBe('from two\n');
			const fromHere = () =>
				execFileSync('/bin/busybox', ['nc', '-w', '30', address, '8080'], { encoding: 'utf8' });
			expect(fromHere()).toBe('from two\n');
			for (const { id } of [one, two]) await runtime.removePodSandbox(id);
			for (const { id } of [one, two]) expect(hostRules()).not.toContain(id);
		},
	);

	test.skipIf(missingTc)(
		`a limit of bandwidth reaches the kernel, and one that is none is wrong input${missingTc ?? ''}`,
		async () => {
			const client = rig.serve.client().runtime;
			const make = (name: string, rate: string) => {
				const metadata = {
					name: `${name}-${process.pid}-${Date.now()}`,
					namespace: 'test',
					uid: name,
					attempt: 0,
				};
				const annotations = { 'kubernetes.io/ingress-bandwidth': rate };
				return client.runPodSandbox({
					config: { metadata, annotations, linux: privatePids },
					runtimeHandler: '',
				});
			};
			await expect(make('wrong', 'fast')).rejects.toMatchObject({
				name: 'InvalidArgumentError',
				message: expect.stringContaining('annotation "kubernetes.io/ingress-bandwidth" is "fast"'),
			});
			// A rate that nobody else asks for.
			const rate = 3000 + (process.pid % 1000);
			const limited = () =>
				execFileSync('tc', ['qdisc', 'show'], { encoding: 'utf8' }).includes(` rate ${rate}Kbit `);
			const id = await make('slow', `${rate}k`);
			expect(limited()).toBe(true);
			await client.removePodSandbox(id);
			expect(limited()).toBe(false);
		},
	);

	test.skipIf(missingPsi)(
		`how long a container has waited is among its figures${missingPsi ?? ''}`,
		async () => {
			const pod = await rig.pod();
			const id = await pod.run('while :; do :; done');
			const client = rig.serve.client().runtime;
			const waited = async () => (await client.containerStats(id)).cpu?.psi?.some?.totalNanos;
			// Whether it has to wait depends on who else is here; that it is counted does not.
			expect(await waited()).toEqual(expect.any(BigInt));
			const { memory, io } = await client.containerStats(id);
			expect(memory?.psi?.full?.totalNanos).toEqual(expect.any(BigInt));
			expect(io?.timestampNanos).toBeGreaterThan(0n);
			expect(io?.psi?.some).toMatchObject({ totalNanos: expect.any(BigInt), avg10: expect.any(Number) });
			const { io: ofPod } = await client.podSandboxStats(pod.id);
			expect(ofPod?.psi?.full).toMatchObject({ totalNanos: expect.any(BigInt) });
			await client.removePodSandbox(pod.id);
		},
	);

	test('a runtime that is missing is said at the start, left out of the status, and refused with the reason', async () => {
		const log = rig.serve.log();
		expect(log).toContain('runtime handler \\"lost\\"');
		expect(log).toContain(`names \\"${at('hooks')}\\", which is not there`);
		const status = await rig.serve.client().runtime.status({ verbose: false });
		expect(status.runtimeHandlers.map(({ name }) => name)).toContain('runc');
		expect(status.runtimeHandlers.map(({ name }) => name)).not.toContain('lost');
		const metadata = { name: `lost-${Date.now()}`, namespace: 'test', uid: 'lost', attempt: 0 };
		const asked = rig.serve.client().runtime.runPodSandbox({
			config: { metadata, linux: privatePids },
			runtimeHandler: 'lost',
		});
		await expect(asked).rejects.toMatchObject({
			name: 'FailedPreconditionError',
			message: expect.stringContaining(`runtime_path" names "${at('lost')}", which is not there`),
		});
	});

	test('a second runtime cannot have the same namespaces, and one whose profile is missing does not start', async () => {
		const config = (name: string, text: string) => {
			writeFileSync(at(name), text);
			return { dir: at(`${name}-serve`), flags: ['--config', at(name)] };
		};
		const same = config('same.conf', `[crio.runtime]\nnamespaces_dir = "${at('namespaces')}"\n`);
		await expect(startServe(same)).rejects.toThrow(
			/cannot use namespaces_dir ".*namespaces": a runtime on store ".*" is using it/,
		);
		const profile = config('profile.conf', `[crio.runtime]\nseccomp_profile = "${at('none.json')}"\n`);
		await expect(startServe(profile)).rejects.toThrow(
			/profile\.conf" line 2: "crio\.runtime\.seccomp_profile" names ".*none\.json", which is not there/,
		);
	});
});
