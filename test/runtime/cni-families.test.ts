/** The built-in network with both families and with limits of bandwidth, by the real plugins; and nothing left of it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPodNetwork, type PodNetworkOptions } from '../../src/runtime/cni/cni-pod-network.ts';
import type { AttachRequest } from '../../src/runtime/cni/pod-network.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { createNamespaces } from '../../src/runtime/sys/namespaces-linux.ts';
import { createTurns } from '../../src/runtime/turns.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const pluginsDir =
	['/usr/lib/cni', '/opt/cni/bin'].find((dir) => existsSync(`${dir}/bridge`)) ?? '/usr/lib/cni';
const missing = whatIsMissing(
	'root',
	'ip',
	'tc',
	'nsenter',
	'iptables',
	`${pluginsDir}/bridge`,
	'/bin/busybox',
);
/** A kernel without IPv6, or one where it is switched off, has no such file, or says so. */
const noIpv6 = readOr('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1').trim() === '1';
const missing6 =
	whatIsMissing('ip6tables', '/proc/net/if_inet6') ??
	(noIpv6 ? ' [skipped, missing: IPv6 in the kernel]' : undefined);
const missingTc = whatIsMissing(`${pluginsDir}/bandwidth`);

describe.skipIf(missing)(`the built-in network${missing ?? ''}`, () => {
	let undo: AsyncDisposableStack;
	/** Words that occur in everything that a test makes, and in nothing else. */
	let marks: string[];
	beforeEach(() => {
		undo = new AsyncDisposableStack();
		marks = [];
	});
	afterEach(async () => {
		await undo.disposeAsync();
		const left = () => hostLines().filter((line) => marks.some((mark) => line.includes(mark)));
		await expect.poll(left, { timeout: 30_000 }).toEqual([]);
	});

	function setUp(subnets: readonly string[], options: Partial<PodNetworkOptions> = {}) {
		const root = tempDir();
		// Less of it is found by chance in the mounts of other pods, whose names are long hexadecimal numbers.
		const unique = randomBytes(4).toString('hex');
		const bridge = `crif-${unique}`;
		// A family that is asked for by its name says nothing of what is made.
		const named = subnets.filter((subnet) => subnet.includes('/'));
		marks.push(unique, root, ...named.map((subnet) => subnet.replace(/(?:0\/\d+|\/\d+)$/, '')));
		const sys = loadLibc();
		const namespaces = createNamespaces({ dir: path.join(root, 'ns'), sys, log: () => undefined });
		const network = createPodNetwork({
			confDir: path.join(root, 'net.d'),
			cacheDir: path.join(root, 'cache'),
			binDirs: [pluginsDir],
			builtin: { dir: path.join(root, 'builtin'), bridge, subnets },
			log: () => undefined,
			...options,
		});
		const made: AttachRequest[] = [];
		undo.defer(async () => {
			for (const request of made) await network.detach(request);
			for (const id of namespaces.list()) await namespaces.unpin(id);
			await network[Symbol.asyncDispose]();
			await namespaces[Symbol.asyncDispose]();
		});
		const pod = async (name: string, more: Partial<AttachRequest> = {}) => {
			const id = `${name}-${unique}`;
			const kinds = { network: true, ipc: false, uts: true } as const;
			const pinned = await namespaces.pin({ id, ...kinds, hostname: name, sysctls: {} });
			const request: AttachRequest = {
				podSandboxId: id,
				podName: name,
				podNamespace: 'test',
				podUid: `uid-${unique}`,
				netnsPath: pinned.network ?? '',
				portMappings: [],
				annotations: {},
				cgroupPath: '',
				...more,
			};
			made.push(request);
			const run = (...command: string[]) => inNetns(request.netnsPath, command);
			return { id, request, run };
		};
		return { root, bridge, network, pod };
	}

	/** Answers every connection with some words, over both families, until the test ends. */
	async function serveInside(netnsPath: string, port: number, words: string): Promise<void> {
		const command = ['nc', '-ll', '-p', String(port), '-e', '/bin/busybox', 'echo', words];
		const server: ChildProcess = spawn('nsenter', [`--net=${netnsPath}`, '/bin/busybox', ...command], {
			stdio: 'ignore',
		});
		undo.defer(async () => {
			const ended = new Promise((resolve) => server.once('exit', resolve));
			server.kill('SIGKILL');
			await ended;
		});
		const listening = () => inNetns(netnsPath, ['/bin/busybox', 'netstat', '-lnt']);
		await expect.poll(listening, { timeout: 30_000 }).toContain(`:${port} `);
	}

	const ask = (address: string, port: number) =>
		execFileSync('/bin/busybox', ['nc', '-w', '30', address, String(port)], { encoding: 'utf8' });

	describe.skipIf(missing6)(`of both families${missing6 ?? ''}`, () => {
		test('pods reach each other, the node reaches them, and host ports answer over IPv6', async () => {
			// Four digits: what is led by zeros, others write without them.
			const unique = randomInt(0x1000, 0x1_0000).toString(16);
			const subnet4 = `10.${200 + ((randomBytes(1)[0] ?? 0) % 50)}.${randomBytes(1)[0]}.0/24`;
			const { network, pod, bridge } = setUp([subnet4, `fd43:${unique}::/64`]);
			const port = await freePort();
			const portMappings = [{ protocol: 'tcp', containerPort: 8080, hostPort: port, hostIp: '' }] as const;
			const [one, two] = [await pod('one'), await pod('two', { portMappings })];
			const [first, second] = await Promise.all([network.attach(one.request), network.attach(two.request)]);
			for (const { ips } of [first, second]) {
				expect(ips).toEqual([expect.stringMatching(/^10\./), expect.stringMatching(/^fd43:/)]);
			}
			const [address4 = '', address6 = ''] = second.ips;
			await serveInside(two.request.netnsPath, 8080, 'from two');
			// Whether an address is still being tried out is nobody's matter but the kernel's.
			const ping = (address: string) => {
				try {
					return one.run('/bin/busybox', 'ping', '-6', '-c', '1', '-W', '2', address);
				} catch (error) {
					return String(error);
				}
			};
			await expect.poll(() => ping(address6), { timeout: 30_000 }).toContain('1 packets received');
			for (const address of [address4, address6]) {
				expect(one.run('/bin/busybox', 'nc', '-w', '30', address, '8080')).toBe('from two\n');
				expect(ask(address, 8080)).toBe('from two\n');
			}
			expect(one.run('ip', '-6', 'route', 'show', 'default')).toContain(`via fd43:${unique}::1 `);
			const gateway = `fd43:${unique}::1`;
			expect(ping(gateway)).toContain('1 packets received');
			// Through the node's address from the node and from a pod; ::1 is beyond what the kernel translates.
			expect(ask(gateway, port)).toBe('from two\n');
			expect(one.run('/bin/busybox', 'nc', '-w', '30', gateway, String(port))).toBe('from two\n');
			expect(ask('127.0.0.1', port)).toBe('from two\n');
			await network.check(two.request);
			const rules = () => execFileSync('ip6tables-save', { encoding: 'utf8' });
			expect(rules()).toContain(`-A POSTROUTING -s fd43:${unique}::/64 -j CRISCOPE-${bridge}`);
			expect(rules()).toMatch(new RegExp(`--dport ${port} -j DNAT --to-destination \\[fd43:.*\\]:8080`));
			for (const { request } of [one, two]) expect(await network.detach(request)).toEqual([]);
			expect(rules()).not.toContain(`--dport ${port}`);
			for (const { id } of [one, two]) expect(rules()).not.toContain(id);
			// The last run takes what all pods had in common.
			await network[Symbol.asyncDispose]();
			expect(rules()).not.toContain(bridge);
		});

		test('IPv6 alone', async () => {
			const { network, pod } = setUp(['ipv6']);
			const only = await pod('only');
			const { ips } = await network.attach(only.request);
			expect(ips).toEqual([expect.stringMatching(/^fd/)]);
			expect(only.run('ip', '-o', '-4', 'addr', 'show', 'dev', 'eth0')).toBe('');
			expect(await network.detach(only.request)).toEqual([]);
		});
	});

	test.skipIf(missingTc)(`limits of bandwidth are the kernel's to keep${missingTc ?? ''}`, async () => {
		const { network, pod, bridge } = setUp(['ipv4']);
		const annotations = {
			'kubernetes.io/ingress-bandwidth': '10M',
			'kubernetes.io/egress-bandwidth': '2M',
		};
		const [slow, free] = [await pod('slow', { annotations }), await pod('free')];
		await network.attach(free.request);
		const qdiscs = () => execFileSync('tc', ['qdisc', 'show'], { encoding: 'utf8' }).split('\n');
		const before = qdiscs().filter((line) => line.startsWith('qdisc tbf'));
		const { attachments } = await network.attach(slow.request);
		const peer = vethOf(bridge, slow.run('ip', '-o', 'link', 'show', 'eth0'));
		// What comes to the pod is sent by the veth of the node; what it sends is led over a device that sends it on.
		expect(qdiscs().find((line) => line.includes(`dev ${peer} root`))).toMatch(/^qdisc tbf .* rate 10Mbit /);
		const limited = qdiscs().filter((line) => line.startsWith('qdisc tbf') && !before.includes(line));
		expect(limited).toContainEqual(expect.stringMatching(/ rate 2Mbit /));
		expect(limited).toHaveLength(2);
		const others = vethOf(bridge, free.run('ip', '-o', 'link', 'show', 'eth0'));
		expect(limited.filter((line) => line.includes(` ${others} `))).toEqual([]);
		expect(attachments[0]?.result).toMatchObject({
			interfaces: expect.arrayContaining([{ name: expect.any(String), mac: expect.any(String) }]),
		});
		await network.check(slow.request);
		expect(await network.detach(slow.request)).toEqual([]);
		expect(qdiscs().filter((line) => line.startsWith('qdisc tbf') && !before.includes(line))).toEqual([]);
		expect(await network.detach(free.request)).toEqual([]);
	});

	test('many pods at once: never more plugins than turns, and all of them come and go', async () => {
		const bin = tempDir();
		const running = path.join(bin, 'running');
		mkdirSync(running);
		for (const plugin of ['bridge', 'host-local']) {
			const real = path.join(pluginsDir, plugin);
			const noted = [
				'#!/bin/sh',
				`: > ${running}/$$; ls ${running} | wc -l >> ${bin}/most; ${real}; code=$?; rm ${running}/$$; exit $code`,
			];
			const plain = `#!/bin/sh\nexec ${real}`;
			// The second is started by the first, and has no turn of its own.
			writeFileSync(path.join(bin, plugin), plugin === 'bridge' ? noted.join('\n') : plain);
			chmodSync(path.join(bin, plugin), 0o755);
		}
		const turns = createTurns({ atOnce: 4, patienceMs: 600_000 });
		const { network, pod } = setUp(['ipv4'], { binDirs: [bin], turns });
		const pods = await Promise.all(Array.from({ length: 16 }, (_, index) => pod(`many${index}`)));
		const attached = await Promise.all(pods.map(({ request }) => network.attach(request)));
		expect(new Set(attached.map(({ ips }) => ips[0])).size).toBe(pods.length);
		const detached = await Promise.all(pods.map(({ request }) => network.detach(request)));
		expect(detached.flat().filter(({ message }) => !message.includes('no end within'))).toEqual([]);
		// On a slow day some end behind whoever asked for it.
		const most = () => readFileSync(path.join(bin, 'most'), 'utf8').trim().split('\n').map(Number);
		await expect.poll(() => most().length, { timeout: 60_000 }).toBeGreaterThanOrEqual(2 * pods.length);
		expect(Math.max(...most())).toBeLessThanOrEqual(4);
	});
});

