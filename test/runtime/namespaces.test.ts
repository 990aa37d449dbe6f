/** Namespaces that the real kernel makes: new, set up, pinned, released, and the host's own untouched. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import type { PinRequest } from '../../src/runtime/sys/namespaces.ts';
import { createNamespaces } from '../../src/runtime/sys/namespaces-linux.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const missing = whatIsMissing('root', 'nsenter');

const request: PinRequest = {
	id: 'pod-1',
	network: true,
	ipc: true,
	uts: true,
	hostname: 'inside',
	sysctls: {},
};

describe.skipIf(missing)(`namespaces${missing ?? ''}`, () => {
	const opened: { dir: string; namespaces: ReturnType<typeof createNamespaces> }[] = [];
	const open = (dir = path.join(tempDir(), 'ns')) => {
		const namespaces = createNamespaces({ dir, sys: loadLibc(), log: () => undefined });
		opened.push({ dir, namespaces });
		return { dir, namespaces };
	};
	const inside =
		(files: { network?: string | undefined; ipc?: string | undefined; uts?: string | undefined }) =>
		(...command: string[]) => {
			const flags = [
				...(files.network === undefined ? [] : [`--net=${files.network}`]),
				...(files.ipc === undefined ? [] : [`--ipc=${files.ipc}`]),
				...(files.uts === undefined ? [] : [`--uts=${files.uts}`]),
			];
			return execFileSync('nsenter', [...flags, ...command], { encoding: 'utf8' }).trim();
		};
	const mountsBelow = (dir: string) =>
		readFileSync('/proc/self/mountinfo', 'utf8')
			.split('\n')
			.filter((line) => line.includes(dir));

	afterEach(async () => {
		for (const { dir, namespaces } of opened.splice(0)) {
			for (const id of namespaces.list()) await namespaces.unpin(id);
			await namespaces[Symbol.asyncDispose]();
			expect(mountsBelow(dir)).toEqual([]);
		}
	});

	test('makes all three, with hostname, sysctls and loopback inside and nothing changed outside', async () => {
		const { dir, namespaces } = open();
		const before = namespacesOfThreads();
		const hostForward = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
		const pinned = await namespaces.pin({
			...request,
			sysctls: {
				'net.ipv4.ip_unprivileged_port_start': '7',
				'net/ipv4/conf/lo/proxy_arp': '1',
				'kernel.shm_rmid_forced': '1',
				'fs.mqueue.msg_max': '11',
			},
		});
		expect(pinned).toEqual(namespaces.pathsOf('pod-1'));
		expect(namespaces.list()).toEqual(['pod-1']);
		const run = inside(pinned);
		expect(run('hostname')).toBe('inside');
		expect(run('cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('7');
		expect(run('cat', '/proc/sys/net/ipv4/conf/lo/proxy_arp')).toBe('1');
		expect(run('cat', '/proc/sys/kernel/shm_rmid_forced')).toBe('1');
		expect(run('cat', '/proc/sys/fs/mqueue/msg_max')).toBe('11');
		expect(run('ip', '-o', 'addr', 'show', 'lo')).toContain('127.0.0.1/8');
		expect(run('ip', '-o', 'addr', 'show', 'lo')).toContain('::1/128');
		expect(run('ip', '-o', 'link', 'show', 'lo')).toContain('LOOPBACK,UP');
		expect(hostname()).not.toBe('inside');
		expect(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8')).toBe(hostForward);
		// No thread was left in the pod's namespaces, the one that made them least of all.
		expect(namespacesOfThreads()).toEqual(before);
		const kept = readFileSync('/proc/self/mountinfo', 'utf8');
		expect(kept).toContain(pinned.network);
		await namespaces.unpin('pod-1');
		expect(mountsBelow(dir)).toEqual([]);
		expect(namespaces.list()).toEqual([]);
		await namespaces.unpin('pod-1');
	});

	test('makes only what is asked for', async () => {
		const { namespaces } = open();
		const pinned = await namespaces.pin({ ...request, network: false, uts: false });
		expect(pinned).toEqual({ network: undefined, ipc: namespaces.pathsOf('pod-1').ipc, uts: undefined });
		expect(inside(pinned)('hostname')).toBe(hostname());
		const none = { ...request, id: 'pod-2', network: false, ipc: false, uts: false };
		expect(await namespaces.pin(none)).toEqual({ network: undefined, ipc: undefined, uts: undefined });
		expect(namespaces.list()).toEqual(['pod-1']);
	});

	test('refuses sysctls of the node, and of namespaces shared with it, and leaves nothing', async () => {
		const { dir, namespaces } = open();
		const refusal = async (sysctls: Record<string, string>, shared: Partial<PinRequest> = {}) =>
			namespaces.pin({ ...request, ...shared, sysctls }).then(
				() => 'none',
				(error: Error) => error.message,
			);
		expect(await refusal({ 'vm.swappiness': '1' })).toContain('belongs to the whole node');
		expect(await refusal({ 'net/../vm/swappiness': '1' })).toContain('belongs to the whole node');
		expect(await refusal({ 'net.ipv4.ip_forward': '1' }, { network: false })).toContain('shares its net');
		expect(await refusal({ 'kernel.sem': '1' }, { ipc: false })).toContain('shares its ipc');
		expect(await refusal({ 'net.ipv4.no_such': '1' })).toBe(
			'cannot set sysctl "net.ipv4.no_such" to "1": there is no such sysctl in a pod',
		);
		expect(await refusal({ 'net.ipv4.ip_unprivileged_port_start': 'x' })).toContain('EINVAL');
		expect(await refusal({}, { hostname: 'h'.repeat(65) })).toContain('sethostname');
		expect(await refusal({}, { id: '../x' })).toContain('no id of a sandbox');
		const ending = new AbortController();
		const pinning = namespaces.pin(request, { signal: ending.signal });
		ending.abort(new Error('nobody waits'));
		await expect(pinning).rejects.toThrow('nobody waits');
		expect(namespaces.list()).toEqual([]);
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('finds and releases what an earlier run has left, bound twice or not at all', async () => {
		const { dir, namespaces } = open();
		await namespaces.pin(request);
		const { network } = namespaces.pathsOf('pod-1');
		loadLibc().mount('/proc/self/ns/net', network, '', 4096, '');
		execFileSync('touch', [namespaces.pathsOf('half-made').uts]);
		const second = open(dir);
		expect(second.namespaces.list()).toEqual(['half-made', 'pod-1']);
		// A repeated pin makes new ones.
		const again = await second.namespaces.pin({ ...request, network: false, hostname: 'again' });
		expect(inside(again)('hostname')).toBe('again');
		expect(readdirSync(path.join(dir, 'net'))).toEqual([]);
		await second.namespaces.unpin('pod-1');
		await second.namespaces.unpin('half-made');
		expect(mountsBelow(dir)).toEqual([]);
	});

	test('makes fifty at once', async () => {
		const { namespaces } = open();
		const ids = Array.from({ length: 50 }, (_, index) => `pod-${index}`);
		await Promise.all(ids.map((id) => namespaces.pin({ ...request, id })));
		const inodes = ids.map((id) => statSync(namespaces.pathsOf(id).network).ino);
		expect(new Set(inodes).size).toBe(50);
	});
});

/** Which namespaces the threads of this process are in. */
function namespacesOfThreads(): readonly string[] {
	const found = new Set<string>();
	for (const thread of readdirSync('/proc/self/task')) {
		for (const kind of ['net', 'ipc', 'uts']) found.add(readlinkSync(`/proc/self/task/${thread}/ns/${kind}`));
	}
	return [...found].sort();
}
