import { expect, test } from 'vitest';
import { parsePressure } from '../../../src/node/pressure.ts';
import { parseProcessCgroups, readBootTimeMs, readHostLoad, readProcess } from '../../../src/node/procfs.ts';
import { hostTree } from './host-tree.ts';

const psi =
	'some avg10=1.50 avg60=0.00 avg300=12.03 total=99\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551615\n';

test('reads load, memory, uptime, processors and pressure', async () => {
	await using host = await hostTree({
		'/proc/loadavg': '0.52 1.58 10.59 2/1034 4242\n',
		'/proc/meminfo': 'MemTotal:       16000 kB\nMemFree:         1000 kB\nMemAvailable:    4000 kB\n',
		'/proc/uptime': '350735.47 234388.90\n',
		'/proc/stat': 'cpu  1 2\ncpu0 1 2\ncpu1 1 2\nbtime 1700000000\n',
		'/proc/pressure/memory': psi,
	});
	const load = await readHostLoad(host);
	expect(load).toMatchObject({
		loadAverage: { one: 0.52, five: 1.58, fifteen: 10.59 },
		memoryTotalBytes: 16_384_000,
		memoryAvailableBytes: 4_096_000,
		uptimeSeconds: 350_735.47,
		cpuCount: 2,
	});
	expect(load.pressure.memory?.some).toEqual({
		avg10Percent: 1.5,
		avg60Percent: 0,
		avg300Percent: 12.03,
		totalMicros: 99n,
	});
	expect(load.pressure.memory?.full?.totalMicros).toBe(18_446_744_073_709_551_615n);
	expect(load.pressure.cpu).toBeUndefined();
	expect(await readBootTimeMs(host)).toBe(1_700_000_000_000);
});

test('garbage is absent, never NaN', async () => {
	await using host = await hostTree({ '/proc/loadavg': 'x y z', '/proc/meminfo': '', '/proc/uptime': '' });
	expect(await readHostLoad(host)).toEqual({
		loadAverage: undefined,
		memoryTotalBytes: undefined,
		memoryAvailableBytes: undefined,
		uptimeSeconds: undefined,
		cpuCount: undefined,
		pressure: { cpu: undefined, memory: undefined, io: undefined },
	});
	expect(parsePressure('nothing')).toBeUndefined();
});

test('a process with a name made to mislead', async () => {
	const fields = Array.from({ length: 50 }, (_, index) => String(index + 3));
	fields[0] = 'S';
	fields[19] = '250';
	await using host = await hostTree({
		'/proc/stat': 'btime 1000\n',
		'/proc/7/stat': `7 (a) R (b) ${fields.join(' ')}\n`,
		'/proc/7/cmdline': 'sh\0-c\0\0x y\0',
	});
	expect(await readProcess(7, host)).toEqual({
		pid: 7,
		name: 'a) R (b',
		commandLine: ['sh', '-c', '', 'x y'],
		startedAtMs: 1_002_500,
	});
	expect(await readProcess(8, host)).toBeUndefined();
});

test('cgroups of a process in every hierarchy', () => {
	const { unified, controllers } = parseProcessCgroups(
		'4:cpu,cpuacct:/a:b\n1:name=systemd:/init\n0::/kubepods/x\nrubbish\n',
	);
	expect(unified).toBe('/kubepods/x');
	expect([...controllers]).toEqual([
		['cpu', '/a:b'],
		['cpuacct', '/a:b'],
		['name=systemd', '/init'],
	]);
});