function inNetns(netnsPath: string, command: readonly string[]): string {
	return execFileSync('nsenter', [`--net=${netnsPath}`, ...command], { encoding: 'utf8' });
}

/** The node's end of a pod's interface. */
function vethOf(bridge: string, inside: string): string {
	const [, index = ''] = /eth0@if(\d+):/.exec(inside) ?? [];
	const links = execFileSync('ip', ['-o', 'link', 'show', 'master', bridge], { encoding: 'utf8' });
	return new RegExp(`^${index}: ([^@:]+)`, 'm').exec(links)?.[1] ?? '';
}

/** All of a host that pods change. */
function hostLines(): readonly string[] {
	const read = (file: string, ...args: string[]) => {
		try {
			return execFileSync(file, args, { encoding: 'utf8' }).split('\n');
		} catch {
			// Not every machine has IPv6.
			return [];
		}
	};
	return [
		...read('ip', '-o', 'link'),
		...read('ip', '-o', 'addr'),
		...read('ip', 'route'),
		...read('ip', '-6', 'route'),
		...read('iptables-save'),
		...read('ip6tables-save'),
		...read('tc', 'qdisc', 'show'),
		...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
	];
}

function readOr(file: string, otherwise: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch {
		return otherwise;
	}
}

function freePort(): Promise<number> {
	const { promise, resolve } = Promise.withResolvers<number>();
	const server = createServer().listen(0, '::', () => {
		const address = server.address();
		server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
	});
	return promise;
}
