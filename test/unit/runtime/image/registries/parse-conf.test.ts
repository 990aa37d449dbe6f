import { describe, expect, test } from 'vitest';
import { parseRegistriesConf } from '../../../../../src/runtime/image/registries/parse-conf.ts';

const parse = (text: string) => parseRegistriesConf(text, '/etc/containers/registries.conf');

test('reads everything that version 2 can say', () => {
	const conf = parse(`
unqualified-search-registries = ["quay.io", "docker.io"]
short-name-mode = "permissive"
credential-helpers = ["secretservice", "containers-auth.json"]
additional-layer-store-auth-helper = "helper"
[aliases]
"fedora" = "registry.fedoraproject.org/fedora"
"ubi8/ubi" = "registry.access.redhat.com/ubi8/ubi"
"gone" = ""
[[registry]]
prefix = "example.com/team"
location = "internal.example:5000/mirror-of-team/"
insecure = true
[[registry.mirror]]
location = "first.example"
[[registry.mirror]]
location = "second.example/sub"
insecure = true
pull-from-mirror = "tag-only"
[[registry]]
location = "docker.io"
mirror-by-digest-only = true
[[registry.mirror]]
location = "hub.example"
[[registry]]
prefix = "*.blocked.example"
blocked = true
`);
	expect(conf.searchRegistries).toEqual(['quay.io', 'docker.io']);
	expect(conf.shortNameMode).toBe('permissive');
	expect(conf.credentialHelpers).toEqual(['secretservice', 'containers-auth.json']);
	expect([...conf.aliases]).toEqual([
		['fedora', 'registry.fedoraproject.org/fedora'],
		['ubi8/ubi', 'registry.access.redhat.com/ubi8/ubi'],
		['gone', ''],
	]);
	expect(conf.unknownKeys).toEqual([]);
	expect(conf.registries).toEqual([
		{
			prefix: 'example.com/team',
			location: 'internal.example:5000/mirror-of-team',
			insecure: true,
			blocked: false,
			mirrors: [
				{ location: 'first.example', insecure: false, use: 'all' },
				{ location: 'second.example/sub', insecure: true, use: 'tag-only' },
			],
		},
		{
			prefix: 'docker.io',
			location: 'docker.io',
			insecure: false,
			blocked: false,
			mirrors: [{ location: 'hub.example', insecure: false, use: 'digest-only' }],
		},
		{ prefix: '*.blocked.example', location: '', insecure: false, blocked: true, mirrors: [] },
	]);
});

test('an empty file is silent', () => {
	expect(parse('')).toMatchObject({ searchRegistries: undefined, shortNameMode: undefined, registries: [] });
});

test('names unknown keys with their place', () => {
	const { unknownKeys } = parse(`
unqualified-search = ["a"]
[[registry]]
location = "a.example"
insecur = true
[[registry.mirror]]
location = "b.example"
blocked = true
`);
	expect(unknownKeys).toEqual(['unqualified-search', 'registry[0].insecur', 'registry[0].mirror[0].blocked']);
});

describe('what makes no sense is refused by file and place', () => {
	test.each([
		['[[registry]\nlocation = "a"', 'line 1'],
		['\n\nshort-name-mode = yes', 'line 3'],
		['[registries.search]\nregistries = ["docker.io"]', 'version 1'],
		['short-name-mode = "ask"', 'short-name-mode is "ask"'],
		[
			'unqualified-search-registries = "docker.io"',
			'unqualified-search-registries must be a list of strings',
		],
		['unqualified-search-registries = ["docker.io/library"]', '"docker.io/library" is no host[:port]'],
		['unqualified-search-registries = ["https://docker.io"]', 'must be without https://'],
		['[[registry]]\ninsecure = true', 'registry[0] has neither location nor prefix'],
		['[[registry]]\nprefix = "a.example"', 'registry[0].location is missing'],
		['[[registry]]\nlocation = "http://a.example"', 'must be without http://'],
		['[[registry]]\nlocation = "a.example"\ninsecure = "yes"', 'registry[0].insecure must be true or false'],
		['[[registry]]\nprefix = "*.a.example/b"\nlocation = "c.example"', 'after "*." only a domain'],
		['[[registry]]\nlocation = "a.example"\npull-from-mirror = "all"', 'is for mirrors only'],
		[
			'[[registry]]\nlocation = "a.example"\n[[registry.mirror]]\n',
			'registry[0].mirror[0].location is missing',
		],
		[
			'[[registry]]\nlocation = "a.example"\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "never"',
			'pull-from-mirror is "never"',
		],
		[
			'[[registry]]\nlocation = "a.example"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "b"\npull-from-mirror = "all"',
			'cannot go with mirror-by-digest-only',
		],
		[
			'[[registry]]\nlocation = "a.example"\n[[registry]]\nprefix = "b.example"\nlocation = "a.example"\ninsecure = true',
			'"a.example" is both insecure and not',
		],
		[
			'[[registry]]\nlocation = "a.example"\n[[registry]]\nprefix = "b.example"\nlocation = "a.example"\nblocked = true',
			'"a.example" is both blocked and not',
		],
		['[aliases]\nfedora = "fedora"', '"fedora" must name registry and repository'],
		['[aliases]\nfedora = "quay.io/fedora:1"', 'without tag'],
		['[aliases]\n"quay.io/fedora" = "quay.io/fedora"', 'is no short name'],
		['[aliases]\nfedora = 1', 'must be a string'],
	])('%j', (text, cause) => {
		expect(() => parse(text)).toThrow(cause);
		expect(() => parse(text)).toThrow('cannot use registries.conf "/etc/containers/registries.conf": ');
	});
});
