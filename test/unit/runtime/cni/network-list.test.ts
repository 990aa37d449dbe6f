import { describe, expect, test } from 'vitest';
import { compareVersions, declares, parseNetworkList } from '../../../../src/runtime/cni/network-list.ts';

const parse = (conf: unknown, form: 'list' | 'single' = 'list') =>
	parseNetworkList(JSON.stringify(conf), form, '10-fallback.conf');

describe('network configurations', () => {
	test('a list, with its versions in order', () => {
		const list = parse({
			cniVersion: '1.0.0',
			cniVersions: ['1.1.0', '0.4.0', '7.0.0'],
			name: 'pods',
			disableCheck: true,
			disableGC: 'true',
			plugins: [
				{ type: 'bridge', mtu: 9000 },
				{ type: 'portmap', capabilities: { portMappings: true, x: false } },
			],
		});
		expect(list).toEqual({
			name: 'pods',
			cniVersions: ['0.4.0', '1.0.0', '1.1.0'],
			disableCheck: true,
			disableGc: true,
			plugins: [
				{ type: 'bridge', mtu: 9000 },
				{ type: 'portmap', capabilities: { portMappings: true, x: false } },
			],
		});
		expect(declares(list, 'portMappings')).toBe(true);
		expect(declares(list, 'x')).toBe(false);
	});

	test('one plugin alone is a list of it, and a list in such a file is one too', () => {
		expect(parse({ type: 'ptp', cniVersion: '0.3.1' }, 'single')).toMatchObject({
			name: '10-fallback.conf',
			cniVersions: ['0.3.1'],
			plugins: [{ type: 'ptp' }],
		});
		expect(parse({ name: 'n', plugins: [{ type: 'ptp' }] }, 'single').plugins).toEqual([{ type: 'ptp' }]);
		expect(parse({ type: 'ptp' }, 'single').cniVersions).toEqual(['0.1.0']);
	});

	test.each([
		['{', 'not valid JSON'],
		['[]', 'no JSON object'],
		['{"name":"a/b","plugins":[{"type":"x"}]}', 'no network name'],
		['{"name":"n"}', 'no list with at least one plugin'],
		['{"name":"n","plugins":[]}', 'no list with at least one plugin'],
		['{"name":"n","plugins":[{"type":"x"},{}]}', 'plugins[1] has no type'],
		['{"name":"n","plugins":[{"type":"../x"}]}', 'no plain name'],
		['{"name":"n","cniVersion":"9.0.0","plugins":[{"type":"x"}]}', 'cniVersion "9.0.0" is unknown'],
		['{"name":"n","disableCheck":1,"plugins":[{"type":"x"}]}', 'disableCheck is neither'],
	])('%s is refused', (text, why) => {
		expect(() => parseNetworkList(text, 'list', 'f')).toThrow(why);
	});

	test('versions are ordered by numbers', () => {
		expect(['1.10.0', '1.9.1', '0.4.0', '1.9'].sort(compareVersions)).toEqual([
			'0.4.0',
			'1.9',
			'1.9.1',
			'1.10.0',
		]);
	});
});
