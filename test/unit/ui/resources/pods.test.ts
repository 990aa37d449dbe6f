import { expect, test } from 'vitest';
import { podsResource } from '../../../../src/ui/resources/pods.ts';
import { initialState } from '../../../../src/ui/store/initial.ts';

/** A state in which the runtime of that name has listed its pods, none. */
function answered(runtimeName: string) {
	const state = initialState({
		columns: 120,
		rows: 40,
		hostname: 'node-1',
		nowMs: 0,
		readOnly: { enabled: false, reason: '' },
	});
	const version = { version: '0.1.0', runtimeName, runtimeVersion: '1', runtimeApiVersion: 'v1' };
	return {
		...state,
		connection: { ...state.connection, version },
		inventory: { ...state.inventory, refreshedAtMs: { ...state.inventory.refreshedAtMs, pods: 1 } },
	};
}

test('an empty node offers the demo where the runtime can take it', () => {
	expect(podsResource.emptyText(answered('criscope'))).toBe(
		'This node runs no pods. To see some: criscope demo',
	);
	expect(podsResource.emptyText(answered('containerd'))).toBe('This node runs no pods.');
});
