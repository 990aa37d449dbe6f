import { describe, expect, test } from 'vitest';
import { formatImageReference, parseImageReference } from '../../../../../src/cri/image-reference.ts';
import { findRegistry, pullSources } from '../../../../../src/runtime/image/registries/find-registry.ts';
import { mergeConf } from '../../../../../src/runtime/image/registries/load-conf.ts';
import { parseRegistriesConf } from '../../../../../src/runtime/image/registries/parse-conf.ts';

const digest = `sha256:${'a'.repeat(64)}`;

function conf(...files: readonly string[]) {
	return mergeConf(files.map((text, index) => parseRegistriesConf(text, `/conf/${index}.conf`)));
}

function sources(image: string, text: string) {
	const found = pullSources(parseImageReference(image), conf(text).registries);
	return {
		...found,
		sources: found.sources.map(
			({ reference, insecure, isMirror }) =>
				`${formatImageReference(reference)}${insecure ? ' insecure' : ''}${isMirror ? ' mirror' : ''}`,
		),
	};
}

describe('the longest prefix wins', () => {
	const { registries } = conf(`
[[registry]]
location = "example.com"
[[registry]]
location = "example.com/team"
[[registry]]
location = "example.com/team/app"
[[registry]]
prefix = "*.example.com"
[[registry]]
prefix = "*.eu.example.com"
[[registry]]
location = "port.example:5000"
`);
	test.each([
		['example.com/team/app:1', 'example.com/team/app'],
		['example.com/team/application:1', 'example.com/team'],
		['example.com/teams:1', 'example.com'],
		[`example.com/team/app@${digest}`, 'example.com/team/app'],
		['a.example.com/x', '*.example.com'],
		['a.eu.example.com:5000/x', '*.eu.example.com'],
		['badexample.com/x', undefined],
		['other.example/a.example.com/x', undefined],
		['port.example:5000/x', 'port.example:5000'],
		['port.example:50000/x', undefined],
	])('%s', (image, prefix) => {
		expect(findRegistry(image, registries)?.prefix).toBe(prefix);
	});
});

test('without an entry the registry itself is the one source', () => {
	expect(sources('busybox', '').sources).toEqual(['docker.io/library/busybox:latest']);
});

test('a location takes the place of the prefix and keeps the rest', () => {
	const text =
		'[[registry]]\nprefix = "example.com/foo"\nlocation = "internal.example:5000/bar/foo"\ninsecure = true';
	expect(sources('example.com/foo/image:1', text).sources).toEqual([
		'internal.example:5000/bar/foo/image:1 insecure',
	]);
	expect(sources(`example.com/foo@${digest}`, text).sources).toEqual([
		`internal.example:5000/bar/foo@${digest} insecure`,
	]);
});

test('a wildcard rewrites the whole host, or nothing', () => {
	expect(
		sources('a.b.example.com/x/y:1', '[[registry]]\nprefix = "*.example.com"\nlocation = "c.example"')
			.sources,
	).toEqual(['c.example/x/y:1']);
	expect(
		sources('a.example.com:5000/x:1', '[[registry]]\nprefix = "*.example.com"\nlocation = "c.example"')
			.sources,
	).toEqual(['c.example:5000/x:1']);
	expect(
		sources('a.example.com/x:1', '[[registry]]\nprefix = "*.example.com"\ninsecure = true').sources,
	).toEqual(['a.example.com/x:1 insecure']);
});

test('mirrors come first, those that fit tag or digest', () => {
	const text = `
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "all.example/hub"
insecure = true
[[registry.mirror]]
location = "digests.example"
pull-from-mirror = "digest-only"
[[registry.mirror]]
location = "tags.example"
pull-from-mirror = "tag-only"
`;
	expect(sources('busybox:1', text).sources).toEqual([
		'all.example/hub/library/busybox:1 insecure mirror',
		'tags.example/library/busybox:1 mirror',
		'docker.io/library/busybox:1',
	]);
	expect(sources(`busybox@${digest}`, text).sources).toEqual([
		`all.example/hub/library/busybox@${digest} insecure mirror`,
		`digests.example/library/busybox@${digest} mirror`,
		`docker.io/library/busybox@${digest}`,
	]);
});

describe('blocked', () => {
	test('leaves nothing of a registry without mirrors', () => {
		expect(sources('bad.example/x', '[[registry]]\nlocation = "bad.example"\nblocked = true')).toEqual({
			sources: [],
			blockedBy: 'bad.example',
		});
	});
	test('leaves the mirrors, and takes those that are blocked themselves', () => {
		const text = `
[[registry]]
location = "docker.io"
blocked = true
[[registry.mirror]]
location = "good.example"
[[registry.mirror]]
location = "bad.example/sub"
[[registry]]
location = "bad.example"
blocked = true
`;
		expect(sources('busybox:1', text).sources).toEqual(['good.example/library/busybox:1 mirror']);
	});
	test('counts for the place that a name leads to', () => {
		const text =
			'[[registry]]\nprefix = "a.example"\nlocation = "b.example"\n[[registry]]\nprefix = "b.example"\nlocation = "c.example"\nblocked = true';
		expect(sources('a.example/x', text)).toEqual({ sources: [], blockedBy: 'b.example' });
	});
});

test('a location that is no registry is an error that names it', () => {
	expect(() => sources('a.example/x', '[[registry]]\nprefix = "a.example"\nlocation = "mirror"')).toThrow(
		'location "mirror" of registries.conf for "a.example/x:latest": it does not begin with a registry',
	);
	expect(() =>
		sources('a.example/x', '[[registry]]\nprefix = "a.example"\nlocation = "m.example/UPPER"'),
	).toThrow('location "m.example/UPPER"');
});

describe('merging files', () => {
	test('later ones win, by prefix and by name; within one file the first counts', () => {
		const merged = conf(
			`
unqualified-search-registries = ["a.example"]
short-name-mode = "disabled"
[aliases]
one = "a.example/one"
two = "a.example/two"
[[registry]]
location = "x.example"
insecure = true
[[registry]]
prefix = "y.example"
location = "first.example"
[[registry]]
prefix = "y.example"
location = "second.example"
`,
			'unqualified-search-registries = []\n[aliases]\ntwo = ""\n[[registry]]\nlocation = "x.example"',
			'credential-helpers = ["pass"]',
		);
		expect(merged.searchRegistries).toEqual([]);
		expect(merged.searchOrigin).toBe('/conf/1.conf');
		expect(merged.shortNameMode).toBe('disabled');
		expect(merged.credentialHelpers).toEqual(['pass']);
		expect(merged.aliases.get('one')).toEqual({ target: 'a.example/one', origin: '/conf/0.conf' });
		expect(merged.aliases.get('two')).toEqual({ target: '', origin: '/conf/1.conf' });
		expect(merged.registries.map(({ prefix, location, insecure }) => [prefix, location, insecure])).toEqual(
			expect.arrayContaining([
				['x.example', 'x.example', false],
				['y.example', 'first.example', false],
			]),
		);
		expect(merged.registries).toHaveLength(2);
	});
	test('no file at all means docker.io, a silent file means none', () => {
		expect(conf()).toMatchObject({
			searchRegistries: ['docker.io'],
			searchOrigin: undefined,
			shortNameMode: 'enforcing',
		});
		expect(conf('')).toMatchObject({
			searchRegistries: [],
			searchOrigin: '/conf/0.conf',
			credentialHelpers: ['containers-auth.json'],
		});
	});
});
