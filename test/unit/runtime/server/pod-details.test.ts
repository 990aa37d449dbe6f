import { expect, test } from 'vitest';
import { OciRuntimeError } from '../../../../src/runtime/oci/model.ts';
import { mergeResources } from '../../../../src/runtime/server/container-update-resources.ts';
import { execProcess } from '../../../../src/runtime/server/exec-request.ts';
import { retryJoining } from '../../../../src/runtime/server/exec-retry.ts';
import { parseNetDev } from '../../../../src/runtime/server/net-dev.ts';
import { resolvConfText } from '../../../../src/runtime/server/sandbox-files.ts';
import { together } from '../../../../src/runtime/server/together.ts';
import { createUsageSamples } from '../../../../src/runtime/server/usage-samples.ts';

test('resolv.conf has a line for all searches, one for each server, and one for all options', () => {
	const text = resolvConfText({
		servers: ['1.1.1.1', 'fd00::1'],
		searches: ['a', 'b'],
		options: ['ndots:2', 'rotate'],
	});
	expect(text).toBe('search a b\nnameserver 1.1.1.1\nnameserver fd00::1\noptions ndots:2 rotate\n');
	expect(resolvConfText({ servers: [], searches: [], options: [] })).toBe('');
});

test('interfaces are read from the kernel table', () => {
	const text = [
		'Inter-|   Receive                                                |  Transmit',
		' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed',
		'  eth0: 1296       5    1    0    0     0          0         0      866       7    2    0    0     0       0          0',
	].join('\n');
	expect(parseNetDev(text)).toEqual([
		{
			name: 'eth0',
			...{ rxBytes: 1296n, rxPackets: 5n, rxErrors: 1n, rxDropped: 0n },
			...{ txBytes: 866n, txPackets: 7n, txErrors: 2n, txDropped: 0n },
		},
	]);
});

test('a command is run as the container itself, with other arguments', () => {
	const own = { terminal: false, user: { uid: 5, gid: 6 }, args: ['app'], env: ['A=b'], cwd: '/x' };
	expect(execProcess(own, ['sh', '-l'], true)).toEqual({
		...own,
		terminal: true,
		args: ['sh', '-l'],
		env: ['A=b', 'TERM=xterm'],
	});
	expect(execProcess({ ...own, env: ['TERM=vt100'] }, ['sh'], true).env).toEqual(['TERM=vt100']);
	expect(execProcess(own, ['sh'], false).env).toEqual(['A=b']);
});

test('an update replaces what it sets, and nothing else', () => {
	const unset = {
		cpuPeriodMicros: undefined,
		cpuQuotaMicros: undefined,
		cpuShares: undefined,
		memoryLimitBytes: undefined,
		memorySwapLimitBytes: undefined,
		oomScoreAdj: undefined,
		cpusetCpus: '',
		cpusetMems: '',
		unified: {},
		hugepageLimits: [],
	};
	const before = { ...unset, cpuShares: 5n, cpusetCpus: '0', unified: { 'memory.high': '1' } };
	expect(mergeResources(before, { ...unset, memoryLimitBytes: 7n })).toEqual({
		...before,
		memoryLimitBytes: 7n,
	});
	expect(mergeResources(undefined, before)).toEqual(before);
});

test('joining namespaces is tried again, everything else is not', async () => {
	const race = new OciRuntimeError('runc exec', 'exec failed: error executing setns process: exit status 1');
	let tries = 0;
	const once = await retryJoining(async () => {
		tries += 1;
		if (tries === 1) throw race;
		return 'ran';
	});
	expect([once, tries]).toEqual(['ran', 2]);
	tries = 0;
	const other = retryJoining(async () => {
		tries += 1;
		throw new OciRuntimeError('runc exec', 'no such file');
	});
	await expect(other).rejects.toThrow('no such file');
	expect(tries).toBe(1);
});

test('of works side by side the first failure is thrown, once all have ended', async () => {
	const ended: string[] = [];
	const waits = (signal: AbortSignal) =>
		new Promise((_resolve, reject) =>
			signal.addEventListener('abort', () => reject(new Error('told to stop'))),
		).finally(() => ended.push('other'));
	const failed = together(new AbortController().signal, [waits, () => Promise.reject(new Error('first'))]);
	await expect(failed).rejects.toThrow('first');
	expect(ended).toEqual(['other']);
});

test('rates come from two samples that are far enough apart', () => {
	const samples = createUsageSamples();
	const cpu = (timestampNanos: bigint, usageCoreNanos: bigint) =>
		samples.withRate('c', { timestampNanos, usageCoreNanos, usageNanoCores: undefined, psi: undefined })
			?.usageNanoCores;
	expect(cpu(0n, 0n)).toBeUndefined();
	expect(cpu(1_000_000_000n, 500_000_000n)).toBe(500_000_000n);
	expect(cpu(1_000_000_001n, 500_000_001n)).toBe(500_000_000n);
	samples.keepOnly(new Set());
	expect(cpu(2_000_000_000n, 700_000_000n)).toBeUndefined();
});
