/** Attaching and detaching with plugins that do what the test says. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPodNetwork, type PodNetworkOptions } from '../../../../src/runtime/cni/cni-pod-network.ts';
import { type AttachRequest, CniError } from '../../../../src/runtime/cni/pod-network.ts';
import { createTurns } from '../../../../src/runtime/turns.ts';
import { type FakePlugin, notedCalls, writeFakePlugin } from '../../../helpers/fake-cni-plugin.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const request: AttachRequest = {
	podSandboxId: 'pod1',
	podName: 'web',
	podNamespace: 'default',
	podUid: 'uid-1',
	// Any namespace will do: these plugins do not touch it.
	netnsPath: '/proc/self/ns/net',
	portMappings: [],
	annotations: {},
	cgroupPath: '/kubepods/pod1',
};
const result = (address: string) => `{"cniVersion":"1.0.0","ips":[{"address":"${address}"}]}`;
const bandwidth = { 'kubernetes.io/ingress-bandwidth': '1M' };
const fail = (message: string) =>
	`echo '{"cniVersion":"1.0.0","code":7,"msg":"${message}","details":"as told"}'; exit 1`;

/** Folders, two plugins `first` and `second`, and a network of both. */
function setUp(
	plugins: Readonly<Record<string, FakePlugin>> = {},
	options: Partial<PodNetworkOptions> & { readonly conf?: Readonly<Record<string, unknown>> } = {},
) {
	const root = tempDir();
	const [confDir, binDir, cacheDir] = ['conf', 'bin', 'cache'].map((name) => path.join(root, name)) as [
		string,
		string,
		string,
	];
	mkdirSync(confDir);
	mkdirSync(binDir);
	const all = { first: { answers: { ADD: `echo '${result('10.9.0.2/24')}'` } }, second: passing, ...plugins };
	for (const [name, plugin] of Object.entries(all)) writeFakePlugin(binDir, name, plugin);
	const write = (name: string, conf: unknown) =>
		writeFileSync(path.join(confDir, name), typeof conf === 'string' ? conf : JSON.stringify(conf));
	write('10-pods.conflist', {
		cniVersion: '1.0.0',
		name: 'pods',
		plugins: [
			{ type: 'first', mtu: 1400 },
			{ type: 'second', capabilities: { bandwidth: true, ips: true } },
		],
		...options.conf,
	});
	const messages: string[] = [];
	const open = () =>
		createPodNetwork({
			confDir,
			binDirs: [binDir],
			cacheDir,
			log: (_, message, fields) => void messages.push(`${message} ${JSON.stringify(fields)}`),
			...options,
		});
	const calls = () => notedCalls(binDir);
	const verbs = () => calls().map(({ command, plugin }) => `${command} ${plugin}`);
	return { root, confDir, binDir, cacheDir, write, network: open(), open, calls, verbs, messages };
}

/** Hands on what came before. */
const passing: FakePlugin = {
	answers: { ADD: `printf '%s' "$conf" | sed 's/.*"prevResult"://; s/}$//'` },
};

