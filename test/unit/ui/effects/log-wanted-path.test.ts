import { expect, test } from 'vitest';
import { usualLogPath } from '../../../../src/ui/effects/log-wanted.ts';
import { container } from '../fixtures.ts';

const labels = {
	'io.kubernetes.pod.namespace': 'shop',
	'io.kubernetes.pod.name': 'web-1',
	'io.kubernetes.pod.uid': 'u-1',
};

test('a log is looked for where kubelet has it written when the runtime cannot be asked', () => {
	const one = { ...container('web-1', 'app', { attempt: 3 }), labels };
	expect(usualLogPath(one)).toBe('/var/log/pods/shop_web-1_u-1/app/3.log');
});

test('labels that kubelet did not write, or that lead elsewhere, name no file', () => {
	expect(usualLogPath({ ...container('web-1', 'app'), labels: {} })).toBeUndefined();
	const hostile = { ...labels, 'io.kubernetes.pod.uid': '../../../etc' };
	expect(usualLogPath({ ...container('web-1', 'app'), labels: hostile })).toBeUndefined();
});
