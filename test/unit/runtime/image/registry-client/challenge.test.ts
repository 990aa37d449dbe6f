import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from '../../../../../src/runtime/image/registry-client/challenge.ts';

const parse = (header: string | readonly string[] | undefined) =>
	parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

test.each([
	[
		'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/busybox:pull"',
		[
			[
				'bearer',
				{
					realm: 'https://auth.docker.io/token',
					service: 'registry.docker.io',
					scope: 'repository:library/busybox:pull',
				},
			],
		],
	],
	['Basic realm="a, b \\"c\\" \\\\d"', [['basic', { realm: 'a, b "c" \\d' }]]],
	['BASIC', [['basic', {}]]],
	[
		'Negotiate, Basic realm="x", Bearer realm=https://a.example/t?x=1, service = "s" ,scope="a:b:pull,push"',
		[
			['negotiate', {}],
			['basic', { realm: 'x' }],
			['bearer', { realm: 'https://a.example/t?x=1', service: 's', scope: 'a:b:pull,push' }],
		],
	],
	[
		'Bearer realm="u",error="insufficient_scope",REALM="second"',
		[['bearer', { realm: 'u', error: 'insufficient_scope' }]],
	],
	['Bearer realm="never closed', [['bearer', { realm: 'never closed' }]]],
	[
		', ,;"odd" Basic',
		[
			['odd', {}],
			['basic', {}],
		],
	],
	['realm="of nobody"', []],
	['', []],
])('%s', (header, challenges) => {
	expect(parse(header)).toEqual(challenges);
});

test('several headers are several lists', () => {
	expect(parse(['Basic realm="a"', 'Bearer realm="b"'])).toEqual([
		['basic', { realm: 'a' }],
		['bearer', { realm: 'b' }],
	]);
	expect(parse(undefined)).toEqual([]);
});

test('ends on any text', () => {
	fc.assert(
		fc.property(fc.string({ unit: fc.constantFrom(...'Basic="\\, ;\t\u0000\u20ac') }), (text) => {
			expect(Array.isArray(parseChallenges(text))).toBe(true);
		}),
	);
});
