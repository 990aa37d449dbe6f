import { expect, onTestFinished, test } from 'vitest';
import { createChildWaits } from '../../../../src/runtime/sys/child-waits.ts';
import type { ChildEnd, ContainerCalls } from '../../../../src/runtime/sys/container-calls.ts';
import { createReaper } from '../../../../src/runtime/sys/reaper.ts';

function fake() {
	const ends = new Map<number, ChildEnd>();
	const asked: number[] = [];
	let adoptions = 0;
	const unused = (): never => {
		throw new Error('not part of this');
	};
	const sys: ContainerCalls = {
		pipe: unused,
		streamSocket: unused,
		replaceDescriptor: unused,
		connectSeqpacket: unused,
		listenStream: unused,
		receiveDescriptor: unused,
		readableBytes: unused,
		setWindowSize: unused,
		openProcess: unused,
		signalProcess: unused,
		becomeSubreaper: () => void adoptions++,
		waitChild(pid) {
			asked.push(pid);
			const end = ends.get(pid) ?? { kind: 'running' };
			if (end.kind === 'exited') ends.set(pid, { kind: 'unknown' });
			return end;
		},
	};
	const waits = createChildWaits(sys);
	const reaper = createReaper(sys, waits);
	onTestFinished(() => reaper[Symbol.dispose]());
	onTestFinished(() => waits[Symbol.dispose]());
	return { reaper, waits, ends, asked, adoptions: () => adoptions };
}

test('an end is told when SIGCHLD comes, and one of before at once', async () => {
	const { reaper, ends, asked, adoptions } = fake();
	reaper.adopt();
	reaper.adopt();
	expect(adoptions()).toBe(1);
	ends.set(11, { kind: 'exited', exitCode: 3 });
	expect(await reaper.ended(11)).toBe(3);
	const later = reaper.ended(12);
	const other = reaper.ended(13);
	ends.set(12, { kind: 'exited', exitCode: 137 });
	process.emit('SIGCHLD', 'SIGCHLD');
	expect(await later).toBe(137);
	ends.set(13, { kind: 'exited', exitCode: 0 });
	process.emit('SIGCHLD', 'SIGCHLD');
	expect(await other).toBe(0);
	asked.length = 0;
	process.emit('SIGCHLD', 'SIGCHLD');
	expect(asked).toEqual([]);
});

test('who is no child of ours has an unknown end, and so has everybody once it is over', async () => {
	const { reaper, waits, ends } = fake();
	reaper.adopt();
	ends.set(21, { kind: 'unknown' });
	expect(await reaper.ended(21)).toBeUndefined();
	const waiting = reaper.ended(22);
	const before = process.listenerCount('SIGCHLD');
	reaper[Symbol.dispose]();
	waits[Symbol.dispose]();
	expect(await waiting).toBeUndefined();
	expect(process.listenerCount('SIGCHLD')).toBe(before - 2);
});
