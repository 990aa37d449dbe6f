/** Pods on networks of the real plugins: addresses, reach, host ports; and nothing left when they are gone. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createPodNetwork, type PodNetworkOptions } from '../../src/runtime/cni/cni-pod-network.ts';
import type { AttachRequest, PodNetwork } from '../../src/runtime/cni/pod-network.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { createNamespaces } from '../../src/runtime/sys/namespaces-linux.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('root', 'ip', 'iptables', 'nsenter', '/usr/lib/cni/bridge', '/bin/busybox');
const binDirs = ['/usr/lib/cni', '/opt/cni/bin'];
type PortMapping = AttachRequest['portMappings'][number];

describe.skipIf(missing)(`networks of pods${missing ?? ''}`, () => {
	let undo: AsyncDisposableStack;
	/** Words that occur in everything that a test makes, and in nothing else. */
	let marks: string[];
	beforeEach(() => {
		undo = new AsyncDisposableStack();
		marks = [];
	});
	afterEach(async () => {
		await undo.disposeAsync();
		await expect
			.poll(() => hostLines().filter((line) => marks.some((mark) => line.includes(mark))))
			.toEqual([]);
	});

	/** A bridge, a subnet and folders of this try's own. */
	function setUp(options: Partial<PodNetworkOptions> = {}) {
		const root = tempDir();
		const unique = randomBytes(4).toString('hex');
		const subnet = `10.${200 + ((randomBytes(1)[0] ?? 0) % 50)}.${randomBytes(1)[0]}.0/24`;
		const bridge = `crit-${unique}`;
		marks.push(unique, subnet.replace(/0\/24$/, ''), root);
		const namespaces = createNamespaces({
			dir: path.join(root, 'ns'),
			sys: loadLibc(),
			log: () => undefined,
		});
		const dirs = { confDir: path.join(root, 'net.d'), cacheDir: path.join(root, 'cache') };
		const builtin = { dir: path.join(root, 'builtin'), bridge, subnets: [subnet] };
		const opened: PodNetwork[] = [];
		const open = (more: Partial<PodNetworkOptions> = {}): PodNetwork => {
			const network = createPodNetwork({
				...dirs,
				binDirs,
				builtin,
				log: () => undefined,
				...options,
				...more,
			});
			opened.push(network);
			return network;
		};
		const network = open();
		undo.defer(async () => {
			await network.collect(new Set());
			for (const id of namespaces.list()) await namespaces.unpin(id);
			for (const one of opened.toReversed()) await one[Symbol.asyncDispose]();
			await namespaces[Symbol.asyncDispose]();
		});
		const pod = async (name: string, more: Partial<AttachRequest> = {}) => {
			const id = `${name}-${unique}`;
			const pinned = await namespaces.pin({
				id,
				network: true,
				ipc: false,
				uts: true,
				hostname: name,
				sysctls: {},
			});
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
			return { id, request, run: (...command: string[]) => inNetns(request.netnsPath, command) };
		};
		return { root, unique, bridge, subnet, namespaces, network, open, pod, ...dirs };
	}

	/** Echoes what comes, once for each connection, until the test ends. */
	async function serveInside(netnsPath: string, port: number, words: string): Promise<void> {
		const command = ['nc', '-ll', '-p', String(port), '-e', '/bin/busybox', 'echo', words];
		const server: ChildProcess = spawn('nsenter', [`--net=${netnsPath}`, '/bin/busybox', ...command], {
			stdio: 'ignore',
			detached: true,
		});
		undo.defer(async () => {
			const ended = new Promise((resolve) => server.once('exit', resolve));
			server.kill('SIGKILL');
			await ended;
		});
		await expect.poll(() => inNetns(netnsPath, ['/bin/busybox', 'netstat', '-lnt'])).toContain(`:${port} `);
	}

	test('a node without a network: two pods reach each other, the node, and nothing is left of them', async () => {
		const { network, pod, subnet, bridge, cacheDir, root } = setUp();
		expect(network.notReady()).toBeUndefined();
		const [one, two] = [await pod('one'), await pod('two')];
		const [first, second] = await Promise.all([network.attach(one.request), network.attach(two.request)]);
		const [net] = subnet.split('.0/');
		expect([first, second].map(({ ips }) => ips)).toEqual([
			[expect.stringMatching(`^${net}\\.\\d+$`)],
			[expect.stringMatching(`^${net}\\.\\d+$`)],
		]);
		expect(first.ips).not.toEqual(second.ips);
		expect(one.run('ip', '-o', '-4', 'addr', 'show', 'eth0')).toContain(`${first.ips[0]}/24`);
		await serveInside(two.request.netnsPath, 8080, 'hello');
		const target = second.ips[0] ?? '';
		expect(one.run('/bin/busybox', 'ping', '-c', '1', '-W', '2', target)).toContain('1 packets received');
		expect(one.run('/bin/busybox', 'nc', '-w', '30', target, '8080')).toBe('hello\n');
		expect(one.run('/bin/busybox', 'ping', '-c', '1', '-W', '2', `${net}.1`)).toContain('1 packets received');
		await network.check(one.request);
		const rules = execFileSync('iptables', ['-t', 'nat', '-S'], { encoding: 'utf8' });
		expect(rules).toContain(`-A POSTROUTING -s ${subnet} -j CRISCOPE-${bridge}`);
		expect(await network.detach(one.request)).toEqual([]);
		expect(await network.detach(two.request)).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual([]);
		expect(
			readdirSync(path.join(root, 'builtin/addresses/criscope')).filter((name) => /^\d/.test(name)),
		).toEqual([]);
		expect(one.run('ip', '-o', 'link')).not.toContain('eth0');
	});

	test('both families, where they are asked for', async () => {
		const root = tempDir();
		const bridge = `crit-${randomBytes(2).toString('hex')}`;
		marks.push(bridge);
		const { network, pod } = setUp({ builtin: { dir: root, bridge, subnets: ['ipv4', 'ipv6'] } });
		const both = await pod('both');
		const { ips } = await network.attach(both.request);
		expect(ips).toEqual([expect.stringMatching(/^[\d.]+$/), expect.stringMatching(/^fd.*:.*$/)]);
		const addresses = both.run('ip', '-o', 'addr', 'show', 'eth0');
		for (const ip of ips) expect(addresses).toContain(`${ip}/`);
		const subnets = readFileSync(path.join(root, `${bridge}.conflist`), 'utf8');
		// A second run keeps what the first has chosen.
		const again = setUp({ builtin: { dir: root, bridge } });
		expect(again.network.notReady()).toBeUndefined();
		expect(readFileSync(path.join(root, `${bridge}.conflist`), 'utf8')).toBe(subnets);
	});

	test('host ports, from 127.0.0.1 and by the node’s address, TCP and UDP', async () => {
		const { network, pod } = setUp();
		const port = await freePort();
		const mapping = (more: Partial<PortMapping>): PortMapping => ({
			protocol: 'tcp',
			containerPort: 80,
			hostPort: port,
			hostIp: '',
			...more,
		});
		const web = await pod('web', {
			portMappings: [mapping({}), mapping({ protocol: 'udp', containerPort: 53 }), mapping({ hostPort: 0 })],
		});
		await network.attach(web.request);
		await serveInside(web.request.netnsPath, 80, 'from the pod');
		const ask = (address: string) =>
			execFileSync('/bin/busybox', ['nc', '-w', '30', address, String(port)], { encoding: 'utf8' });
		expect(ask('127.0.0.1')).toBe('from the pod\n');
		expect(ask(hostAddress())).toBe('from the pod\n');
		const rules = () => execFileSync('iptables', ['-t', 'nat', '-S'], { encoding: 'utf8' });
		expect(rules()).toMatch(new RegExp(`-p udp .*--dport ${port} -j DNAT --to-destination [\\d.]+:53`));
		expect(await network.detach(web.request)).toEqual([]);
		expect(rules()).not.toContain(web.id);
		expect(rules()).not.toContain(`--dport ${port}`);
	});

	test('a configuration of the node: its bridge masquerades, portmap is added, DEL leaves nothing', async () => {
		const { network, pod, confDir, subnet, unique, root } = setUp();
		const bridge = `crin-${unique}`;
		undo.defer(() => void execFileSync('ip', ['link', 'delete', bridge]));
		mkdirSync(confDir);
		const ipam = { type: 'host-local', dataDir: path.join(root, 'leases'), subnet };
		const plugin = { type: 'bridge', bridge, isGateway: true, ipMasq: true, ipam };
		const name = `crin-${unique}`;
		writeFileSync(
			path.join(confDir, '10-node.conflist'),
			JSON.stringify({ cniVersion: '0.4.0', name, plugins: [plugin, { type: 'tuning' }] }),
		);
		const port = await freePort();
		const portMappings = [
			{ protocol: 'tcp', containerPort: 80, hostPort: port, hostIp: '127.0.0.1' },
		] as const;
		const web = await pod('web', { portMappings });
		const { attachments } = await network.attach(web.request);
		expect(attachments).toMatchObject([
			{ network: name, interface: 'eth0', result: { cniVersion: '0.4.0' } },
		]);
		await serveInside(web.request.netnsPath, 80, 'local');
		expect(
			execFileSync('/bin/busybox', ['nc', '-w', '30', '127.0.0.1', String(port)], { encoding: 'utf8' }),
		).toBe('local\n');
		await network.check(web.request);
		expect(await network.detach(web.request)).toEqual([]);
		expect(execFileSync('iptables-save', { encoding: 'utf8' })).not.toContain(web.id);
		expect(readdirSync(path.join(root, 'leases', name)).filter((file) => /^\d/.test(file))).toEqual([]);
	});

	test('kill -9 at any moment: the next run finds and undoes everything', async () => {
		const { root, bridge, subnet, namespaces, open, cacheDir } = setUp();
		const program = new URL('./cni-attach-program.ts', import.meta.url).pathname;
		let found = 0;
		for (const delayMs of [0, 4, 9, 15, 22, 30]) {
			const child = spawn(process.execPath, [program, root, bridge, subnet], {
				stdio: ['ignore', 'pipe', 'inherit'],
			});
			const ended = new Promise((resolve) => child.once('exit', resolve));
			await lines(child, 3);
			await sleep(delayMs);
			child.kill('SIGKILL');
			await ended;
			found += readdirSync(cacheDir).length;
			const next = open();
			expect(await next.collect(new Set())).toEqual([]);
			for (const id of namespaces.list()) await namespaces.unpin(id);
			expect(readdirSync(cacheDir)).toEqual([]);
			const leases = path.join(root, 'builtin/addresses/criscope');
			expect(readdirSync(leases).filter((name) => /^\d/.test(name))).toEqual([]);
			// A plugin that was left at work would make another one now.
			await expect
				.poll(() => execFileSync('ip', ['-o', 'link', 'show', 'master', bridge], { encoding: 'utf8' }))
				.toBe('');
		}
		expect(found).toBeGreaterThan(0);
	});

	test('a namespace that went first: address, rules and record go all the same', async () => {
		const { network, open, pod, confDir, cacheDir, namespaces, subnet, unique, root } = setUp();
		const bridge = `crin-${unique}`;
		undo.defer(() => void execFileSync('ip', ['link', 'delete', bridge]));
		mkdirSync(confDir);
		const name = `crin-${unique}`;
		const ipam = { type: 'host-local', dataDir: path.join(root, 'leases'), subnet };
		const plugin = { type: 'bridge', bridge, isGateway: true, ipMasq: true, ipam };
		writeFileSync(path.join(confDir, '10.conf'), JSON.stringify({ cniVersion: '1.0.0', name, ...plugin }));
		const leases = () => readdirSync(path.join(root, 'leases', name)).filter((file) => /^\d/.test(file));
		const port = await freePort();
		const gone = await pod('gone', {
			portMappings: [{ protocol: 'tcp', containerPort: 80, hostPort: port, hostIp: '' }],
		});
		const killed = await pod('killed');
		await network.attach(gone.request);
		await network.attach(killed.request);
		expect(leases()).toHaveLength(2);
		// As a crash between ADD and its record leaves it: the record knows of no result.
		const file = path.join(cacheDir, `${killed.id}.json`);
		const record = JSON.parse(readFileSync(file, 'utf8')) as { attachments: { result?: unknown }[] };
		for (const attachment of record.attachments) delete attachment.result;
		writeFileSync(file, JSON.stringify(record));
		await namespaces.unpin(gone.id);
		// A new run, that knows of nobody.
		expect(await open().collect(new Set())).toEqual([]);
		expect(leases()).toEqual([]);
		expect(readdirSync(cacheDir)).toEqual([]);
		const rules = execFileSync('iptables-save', { encoding: 'utf8' });
		for (const { id } of [gone, killed]) expect(rules).not.toContain(id);
		expect(rules).not.toContain(`--dport ${port}`);
	});
});

