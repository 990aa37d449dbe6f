import { describe, expect, test } from 'vitest';
import { findContainer, findPod } from '../../../../src/cli/objects/find.ts';
import { matches, parseGoRegExp } from '../../../../src/cli/objects/go-regexp.ts';
import { inParallel } from '../../../../src/cli/objects/in-parallel.ts';
import { newestFirst } from '../../../../src/cli/objects/limit.ts';
import { InvalidArgumentError, NotFoundError } from '../../../../src/cri/errors.ts';
import type { Container, PodSandbox } from '../../../../src/cri/model.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';

function pod(id: string, path: string, attempt = 0, createdAtNanos = 1n): PodSandbox {
	const [namespace = '', name = ''] = path.split('/');
	return { id, metadata: { name, namespace, uid: path, attempt }, createdAtNanos } as unknown as PodSandbox;
}

function container(id: string, podSandboxId: string, name: string, attempt = 0): Container {
	return { id, podSandboxId, metadata: { name, attempt }, createdAtNanos: 1n } as unknown as Container;
}

const pods = [
	pod('aa11', 'shop/web'),
	pod('aa22', 'shop/web', 1),
	pod('bb33', 'other/web'),
	pod('cc44', 'shop/db'),
];
const containers = [
	container('0001', 'aa11', 'app'),
	container('0002', 'aa22', 'app'),
	container('0012', 'aa22', 'app', 1),
	container('0103', 'bb33', 'app'),
	container('0204', 'cc44', 'engine'),
	container('0205', 'cc44', '0103'),
	container('0206', 'cc44', '0'),
];

let asked: string[] = [];
const client = {
	runtime: {
		listPodSandbox: async () => {
			asked.push('pods');
			return pods;
		},
		listContainers: async () => {
			asked.push('containers');
			return containers;
		},
	},
} as unknown as CriClient;

describe('pods', () => {
	test.each([
		['cc44', 'cc44'],
		['cc', 'cc44'],
		['db', 'cc44'],
		['shop/db', 'cc44'],
		// The newest attempt counts for a name.
		['shop/web', 'aa22'],
		['other/web', 'bb33'],
	])('%s is %s', async (word, id) => {
		expect((await findPod(client, word, {})).id).toBe(id);
	});

	test.each([
		['zz', NotFoundError, 'cannot find pod "zz": no pod has that id or name'],
		['', NotFoundError, 'cannot find pod ""'],
		['aa', InvalidArgumentError, 'cannot choose pod "aa": it may be aa11 (shop/web), aa22 (shop/web)'],
		['web', InvalidArgumentError, 'it may be aa22 (shop/web), bb33 (other/web)'],
	])('%s is refused', async (word, kind, sentence) => {
		await expect(findPod(client, word, {})).rejects.toThrow(kind);
		await expect(findPod(client, word, {})).rejects.toThrow(sentence);
	});
});

describe('containers', () => {
	test.each([
		// A whole id is what it says, also where another container has that name.
		['0103', '0103'],
		['001', '0012'],
		['engine', '0204'],
		['db/engine', '0204'],
		['shop/web/app', '0012'],
		['other/web/app', '0103'],
	])('%s is %s', async (word, id) => {
		expect((await findContainer(client, word, {})).id).toBe(id);
	});

	test.each([
		['zz', NotFoundError, 'no container has that id or name'],
		['web/engine', NotFoundError, 'no container has that id or name'],
		['shop/db', NotFoundError, 'that is a pod, with the containers shop/db/engine, shop/db/0103, shop/db/0'],
		['web', NotFoundError, 'that is a pod, with the containers shop/web/app, other/web/app'],
		['app', InvalidArgumentError, 'it may be 0012 (shop/web/app), 0103 (other/web/app)'],
		['web/app', InvalidArgumentError, 'it may be 0012 (shop/web/app), 0103 (other/web/app)'],
		// A name and the beginning of ids: acting on the wrong one cannot be undone.
		['0', InvalidArgumentError, 'or 2 more'],
	])('%s is refused', async (word, kind, sentence) => {
		await expect(findContainer(client, word, {})).rejects.toThrow(kind);
		await expect(findContainer(client, word, {})).rejects.toThrow(sentence);
	});

	test('pods are asked for only where a name needs them', async () => {
		asked = [];
		await findContainer(client, 'engine', {});
		await findContainer(client, '0204', {});
		expect(asked).toEqual(['containers', 'containers']);
	});
});

test.each([
	['^we', 'web', true],
	['(?i)WEB', 'web', true],
	['WEB', 'web', false],
	['[[:digit:]]+$', 'web-1', true],
	['\\Aweb\\z', 'web', true],
	['(?P<x>w)eb', 'web', true],
	['my\\-pod', 'my-pod', true],
])('%s on %s as in Go: %s', (pattern, text, expected) => {
	expect(matches(parseGoRegExp(pattern, 'name'), text)).toBe(expected);
});

test('a pattern that is none is refused', () => {
	expect(() => parseGoRegExp('(', 'name')).toThrow(/^flag --name is no regular expression: /);
	expect(matches(undefined, 'x')).toBe(true);
});

test('newest first, and --last before --latest', () => {
	const items = [1n, 3n, 2n, undefined].map((createdAtNanos, index) => ({ id: `${index}`, createdAtNanos }));
	const ids = (latest: boolean, last?: number) => newestFirst(items, { latest, last }).map(({ id }) => id);
	expect(ids(false)).toEqual(['1', '2', '0', '3']);
	expect(ids(true)).toEqual(['1']);
	expect(ids(true, 2)).toEqual(['1', '2']);
	expect(ids(false, 0)).toHaveLength(4);
});

test('no more than eight at a time, results in order', async () => {
	let [running, most] = [0, 0];
	const results = await inParallel([...Array(30).keys()], async (item) => {
		most = Math.max(most, ++running);
		await new Promise(setImmediate);
		running--;
		return item * 2;
	});
	expect(results).toEqual([...Array(30).keys()].map((item) => item * 2));
	expect(most).toBe(8);
});
