import { describe, expect, test } from 'vitest';
import { addressText, parseForwards } from '../../../../src/cri/streaming/port-forward-spec.ts';

const forward = (localPort: number, remotePort: number, address = '127.0.0.1') => ({
	address,
	localPort,
	remotePort,
});

describe('ports to forward, as they are typed', () => {
	test.each([
		['8080:80', [forward(8080, 80)]],
		['5432', [forward(5432, 5432)]],
		[':80', [forward(0, 80)]],
		['0:80', [forward(0, 80)]],
		['8080:80, 5432 :80', [forward(8080, 80), forward(5432, 5432), forward(0, 80)]],
		['0.0.0.0:8080:80', [forward(8080, 80, '0.0.0.0')]],
		['localhost::80', [forward(0, 80, 'localhost')]],
		['[::1]:8080:80', [forward(8080, 80, '::1')]],
		[':80,:80', [forward(0, 80), forward(0, 80)]],
	])('%s', (text, specs) => {
		expect(parseForwards(text)).toEqual({ ok: true, specs });
	});

	test.each([
		['', 'write a port, such as 8080:80'],
		['http', '"http" is not a port (1 to 65535)'],
		['8080:', 'the port in the pod is missing'],
		['0', '"0" is not a port (1 to 65535)'],
		['70000:80', '"70000" is not a port (1 to 65535)'],
		['-1:80', '"-1" is not a port (1 to 65535)'],
		['1:2:3:4', '"1:2:3:4" is not local:remote or address:local:remote'],
		['80:8080:80', '"80" is not an address of this host'],
		['8080:80, 8080:81', 'local port 8080 is written twice'],
		['[::1]:80', '"[::1]:80" is not local:remote or address:local:remote'],
	])('%j is refused in words', (text, problem) => {
		expect(parseForwards(text)).toEqual({ ok: false, problem });
	});

	test('addresses are written as they are dialled', () => {
		expect(addressText('127.0.0.1', 80)).toBe('127.0.0.1:80');
		expect(addressText('::1', 80)).toBe('[::1]:80');
		expect(addressText('127.0.0.1', 0)).toBe('127.0.0.1:*');
	});
});