describe('attaching', () => {
	test('runs the plugins in order, each with what it is to know', async () => {
		const { network, calls, binDir, cacheDir } = setUp();
		expect(network.notReady()).toBeUndefined();
		const attached = await network.attach({ ...request, annotations: bandwidth, podName: 'a;b=c' });
		const last = { cniVersion: '1.0.0', ips: [{ address: '10.9.0.2/24' }] };
		expect(attached).toEqual({
			ips: ['10.9.0.2'],
			attachments: [{ network: 'pods', interface: 'eth0', result: last }],
		});
		const common = {
			command: 'ADD',
			containerId: 'pod1',
			netns: '/proc/self/ns/net',
			interface: 'eth0',
			args: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=a_b_c;K8S_POD_INFRA_CONTAINER_ID=pod1;K8S_POD_UID=uid-1',
			path: binDir,
		};
		expect(calls()).toEqual([
			{ ...common, plugin: 'first', config: { type: 'first', mtu: 1400, name: 'pods', cniVersion: '1.0.0' } },
			{
				...common,
				plugin: 'second',
				config: {
					type: 'second',
					capabilities: { bandwidth: true, ips: true },
					name: 'pods',
					cniVersion: '1.0.0',
					runtimeConfig: { bandwidth: { ingressRate: 1e6, ingressBurst: 34359738359 } },
					prevResult: last,
				},
			},
		]);
		expect(readdirSync(cacheDir)).toEqual(['pod1.json']);
		expect(statSync(path.join(cacheDir, 'pod1.json')).mode & 0o777).toBe(0o600);
	});

	test('an annotation that cannot be honoured is wrong input, and nothing has been done', async () => {
		const { network, calls, cacheDir } = setUp();
		const annotations = { 'kubernetes.io/egress-bandwidth': 'fast' };
		await expect(network.attach({ ...request, annotations })).rejects.toMatchObject({
			name: 'InvalidArgumentError',
			message: expect.stringContaining('annotation "kubernetes.io/egress-bandwidth" is "fast"'),
		});
		expect(calls()).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test('what a killed run was just writing is swept by the next one', async () => {
		const { open, cacheDir } = setUp();
		writeFileSync(path.join(cacheDir, '.criscope-pod1.json-7ac69ffe066a'), '{"vers');
		writeFileSync(path.join(cacheDir, 'pod2.json'), '{}');
		open();
		expect(readdirSync(cacheDir)).toEqual(['pod2.json']);
	});

	test('is known to the cache before a plugin runs, and found by the next run after a crash', async () => {
		const { open, cacheDir, binDir, verbs } = setUp({
			first: { answers: { ADD: 'cp -r "$(dirname "$0")/../cache" "$(dirname "$0")/seen"; exit 1' } },
		});
		await expect(open().attach(request)).rejects.toThrow(CniError);
		const seen = JSON.parse(readFileSync(path.join(binDir, 'seen/pod1.json'), 'utf8'));
		expect(seen.attachments).toHaveLength(1);
		expect(seen.attachments[0]).not.toHaveProperty('result');
		// As if the crash had come then.
		writeFileSync(path.join(cacheDir, 'pod1.json'), JSON.stringify(seen));
		expect(await open().collect(new Set(['pod1']))).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual(['pod1.json']);
		expect(await open().collect(new Set(['other']))).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual([]);
		expect(verbs().slice(-2)).toEqual(['DEL second', 'DEL first']);
	});

	test('is undone in reverse order where a plugin fails', async () => {
		const { network, verbs, cacheDir } = setUp({ second: { answers: { ADD: fail('no more room') } } });
		await expect(network.attach(request)).rejects.toMatchObject({
			message: 'cannot ADD network by plugin "second": no more room; as told',
			plugin: 'second',
			command: 'ADD',
			code: 7,
		});
		expect(verbs()).toEqual(['ADD first', 'ADD second', 'DEL second', 'DEL first']);
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test.each([
		['garbage', `printf 'panic: \\033[31mred\\n'`, 'it printed no JSON but "panic: '],
		['much garbage', 'head -c 100000 /dev/zero | tr "\\0" x', 'xxx…"'],
		['nothing', 'exit 0', 'it printed no result'],
		['a list', "echo '[]'", 'it printed no result'],
		['words and a failure', 'echo no luck >&2; exit 3', 'exit code 3: "no luck"'],
		['a crash', 'kill -SEGV $$', 'ended by SIGSEGV'],
		[
			'an address that is none',
			`echo '{"ips":[{"address":"nowhere"}]}'`,
			'"nowhere" where an address is due',
		],
	])('a plugin with %s is named, and undone', async (_, answer, words) => {
		const { network, cacheDir } = setUp({ second: { answers: { ADD: answer } } });
		const error: unknown = await network.attach(request).catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(CniError);
		const { message } = error as CniError;
		expect(message).toContain('plugin "second"');
		expect(message).toContain(words);
		expect(message.length).toBeLessThan(600);
		expect(message).not.toContain('\u001b');
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test('a plugin that hangs is killed with what it started', async () => {
		const { network, binDir, cacheDir } = setUp(
			{ first: { answers: { ADD: 'sleep 1000 & echo $! > "$(dirname "$0")/child"; wait' } } },
			{ addTimeoutMs: 300 },
		);
		await expect(network.attach(request)).rejects.toThrow('no end within 300 ms, killed');
		const child = readFileSync(path.join(binDir, 'child'), 'utf8').trim();
		expect(isRunning(child)).toBe(false);
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test('ends when nobody waits any more, and is undone all the same', async () => {
		const { network, verbs } = setUp({ first: { answers: { ADD: 'sleep 1000' } } });
		const ending = new AbortController();
		const attaching = network.attach(request, { signal: ending.signal });
		await expect.poll(verbs).toEqual(['ADD first']);
		ending.abort(new Error('nobody waits'));
		await expect(attaching).rejects.toThrow('nobody waits');
		expect(verbs()).toEqual(['ADD first', 'DEL second', 'DEL first']);
	});

	test('speaks the best version that list and plugins know', async () => {
		const { network, calls } = setUp(
			{
				first: { versions: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] },
				second: { ...passing, versions: ['0.3.1', '0.4.0'] },
			},
			{ conf: { cniVersions: ['0.3.1', '0.4.0', '1.1.0'] } },
		);
		await network.attach(request);
		expect(calls().map(({ config }) => config['cniVersion'])).toEqual(['0.4.0', '0.4.0']);
	});

	test('host ports get a plugin of their own where the network has none for them', async () => {
		const { network, calls, verbs } = setUp({ portmap: passing });
		const mapping = { protocol: 'tcp', containerPort: 80, hostPort: 8080, hostIp: '' } as const;
		await network.attach({ ...request, portMappings: [mapping] });
		expect(verbs()).toEqual(['ADD first', 'ADD second', 'ADD portmap']);
		expect(calls().at(-1)?.config).toMatchObject({
			type: 'portmap',
			snat: true,
			runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp', hostIP: '' }] },
			prevResult: { ips: [{ address: '10.9.0.2/24' }] },
		});
		expect(await network.detach(request)).toEqual([]);
		expect(verbs().slice(3)).toEqual(['DEL portmap', 'DEL second', 'DEL first']);
		await network.attach({ ...request, portMappings: [{ ...mapping, hostPort: 0 }] });
		expect(verbs().slice(6)).toEqual(['ADD first', 'ADD second']);
	});

	test('all networks that are asked for by name, each with an interface', async () => {
		const { network, write, calls, binDir } = setUp({}, { defaultNetworks: ['pods', 'storage'] });
		expect(network.notReady()?.message).toContain('no CNI network "storage"');
		write('90-storage.conf', { cniVersion: '0.4.0', name: 'storage', type: 'second' });
		expect(network.notReady()).toBeUndefined();
		writeFakePlugin(binDir, 'second', { answers: { ADD: `echo '${result('fd09::2/64')}'` } });
		const attached = await network.attach(request);
		expect(attached.ips).toEqual(['fd09::2']);
		expect(attached.attachments.map(({ network: name, interface: at }) => [name, at])).toEqual([
			['pods', 'eth0'],
			['storage', 'eth1'],
		]);
		await network.detach(request);
		expect(calls().map(({ command, plugin, interface: at }) => `${command} ${plugin} ${at}`)).toEqual([
			'ADD first eth0',
			'ADD second eth0',
			'ADD second eth1',
			'DEL second eth1',
			'DEL second eth0',
			'DEL first eth0',
		]);
	});
});

describe('detaching', () => {
	test('goes by the cache, whatever the configuration is now', async () => {
		const { network, open, write, calls, cacheDir } = setUp();
		await network.attach(request);
		write('10-pods.conflist', '{');
		expect(network.notReady()).toMatchObject({ reason: 'NetworkPluginNotReady' });
		expect(await open().detach(request)).toEqual([]);
		const deletions = calls().filter(({ command }) => command === 'DEL');
		expect(deletions.map(({ plugin }) => plugin)).toEqual(['second', 'first']);
		expect(deletions.map(({ config }) => config['prevResult'])).toEqual([
			{ cniVersion: '1.0.0', ips: [{ address: '10.9.0.2/24' }] },
			{ cniVersion: '1.0.0', ips: [{ address: '10.9.0.2/24' }] },
		]);
		expect(readdirSync(cacheDir)).toEqual([]);
		// Twice is as good as once.
		expect(await network.detach(request)).toEqual([]);
	});

	test('tells plugins that the namespace is gone', async () => {
		const { network, calls, root } = setUp();
		const netnsPath = path.join(root, 'netns');
		writeFileSync(netnsPath, '');
		await network.attach({ ...request, netnsPath });
		await network.detach({ ...request, netnsPath });
		expect(new Set(calls().map(({ netns }) => netns))).toEqual(new Set(['']));
	});

	test('what fails is returned, kept, and tried again; the others are not kept from it', async () => {
		const { network, binDir, cacheDir, verbs } = setUp({
			second: { answers: { ...passing.answers, DEL: fail('busy') } },
		});
		await network.attach(request);
		const failures = await network.detach(request);
		expect(failures.map(({ message }) => message)).toEqual([
			'cannot DEL network by plugin "second": busy; as told',
		]);
		expect(verbs().slice(2)).toEqual(['DEL second', 'DEL first']);
		expect(readdirSync(cacheDir)).toEqual(['pod1.json']);
		rmSync(path.join(binDir, 'second'));
		expect((await network.collect(new Set())).map(({ message }) => message)).toEqual([
			`cannot DEL network by plugin "second": there is no such plugin in ${binDir}`,
		]);
		writeFakePlugin(binDir, 'second');
		expect(await network.collect(new Set())).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test('a plugin that hangs holds nobody for long, and comes to its end all the same', async () => {
		const gate = path.join(tempDir(), 'gate');
		const { network, cacheDir, verbs } = setUp(
			{
				first: {
					answers: {
						ADD: `echo '${result('10.9.0.2/24')}'`,
						DEL: `while [ ! -e ${gate} ]; do sleep 0.05; done`,
					},
				},
			},
			{ detachWaitMs: 50 },
		);
		await network.attach(request);
		expect((await network.detach(request)).map(({ message }) => message)).toEqual([
			'cannot DEL network by plugin "any": no end within 50 ms; it goes on without whoever asked for it',
		]);
		expect(readdirSync(cacheDir)).toEqual(['pod1.json']);
		writeFileSync(gate, '');
		await expect.poll(() => readdirSync(cacheDir), { timeout: 30_000 }).toEqual([]);
		expect(await network.detach(request)).toEqual([]);
		expect(verbs().slice(2)).toEqual(['DEL second', 'DEL first']);
	});

	test('pods that come together ask a plugin once what it speaks', async () => {
		const { network, binDir } = setUp({
			first: {
				answers: {
					VERSION: `echo x >> "$0".asked; echo '{"cniVersion":"1.0.0","supportedVersions":["1.0.0"]}'`,
					ADD: `echo '${result('10.9.0.2/24')}'`,
				},
			},
		});
		const leaving = new AbortController();
		const pods = Array.from({ length: 5 }, (_, index) => ({ ...request, podSandboxId: `pod${index}` }));
		const gone = network.attach({ ...request, podSandboxId: 'gone' }, { signal: leaving.signal });
		const attached = Promise.all(pods.map((pod) => network.attach(pod)));
		leaving.abort(new Error('enough'));
		await expect(gone).rejects.toThrow('enough');
		await attached;
		expect(readFileSync(path.join(binDir, 'first.asked'), 'utf8')).toBe('x\n');
		await Promise.all(pods.map((pod) => network.detach(pod)));
	});

	test('many pods at once: no more plugins at a time than there are turns, and one that hangs keeps none', async () => {
		const count = 'echo "$(ls "$0".d | wc -l)" >> "$0".most';
		const answers = Object.fromEntries(
			['ADD', 'DEL'].map((verb) => [
				verb,
				`mkdir -p "$0".d; : > "$0".d/$$; ${count}; sleep 0.02; rm "$0".d/$$; echo '${result('10.9.0.2/24')}'`,
			]),
		);
		const { network, binDir } = setUp(
			{ first: { answers }, second: passing },
			{ turns: createTurns({ atOnce: 3, patienceMs: 600_000 }) },
		);
		const pods = Array.from({ length: 12 }, (_, index) => ({ ...request, podSandboxId: `pod${index}` }));
		await Promise.all(pods.map((pod) => network.attach(pod)));
		expect(await Promise.all(pods.map((pod) => network.detach(pod)))).toEqual(pods.map(() => []));
		const most = readFileSync(path.join(binDir, 'first.most'), 'utf8').trim().split('\n').map(Number);
		expect(most).toHaveLength(24);
		expect(Math.max(...most)).toBeLessThanOrEqual(3);
	});

	test('a plugin that hangs gives its turn up, and a stop is over in time while it waits for one', async () => {
		const { network } = setUp(
			{
				first: {
					answers: {
						ADD: `echo '${result('10.9.0.2/24')}'`,
						DEL: 'case "$CNI_CONTAINERID" in pod0|pod1) exec sleep 30;; esac',
					},
				},
			},
			{ detachWaitMs: 300, deleteTimeoutMs: 1000, turns: createTurns({ atOnce: 2, patienceMs: 400 }) },
		);
		const pods = Array.from({ length: 4 }, (_, index) => ({ ...request, podSandboxId: `pod${index}` }));
		for (const pod of pods) await network.attach(pod);
		const hanging = pods.slice(0, 2).map((pod) => network.detach(pod));
		expect((await Promise.all(hanging)).flat().map(({ message }) => message)).toEqual(
			Array.from({ length: 2 }, () => expect.stringContaining('no end within 300 ms')),
		);
		// They hang on, and the others are detached all the same.
		for (const pod of pods.slice(2)) {
			await expect.poll(() => network.detach(pod), { timeout: 30_000 }).toEqual([]);
		}
		await network[Symbol.asyncDispose]();
	});

	test('a plugin that an earlier run has left at work is ended first', async () => {
		const { network, binDir, cacheDir, verbs } = setUp({ first: { answers: { ADD: 'exec sleep 1000' } } });
		// Its own name, so that the sleep can be told from others.
		const slow = path.join(binDir, 'slow');
		copyFileSync('/bin/busybox', slow);
		const env = { CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'pod1' };
		const orphan = spawn(slow, ['1000'], { argv0: 'sleep', env, stdio: 'ignore' });
		const other = spawn(slow, ['1000'], {
			argv0: 'sleep',
			env: { ...env, CNI_CONTAINERID: 'pod2' },
			stdio: 'ignore',
		});
		onTestFinished(() => void other.kill('SIGKILL'));
		const ended = new Promise((resolve) => orphan.once('exit', (_, signal) => resolve(signal)));
		const chain = {
			name: 'pods',
			cniVersion: '1.0.0',
			disableCheck: false,
			plugins: [{ type: 'second' }],
			capabilityArgs: {},
		};
		const record = {
			version: 1,
			podSandboxId: 'pod1',
			podName: '',
			podNamespace: '',
			podUid: '',
			netnsPath: '',
		};
		writeFileSync(
			path.join(cacheDir, 'pod1.json'),
			JSON.stringify({ ...record, attachments: [{ interface: 'eth0', chain }] }),
		);
		expect(await network.collect(new Set())).toEqual([]);
		expect(await ended).toBe('SIGKILL');
		expect(other.exitCode ?? other.signalCode).toBeNull();
		expect(verbs()).toEqual(['DEL second']);
	});

	test('a damaged record is undone as well as the configuration of now allows', async () => {
		const { network, cacheDir, verbs, messages } = setUp();
		writeFileSync(path.join(cacheDir, 'pod1.json'), '{"version":1');
		expect(await network.detach(request)).toEqual([]);
		expect(verbs()).toEqual(['DEL second', 'DEL first']);
		expect(messages.join()).toContain('damaged');
		expect(readdirSync(cacheDir)).toEqual([]);
	});

	test('attaching anew first undoes what was there', async () => {
		const { network, verbs } = setUp();
		await network.attach(request);
		await network.attach(request);
		expect(verbs()).toEqual([
			'ADD first',
			'ADD second',
			'DEL second',
			'DEL first',
			'ADD first',
			'ADD second',
		]);
	});
});

describe('checking and collecting', () => {
	test('CHECK has the result, unless the list wants none', async () => {
		const { network, calls, verbs } = setUp({
			second: { answers: { ...passing.answers, CHECK: fail('gone') } },
		});
		await expect(network.check(request)).rejects.toThrow('pod "pod1" is not attached');
		await network.attach(request);
		await expect(network.check(request)).rejects.toThrow('cannot CHECK network by plugin "second": gone');
		expect(verbs().slice(2)).toEqual(['CHECK first', 'CHECK second']);
		expect(calls().at(-1)?.config['prevResult']).toMatchObject({ ips: [{ address: '10.9.0.2/24' }] });
		const without = setUp({}, { conf: { disableCheck: true } });
		await without.network.attach(request);
		await without.network.check(request);
		expect(without.verbs()).toEqual(['ADD first', 'ADD second']);
	});

	test('a pod attached meanwhile is not collected by a list that does not know it yet', async () => {
		const { network, open, verbs } = setUp();
		const attaching = network.attach(request);
		await expect.poll(verbs).toContain('ADD first');
		expect(await network.collect(new Set())).toEqual([]);
		await attaching;
		expect(await network.collect(new Set())).toEqual([]);
		expect(verbs()).toEqual(['ADD first', 'ADD second']);
		// For another run it is what a dead one has left.
		expect(await open().collect(new Set())).toEqual([]);
		expect(verbs().slice(2)).toEqual(['DEL second', 'DEL first']);
	});

	test('pods that are attached or detached together end one after the other, and not all of them late', async () => {
		const { network, calls } = setUp({}, { turns: createTurns({ atOnce: 1 }) });
		const pods = ['pod1', 'pod2', 'pod3'].map((podSandboxId) => ({ ...request, podSandboxId }));
		await Promise.all(pods.map((pod) => network.attach(pod)));
		await Promise.all(pods.map((pod) => network.detach(pod)));
		const order = calls().map(({ command, plugin }) => `${command} ${plugin}`);
		expect(order).toHaveLength(12);
		// One has both plugins behind it before the last has any.
		expect(order.indexOf('ADD second')).toBeLessThan(order.lastIndexOf('ADD first'));
		expect(order.indexOf('DEL first')).toBeLessThan(order.lastIndexOf('DEL second'));
	});

	test('GC names the living, to plugins that know it', async () => {
		const versions = ['1.0.0', '1.1.0'];
		const known = setUp(
			{ first: { versions, answers: { GC: fail('no') } }, second: { versions } },
			{ conf: { cniVersion: '1.1.0', name: 'criscope-unit-gc' } },
		);
		await known.network.attach(request);
		const failures = await known.network.collect(new Set(['pod1']));
		expect(failures.map(({ message }) => message)).toEqual([
			'cannot GC network by plugin "first": no; as told',
		]);
		const collected = known.calls().slice(2);
		expect(collected.map(({ command, plugin }) => `${command} ${plugin}`)).toEqual(['GC first', 'GC second']);
		expect(collected[0]?.config).toMatchObject({
			'cni.dev/valid-attachments': [{ containerID: 'pod1', ifname: 'eth0' }],
		});
		const old = setUp();
		await old.network.attach(request);
		expect(await old.network.collect(new Set(['pod1']))).toEqual([]);
		expect(old.verbs()).toEqual(['ADD first', 'ADD second']);
	});

	test('GC is not asked of a network on which another runtime has pods', async () => {
		const versions = ['1.0.0', '1.1.0'];
		const results = tempDir();
		writeFileSync(path.join(results, 'shared-0123-eth0'), '{}');
		const plugins = {
			first: { versions, answers: { ADD: `echo '${result('10.9.0.2/24')}'` } },
			second: { ...passing, versions },
		};
		const collect = async (name: string, dirs: readonly string[]) => {
			const { network, verbs } = setUp(plugins, {
				conf: { cniVersion: '1.1.0', name },
				foreignResultsDirs: dirs,
			});
			await network.attach(request);
			expect(await network.collect(new Set(['pod1']))).toEqual([]);
			return verbs().slice(2);
		};
		expect(await collect('shared', ['/nowhere', results])).toEqual([]);
		expect(await collect('other', ['/nowhere', results])).toEqual(['GC first', 'GC second']);
		// What cannot be read may hold anything.
		expect(await collect('other', [path.join(results, 'shared-0123-eth0')])).toEqual([]);
	});

	test('GC is not asked of a network on which another runtime of ours has pods', async () => {
		const versions = ['1.0.0', '1.1.0'];
		const usersDir = path.join(tempDir(), 'users');
		const plugins = {
			first: { versions, answers: { ADD: `echo '${result('10.9.0.2/24')}'` } },
			second: { ...passing, versions },
		};
		const setUpOne = (name: string) =>
			setUp(plugins, { conf: { cniVersion: '1.1.0', name }, usersDir, foreignResultsDirs: [] });
		const [one, two, apart] = [setUpOne('shared'), setUpOne('shared'), setUpOne('shared-elsewhere')];
		const collected = async ({ network, verbs }: typeof one, living = ['pod1']) => {
			const before = verbs().length;
			expect(await network.collect(new Set(living))).toEqual([]);
			return verbs().slice(before);
		};
		await one.network.attach(request);
		expect(await collected(one)).toEqual(['GC first', 'GC second']);
		await two.network.attach({ ...request, podSandboxId: 'pod2' });
		await apart.network.attach({ ...request, podSandboxId: 'pod3' });
		expect(await collected(one)).toEqual([]);
		expect(await collected(two, ['pod2'])).toEqual([]);
		expect(await collected(apart, ['pod3'])).toEqual(['GC first', 'GC second']);
		// Its mark is still there, and counts for nothing without pods.
		await two.network.detach({ ...request, podSandboxId: 'pod2' });
		expect(await collected(one)).toEqual(['GC first', 'GC second']);
		expect(readdirSync(usersDir)).toHaveLength(3);
		await two.network[Symbol.asyncDispose]();
		expect(readdirSync(usersDir)).toHaveLength(2);
		// Nor does that of a store that is gone.
		rmSync(apart.cacheDir, { recursive: true });
		await two.open().attach({ ...request, podSandboxId: 'pod4' });
		expect(readdirSync(usersDir).filter((name) => name.startsWith('shared-'))).toEqual([]);
	});

	test('GC and a pod that is being attached keep out of each other’s way', async () => {
		const versions = ['1.0.0', '1.1.0'];
		const gate = path.join(tempDir(), 'gate');
		const wait = `while [ ! -e ${gate} ]; do sleep 0.05; done`;
		const { network, verbs } = setUp(
			{
				first: { versions, answers: { ADD: `${wait}; echo '${result('10.9.0.2/24')}'`, GC: wait } },
				second: { ...passing, versions },
			},
			{ conf: { cniVersion: '1.1.0', name: 'criscope-unit-gate' }, foreignResultsDirs: [] },
		);
		const attached = network.attach(request);
		await expect.poll(verbs, { timeout: 30_000 }).toContain('ADD first');
		// Nobody knows yet what the one that is being attached will have.
		expect(await network.collect(new Set(['pod1']))).toEqual([]);
		writeFileSync(gate, '');
		await attached;
		expect(verbs()).toEqual(['ADD first', 'ADD second']);
		rmSync(gate);
		const collected = network.collect(new Set(['pod1']));
		await expect.poll(verbs, { timeout: 30_000 }).toContain('GC first');
		const next = network.attach({ ...request, podSandboxId: 'pod2' });
		writeFileSync(gate, '');
		expect(await collected).toEqual([]);
		await next;
		expect(verbs().slice(2)).toEqual(['GC first', 'GC second', 'ADD first', 'ADD second']);
	});
});

describe('readiness', () => {
	test('of the built-in network names the plugins that are missing, and no configuration', () => {
		const builtin = { dir: tempDir(), subnets: undefined, claimsDir: path.join(tempDir(), 'claims') };
		const { network, confDir, binDir, root } = setUp({}, { builtin });
		rmSync(path.join(confDir, '10-pods.conflist'));
		const message = network.notReady()?.message;
		expect(message).toContain(`cannot use the built-in network: no plugin "bridge" in ${binDir}`);
		expect(message).toContain('containernetworking-plugins');
		expect(message).not.toContain(`${root}/conf`);
	});

	test('follows the folder', async () => {
		const { network, confDir, binDir, write } = setUp();
		rmSync(confDir, { recursive: true });
		expect(network.notReady()).toEqual({
			reason: 'NetworkPluginNotReady',
			message: `Network plugin returns error: no CNI configuration file in ${confDir}. Has your network provider started?`,
		});
		await expect(network.attach(request)).rejects.toThrow('no CNI configuration file');
		mkdirSync(confDir);
		write('10-broken.conflist', '{');
		expect(network.notReady()?.message).toContain('10-broken.conflist": it is not valid JSON');
		write('20-absent.conflist', { cniVersion: '1.0.0', name: 'x', plugins: [{ type: 'absent' }] });
		expect(network.notReady()?.message).toContain(`no plugin "absent" in ${binDir}`);
		write('30-future.conflist', { cniVersion: '1.1.0', name: 'y', plugins: [{ type: 'first' }] });
		await expect(network.attach(request)).rejects.toThrow('the plugin speaks 0.4.0, 1.0.0');
		expect(network.notReady()?.message).toContain('30-future.conflist');
		write('40-good.conf', { cniVersion: '1.0.0', name: 'z', type: 'first' });
		expect(network.notReady()).toBeUndefined();
		expect((await network.attach(request)).attachments[0]?.network).toBe('z');
	});

	test('is asked of plugins that know STATUS, and of their versions before the first pod', async () => {
		const versions = ['1.1.0'];
		const status = fail('no route to the fabric');
		const { network, calls, write } = setUp(
			{ first: { versions, answers: { STATUS: status } } },
			{ conf: { cniVersion: '1.1.0', plugins: [{ type: 'first', mtu: 1400 }] } },
		);
		await expect
			.poll(() => network.notReady()?.message)
			.toBe(
				'Network plugin returns error: cannot STATUS network by plugin "first": no route to the fabric; as told',
			);
		expect(calls()).toMatchObject([{ command: 'STATUS', config: { name: 'pods', mtu: 1400 } }]);
		write('10-pods.conflist', { cniVersion: '1.1.0', name: 'pods', plugins: [{ type: 'second' }] });
		await expect.poll(() => network.notReady()?.message).toContain('the plugin speaks 0.4.0, 1.0.0');
	});

	test('the first file by name wins', async () => {
		const { network, write } = setUp();
		write('05-early.conf', { cniVersion: '1.0.0', name: 'early', type: 'first' });
		write('00-not-a-network.txt', 'x');
		expect((await network.attach(request)).attachments[0]?.network).toBe('early');
	});
});

function isRunning(pid: string): boolean {
	try {
		return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
	} catch {
		return false;
	}
}
