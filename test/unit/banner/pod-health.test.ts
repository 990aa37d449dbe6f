import { expect, test } from 'vitest';
import { decisiveContainers, podsHealth } from '../../../src/banner/pod-health.ts';
import { container, ended, nowMs, pod } from './fixtures.ts';

function why(...[pods, containers, statuses]: Parameters<typeof podsHealth>): string {
	const { sick, unknown } = podsHealth(pods, containers, statuses, nowMs);
	return [
		...sick.map((one) => `${one.why}${one.detail ? ` (${one.detail})` : ''}`),
		...Array(unknown).fill('?'),
	].join();
}

test.each([
	['running', [container('a', 'running')], {}, ''],
	['done', [container('a', 'exited')], { 'a/app/0': ended(0) }, ''],
	['failed once', [container('a', 'exited')], { 'a/app/0': ended(1, 'Error') }, 'Error 1'],
	[
		'failed again and again',
		[container('a', 'exited', 4)],
		{ 'a/app/4': ended(1) },
		'CrashLoop (4 restarts)',
	],
	[
		'killed for memory',
		[container('a', 'exited', 4)],
		{ 'a/app/4': ended(137, 'OOMKilled') },
		'OOMKilled (4 restarts)',
	],
	['not told in time', [container('a', 'exited')], {}, '?'],
	['created', [container('a', 'created')], {}, 'Created (not started)'],
	['empty', [], {}, 'NoContainer'],
	[
		'a loop seen while it runs',
		[container('a', 'running', 3), container('a', 'exited', 2)],
		{ 'a/app/2': ended(2) },
		'CrashLoop (3 restarts)',
	],
	[
		'a loop long over',
		[container('a', 'running', 3), container('a', 'exited', 2)],
		{ 'a/app/2': ended(2, '', 3_600_000) },
		'',
	],
	[
		'killed for memory and running again',
		[container('a', 'running', 1), container('a', 'exited', 0)],
		{ 'a/app/0': ended(137, 'OOMKilled', 12 * 60_000) },
		'OOMKilled (12m ago, runs again)',
	],
	[
		'an earlier attempt that is not told',
		[container('a', 'running', 1), container('a', 'exited', 0)],
		{},
		'?',
	],
])('%s', (_name, containers, statuses, expected) => {
	expect(why([pod('a')], containers, new Map(Object.entries(statuses)), nowMs)).toBe(expected);
});

test('a sandbox that is not ready', () => {
	const notReady = [pod('a', 'notReady')];
	expect(why(notReady, [container('a', 'running')], new Map(), nowMs)).toBe('NotReady');
	expect(why(notReady, [], new Map(), nowMs)).toBe('');
	expect(why(notReady, [container('a', 'exited')], new Map([['a/app/0', ended(0)]]), nowMs)).toBe('');
	// One that a newer sandbox took the place of is history.
	const replaced = [pod('a', 'notReady'), pod('a', 'ready', 1)];
	expect(podsHealth(replaced, [], new Map(), nowMs).total).toBe(1);
});

test('the worst comes first, and is asked for first', () => {
	const pods = [pod('a'), pod('b'), pod('c')];
	const containers = [
		container('a', 'exited'),
		container('b', 'exited', 5),
		container('c', 'running', 2),
		container('c', 'exited', 1),
		container('c', 'exited', 0),
	];
	expect(decisiveContainers(pods, containers)).toEqual(['b/app/5', 'c/app/1', 'a/app/0']);
	const statuses = new Map([
		['a/app/0', ended(1)],
		['b/app/5', ended(1)],
		['c/app/1', ended(0)],
	]);
	expect(podsHealth(pods, containers, statuses, nowMs).sick.map(({ name }) => name)).toEqual(['b', 'a']);
});
