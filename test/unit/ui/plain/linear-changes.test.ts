import { expect, it } from 'vitest';
import { changeLines } from '../../../../src/ui/plain/linear-changes.ts';
import { applied, container, emptyState, event, factsOf, image, nowMs, pod, refreshed } from '../fixtures.ts';

const web = container('shop', 'web');
const before = applied(emptyState(), ...refreshed([pod('shop')], [web]));

it('tells nothing while nothing changes', () => {
	const same = applied(before, ...refreshed([pod('shop')], [web], nowMs + 5_000));
	expect(changeLines(before, same)).toEqual([]);
});

it('tells of a container that failed, and of its pod', () => {
	const failed = container('shop', 'web', { state: 'exited' });
	const after = applied(
		emptyState(),
		...refreshed([pod('shop')], [failed]),
		event('inventory', { kind: 'factsReceived', pods: [], containers: [factsOf(failed, { exitCode: 3 })] }),
	);
	expect(changeLines(before, after)).toEqual([
		'pod default/shop: Running -> Error 3',
		'container shop/web: Running -> Error 3',
	]);
});

it('tells what is new and what is gone', () => {
	const after = applied(
		emptyState(),
		...refreshed([pod('shop')], [container('shop', 'web', { attempt: 1 })]),
		event('inventory', { kind: 'imagesRefreshed', images: [image('nginx:1')], atMs: nowMs }),
	);
	expect(changeLines(before, after)).toEqual([
		'container shop/web: new, Running, attempt 1',
		'container shop/web: gone (was Running)',
		'image nginx:1: new',
	]);
});

it('tells when the runtime falls silent and when it answers again', () => {
	const silent = applied(before, event('connection', { kind: 'runtimeSilent', problem: 'nobody listens' }));
	expect(changeLines(before, silent)).toEqual(['runtime: does not answer: nobody listens']);
	expect(changeLines(silent, before)).toEqual(['runtime: answers again']);
});
