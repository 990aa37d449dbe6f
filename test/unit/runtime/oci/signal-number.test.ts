import { expect, test } from 'vitest';
import { signalNumberOf } from '../../../../src/runtime/oci/signal-number.ts';

test.each([
	['SIGTERM', 15],
	['TERM', 15],
	['sigkill', 9],
	['15', 15],
	['64', 64],
	['SIGRTMIN', 34],
	['SIGRTMIN+3', 37],
	['RTMAX-1', 63],
	['RTMAX', 64],
])('%s is %i', (written, number) => {
	expect(signalNumberOf(written)).toBe(number);
});

test.each(['', '0', '65', '-9', 'SIG', 'SIGNOPE', 'SIGRTMIN+31', 'RTMIN-1', 'RTMAX-31', '__proto__', '9 '])(
	'%j is no signal',
	(written) => {
		expect(signalNumberOf(written)).toBeUndefined();
	},
);