/** Waits until a program has printed so many lines. */
function lines(child: ChildProcess, count: number): Promise<void> {
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	let text = '';
	child.stdout?.on('data', (chunk: Buffer) => {
		text += chunk.toString();
		if (text.split('\n').length > count) resolve();
	});
	child.once('exit', () => reject(new Error(`the program ended by itself, after "${text}"`)));
	return promise;
}

function inNetns(netnsPath: string, command: readonly string[]): string {
	return execFileSync('nsenter', [`--net=${netnsPath}`, ...command], { encoding: 'utf8' });
}

/** All of a host that pods change. */
function hostLines(): readonly string[] {
	const read = (file: string, ...args: string[]) =>
		execFileSync(file, args, { encoding: 'utf8' }).split('\n');
	return [
		...read('ip', '-o', 'link'),
		...read('ip', '-o', 'addr'),
		...read('ip', 'route'),
		...read('iptables-save'),
		...read('ip6tables-save'),
		...readFileSync('/proc/self/mountinfo', 'utf8').split('\n'),
	];
}

function hostAddress(): string {
	const [, address] =
		/inet ([\d.]+)\//.exec(
			execFileSync('ip', ['-o', '-4', 'addr', 'show', 'scope', 'global'], { encoding: 'utf8' }),
		) ?? [];
	if (address === undefined)
		throw new Error('cannot test host ports: this machine has no address but 127.0.0.1');
	return address;
}

function freePort(): Promise<number> {
	const { promise, resolve } = Promise.withResolvers<number>();
	const server = createServer().listen(0, '0.0.0.0', () => {
		const address = server.address();
		server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
	});
	return promise;
}
