import { describe, expect, test } from 'vitest';
import { mapContainer } from '../../../src/cri/codec-container.ts';
import { mapPodSandbox } from '../../../src/cri/codec-pod-sandbox.ts';
import {
	matchesContainer,
	matchesPodSandbox,
	parseContainerState,
	parseLabelSelector,
	parsePodSandboxState,
	resolveObject,
} from '../../../src/cri/filters.ts';

test('labels are read as they are', () => {
	expect({ ...parseLabelSelector(['a=b', 'c=', 'd=e=f']) }).toEqual({ a: 'b', c: '', d: 'e=f' });
	expect(Object.keys(parseLabelSelector(['__proto__=x']))).toEqual(['__proto__']);
	expect(() => parseLabelSelector(['a'])).toThrow('cannot use label "a": it must be key=value');
	expect(() => parseLabelSelector(['=a'])).toThrow('cannot use label "=a"');
});

test('states are read in any case', () => {
	expect(parsePodSandboxState('NotReady')).toBe('notReady');
	expect(parseContainerState('Exited')).toBe('exited');
	expect(() => parsePodSandboxState('up')).toThrow('it must be one of ready, notready');
	expect(() => parseContainerState('up')).toThrow('it must be one of created, running, exited, unknown');
});

describe('rules of the lists', () => {
	const pod = mapPodSandbox({ id: 'abc', state: 'SANDBOX_READY', labels: { app: 'x' } });
	const container = mapContainer({
		id: 'def',
		podSandboxId: 'abc',
		state: 'CONTAINER_EXITED',
		labels: { app: 'x' },
	});

	test.each([
		[{}, true],
		[{ id: 'ab' }, true],
		[{ id: 'b' }, false],
		[{ state: 'notReady' as const }, false],
		[{ labelSelector: { app: 'x' } }, true],
		[{ labelSelector: { app: 'y' } }, false],
		[{ labelSelector: { toString: 'x' } as never }, false],
	])('pod by %j: %s', (filter, expected) => {
		expect(matchesPodSandbox(pod, filter)).toBe(expected);
	});

	test.each([
		[{ podSandboxId: 'abc', state: 'exited' as const }, true],
		[{ podSandboxId: 'x' }, false],
		[{ state: 'running' as const }, false],
	])('container by %j: %s', (filter, expected) => {
		expect(matchesContainer(container, filter)).toBe(expected);
	});
});

describe('what a text stands for', () => {
	const items = [
		{ id: 'sha256:aa11', name: 'web' },
		{ id: 'sha256:aa22', name: 'db' },
		{ id: 'aa', name: 'db' },
	];
	const resolve = (text: string) => resolveObject(items, text, ({ name }) => [name]);

	test.each([
		['aa', 'aa'],
		['aa1', 'sha256:aa11'],
		['sha256:aa2', 'sha256:aa22'],
		['web', 'sha256:aa11'],
	])('%s is %s', (text, id) => {
		expect(resolve(text)).toMatchObject({ kind: 'one', item: { id } });
	});

	test('several or none', () => {
		expect(resolve('a')).toMatchObject({ kind: 'ambiguous', items: { length: 3 } });
		expect(resolve('db')).toMatchObject({ kind: 'ambiguous', items: { length: 2 } });
		expect(resolve('')).toEqual({ kind: 'none' });
		expect(resolve('sha256:')).toEqual({ kind: 'none' });
	});
});
