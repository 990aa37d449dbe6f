import { expect, test } from 'vitest';
import { createMonitorPlaces, isPlacedLater } from '../../../../src/runtime/server/monitor-places.ts';

const monitor = (pid: number) => ({ pid, startTimeTicks: 1n });

function setUp({ dead = [] as readonly number[], refuse = [] as readonly number[], pauseMs = 1e6 } = {}) {
	const placed: string[] = [];
	const told: string[] = [];
	const addMonitor = async (cgroup: string, pid: number) => {
		if (refuse.includes(pid)) throw new Error('no room');
		placed.push(`${cgroup} ${pid}`);
	};
	const places = createMonitorPlaces(
		{ addMonitor },
		{ isAlive: ({ pid }) => !dead.includes(pid) },
		{ log: (level, message) => void told.push(`${level} ${message}`), pauseMs },
	);
	return { places, placed, told };
}

test('places all that wait when it is disposed of, and not those that have ended or left', async () => {
	const { places, placed, told } = setUp({ dead: [2] });
	for (const pid of [1, 2, 3, 4]) places.place(`c${pid}`, `/g${pid}`, monitor(pid));
	await places.leave('c3');
	expect(placed).toEqual([]);
	await places[Symbol.asyncDispose]();
	expect(placed).toEqual(['/g1 1', '/g4 4']);
	expect(told).toEqual([]);
});

test('places them by itself after a while, those that come meanwhile too', async () => {
	const { places, placed } = setUp({ pauseMs: 0 });
	places.place('c1', '/g1', monitor(1));
	places.place('c2', '/g2', monitor(2));
	await expect.poll(() => placed).toEqual(['/g1 1', '/g2 2']);
	places.place('c3', '/g3', monitor(3));
	await expect.poll(() => placed).toHaveLength(3);
});

test('one that cannot be placed is told, and the others are placed', async () => {
	const { places, placed, told } = setUp({ refuse: [1] });
	places.place('c1', '/g1', monitor(1));
	places.place('c2', '/g2', monitor(2));
	await places[Symbol.asyncDispose]();
	expect(placed).toEqual(['/g2 2']);
	expect(told).toEqual(['warn the monitor of a container stays in the control group of the runtime']);
});

test('who leaves while it is being placed waits until that is over', async () => {
	const begun = Promise.withResolvers<void>();
	const goOn = Promise.withResolvers<void>();
	const order: string[] = [];
	const places = createMonitorPlaces(
		{
			async addMonitor() {
				begun.resolve();
				await goOn.promise;
				order.push('placed');
			},
		},
		{ isAlive: () => true },
		{ log: () => undefined, pauseMs: 0 },
	);
	places.place('c1', '/g1', monitor(1));
	await begun.promise;
	const left = places.leave('c1').then(() => order.push('left'));
	goOn.resolve();
	await left;
	expect(order).toEqual(['placed', 'left']);
});

test('who leaves waits for nobody else', async () => {
	const begun = Promise.withResolvers<void>();
	const goOn = Promise.withResolvers<void>();
	const placed: number[] = [];
	const places = createMonitorPlaces(
		{
			async addMonitor(_cgroup, pid) {
				begun.resolve();
				await goOn.promise;
				placed.push(pid);
			},
		},
		{ isAlive: () => true },
		{ log: () => undefined, pauseMs: 0 },
	);
	for (const pid of [1, 2, 3]) places.place(`c${pid}`, `/g${pid}`, monitor(pid));
	await begun.promise;
	await places.leave('c2');
	expect(placed).toEqual([]);
	goOn.resolve();
	await places[Symbol.asyncDispose]();
	expect(placed).toEqual([1, 3]);
});

test('a process that cannot be looked at fails neither the others nor a removal', async () => {
	const placed: number[] = [];
	const told: string[] = [];
	const places = createMonitorPlaces(
		{ addMonitor: async (_cgroup, pid) => void placed.push(pid) },
		{
			isAlive({ pid }) {
				if (pid === 1) throw new Error('EMFILE: too many open files');
				return true;
			},
		},
		{ log: (level) => void told.push(level), pauseMs: 1e6 },
	);
	for (const pid of [1, 2]) places.place(`c${pid}`, `/g${pid}`, monitor(pid));
	await places[Symbol.asyncDispose]();
	await places.leave('c1');
	expect(placed).toEqual([2]);
	expect(told).toEqual(['warn']);
	places.place('c3', '/g3', monitor(3));
	await places[Symbol.asyncDispose]();
	expect(placed).toEqual([2, 3]);
});

test.each([
	['cgroupfs', '/usr/bin/runc', true],
	['cgroupfs', '/usr/bin/crun', true],
	['cgroupfs', '/usr/bin/runsc', false],
	['systemd', '/usr/bin/runc', false],
] as const)('under %s with %s a monitor may be placed later: %s', (driver, path, later) => {
	const handler = { path } as Parameters<typeof isPlacedLater>[1];
	expect(isPlacedLater({ driver }, handler)).toBe(later);
});
