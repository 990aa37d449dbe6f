import { expect, test } from 'vitest';
import { withoutOrders } from '../../../../src/runtime/oci/spec-annotations.ts';

const harmless = { 'io.kubernetes.pod.terminationGracePeriod': '30', bundles: 'a', 'run.ocicl': 'b' };
const orders = {
	'org.systemd.property.Delegate': 'false',
	'run.oci.hooks.stderr': '/etc/passwd',
	'org.criu.config': '/tmp/x',
	'module.wasm.image/variant': 'compat',
	bundle: '/tmp/other',
};

test('orders to the OCI runtime are kept from it, all else is passed on', () => {
	expect(withoutOrders({ ...harmless, ...orders }, [])).toEqual(harmless);
});

test('a handler may allow some', () => {
	expect(withoutOrders(orders, ['run.oci.', 'bundle'])).toEqual({
		'run.oci.hooks.stderr': '/etc/passwd',
		bundle: '/tmp/other',
	});
});
