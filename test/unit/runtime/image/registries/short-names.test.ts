import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatImageReference } from '../../../../../src/cri/image-reference.ts';
import { mergeConf } from '../../../../../src/runtime/image/registries/load-conf.ts';
import { parseRegistriesConf } from '../../../../../src/runtime/image/registries/parse-conf.ts';
import {
	readShortNameAliases,
	resolveName,
} from '../../../../../src/runtime/image/registries/short-names.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

const digest = `sha256:${'b'.repeat(64)}`;

function resolve(image: string, text: string, cached: Readonly<Record<string, string>> = {}) {
	const conf = mergeConf([parseRegistriesConf(text, '/conf')]);
	const aliases = new Map(
		Object.entries(cached).map(([name, target]) => [name, { target, origin: '/cache' }]),
	);
	const { references, origin } = resolveName(image, conf, aliases);
	return { names: references.map(formatImageReference), origin };
}

const two = 'unqualified-search-registries = ["quay.io", "docker.io"]\n';

describe('a name in full', () => {
	test.each([
		['quay.io/a/b', 'quay.io/a/b:latest'],
		['localhost/b:1', 'localhost/b:1'],
		['docker.io/busybox', 'docker.io/library/busybox:latest'],
		['host:5000/b', 'host:5000/b:latest'],
		[`quay.io/b:1@${digest}`, `quay.io/b@${digest}`],
	])('%s is itself', (image, full) => {
		expect(resolve(image, '')).toEqual({ names: [full], origin: undefined });
	});
});

describe('a short name', () => {
	test('is an alias with its tag or digest, podman’s own before those of the file', () => {
		const text = '[aliases]\nfedora = "registry.fedoraproject.org/fedora"\nbusybox = "docker.io/busybox"\n';
		expect(resolve('fedora:40', text)).toEqual({
			names: ['registry.fedoraproject.org/fedora:40'],
			origin: '/conf',
		});
		expect(resolve('busybox', text).names).toEqual(['docker.io/library/busybox:latest']);
		expect(resolve(`fedora:1@${digest}`, text).names).toEqual([
			`registry.fedoraproject.org/fedora@${digest}`,
		]);
		expect(resolve('fedora', text, { fedora: 'mine.example/f' })).toEqual({
			names: ['mine.example/f:latest'],
			origin: '/cache',
		});
	});
	test('whose alias was taken back is searched for', () => {
		expect(resolve('x', 'unqualified-search-registries = ["quay.io"]\n[aliases]\nx = ""').names).toEqual([
			'quay.io/x:latest',
		]);
	});
	test('is searched for in the one registry, with folders kept', () => {
		expect(resolve('team/app:2', 'unqualified-search-registries = ["quay.io"]').names).toEqual([
			'quay.io/team/app:2',
		]);
		expect(resolve('app', 'unqualified-search-registries = ["docker.io"]').names).toEqual([
			'docker.io/library/app:latest',
		]);
	});
	test.each(['permissive', 'disabled'])('in mode %s is each of the candidates in order', (mode) => {
		expect(resolve('app:2', `${two}short-name-mode = "${mode}"`).names).toEqual([
			'quay.io/app:2',
			'docker.io/library/app:2',
		]);
	});
	test('is refused where nobody can be asked which, and the candidates are named', () => {
		expect(() => resolve('app:2', two)).toThrow(
			/"app:2".*ambiguous.*enforcing.*quay\.io\/app:2, docker\.io\/library\/app:2/,
		);
	});
	test('is refused where no registry is searched', () => {
		expect(() => resolve('app', '')).toThrow(
			/did not resolve to an alias.*"\/conf".*docker\.io\/library\/app:latest/,
		);
	});
	test('is no id of an image', () => {
		expect(() => resolve('c'.repeat(64), two)).toThrow('it is the id of an image');
	});
	test.each(['', 'Upper', 'a//b', 'app:', '../x', 'app@sha256:12'])('%j is no reference', (image) => {
		expect(() => resolve(image, 'unqualified-search-registries = ["quay.io"]')).toThrow('cannot use image');
	});
});

describe('the file of recorded aliases', () => {
	test('is read, and may be missing', async () => {
		const dir = tempDir();
		const file = join(dir, 'short-name-aliases.conf');
		expect(await readShortNameAliases(file)).toEqual(new Map());
		writeFileSync(file, '[aliases]\n"app" = "quay.io/app"\n');
		expect(await readShortNameAliases(file)).toEqual(
			new Map([['app', { target: 'quay.io/app', origin: file }]]),
		);
	});
	test('is named where it is broken', async () => {
		const file = join(tempDir(), 'short-name-aliases.conf');
		writeFileSync(file, '[aliases\n');
		await expect(readShortNameAliases(file)).rejects.toThrow(file);
	});
});
