import { expect, test } from 'vitest';
import { podsResource } from '../../../../src/ui/resources/pods.ts';
import { initialState } from '../../../../src/ui/store/initial.ts';

/** A state in which the runtime has listed its pods, none. */
function answered(takesImages: boolean | undefined, readOnly = false) {
	const state = initialState({
		columns: 120,
		rows: 40,
		hostname: 'node-1',
		nowMs: 0,
		readOnly: { enabled: readOnly, reason: '' },
	});
	return {
		...state,
		connection: { ...state.connection, takesImages },
		inventory: { ...state.inventory, refreshedAtMs: { ...state.inventory.refreshedAtMs, pods: 1 } },
	};
}

test('an empty node offers the demo where a key can start it', () => {
	expect(podsResource.emptyText(answered(true))).toBe(
		'This node runs no pods. E starts a demo, after asking.',
	);
	const plain = [answered(false), answered(undefined), answered(true, true)];
	for (const state of plain) expect(podsResource.emptyText(state)).toBe('This node runs no pods.');
});
