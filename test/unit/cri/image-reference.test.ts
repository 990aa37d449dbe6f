import { expect, test } from 'vitest';
import {
	formatImageReference,
	parseImageReference,
	shortImageName,
	splitRepositoryTag,
} from '../../../src/cri/image-reference.ts';

const digest = `sha256:${'ab'.repeat(32)}`;

test.each([
	['nginx', 'docker.io/library/nginx:latest'],
	['nginx:1.27', 'docker.io/library/nginx:1.27'],
	['a/b', 'docker.io/a/b:latest'],
	['index.docker.io/nginx', 'docker.io/library/nginx:latest'],
	['localhost/x', 'localhost/x:latest'],
	['localhost:5000/x', 'localhost:5000/x:latest'],
	['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
	[`quay.io/a/b@${digest}`, `quay.io/a/b@${digest}`],
	[`quay.io/a/b:v1@${digest}`, `quay.io/a/b:v1@${digest}`],
	['[::1]:5000/a__b/c-d', '[::1]:5000/a__b/c-d:latest'],
])('%s means %s', (text, full) => {
	expect(formatImageReference(parseImageReference(text))).toBe(full);
	expect(formatImageReference(parseImageReference(full))).toBe(full);
});

test.each([
	'',
	' ',
	'Nginx',
	'a//b',
	'a b',
	'quay.io/',
	':tag',
	'a:b c',
	'-x.y/z',
	'a/b@sha256:12',
	'localhost:99999/x',
])('%j is refused', (text) => {
	expect(() => parseImageReference(text)).toThrow(`cannot use image "${text}": `);
});

test.each([
	['docker.io/library/nginx:1', 'nginx:1'],
	['docker.io/a/b:1', 'a/b:1'],
	['quay.io/a/b:1', 'quay.io/a/b:1'],
	[`quay.io/a:1@${digest}`, 'quay.io/a:1'],
	[`quay.io/a@${digest}`, `quay.io/a@${digest}`],
	[digest, digest],
	['', ''],
])('%s is shown as %s', (text, short) => {
	expect(shortImageName(text)).toBe(short);
});

test.each([
	['localhost:5000/a', 'localhost:5000/a', '<none>'],
	['localhost:5000/a:b', 'localhost:5000/a', 'b'],
	[`a@${digest}`, 'a', '<none>'],
	['', '<none>', '<none>'],
])('%s has repository %s and tag %s', (text, repository, tag) => {
	expect(splitRepositoryTag(text)).toEqual({ repository, tag });
});
