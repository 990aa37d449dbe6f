import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageRows } from '../../../../src/ui/store/cursor.ts';
import { selectedRow, visibleRows } from '../../../../src/ui/store/selectors.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { applied, container, emptyState, event, pod, refreshed } from '../fixtures.ts';

function names(state: UiState): readonly string[] {
	return visibleRows(state, 'pods').map(({ row }) => row.name);
}

/** Screen row of the cursor, counted from the first row of the list. */
function cursorOnScreen({ lists: { pods } }: UiState): number {
	return pods.selectedIndex - pods.offset;
}

const many = Array.from({ length: 40 }, (_, index) => pod(`p${String(index).padStart(2, '0')}`));

describe('selection', () => {
	it('starts on the first row', () => {
		const state = applied(emptyState(), ...refreshed(many));
		expect(selectedRow(state, 'pods')?.name).toBe('p00');
	});

	it('follows the object when rows come in above it, without moving it on the screen', () => {
		let state = applied(
			emptyState(),
			...refreshed(many),
			event('lists', { kind: 'cursorMoved', list: 'pods', delta: 20 }),
		);
		const before = cursorOnScreen(state);
		state = applied(state, ...refreshed([pod('a1'), pod('a2'), pod('a3'), ...many]));
		expect(selectedRow(state, 'pods')?.name).toBe('p20');
		expect(cursorOnScreen(state)).toBe(before);
	});

	it('keeps a vanished object, marked, until the cursor leaves it', () => {
		let state = applied(
			emptyState(),
			...refreshed(many),
			event('lists', { kind: 'cursorMoved', list: 'pods', delta: 3 }),
		);
		state = applied(state, ...refreshed(many.filter(({ metadata }) => metadata.name !== 'p03')));
		expect(selectedRow(state, 'pods')).toMatchObject({ name: 'p03', departed: true, stateText: 'Gone' });
		state = applied(state, event('lists', { kind: 'cursorMoved', list: 'pods', delta: 1 }));
		expect(names(state)).not.toContain('p03');
		expect(selectedRow(state, 'pods')?.name).toBe('p04');
	});

	it('takes a vanished object back as if nothing had been when it is listed again', () => {
		let state = applied(emptyState(), ...refreshed(many));
		state = applied(state, ...refreshed(many.slice(1)));
		expect(selectedRow(state, 'pods')?.departed).toBe(true);
		state = applied(state, ...refreshed(many));
		expect(selectedRow(state, 'pods')?.departed).toBe(false);
	});

	it('goes to what comes first when the list is sorted, and follows the object again from then on', () => {
		let state = applied(
			emptyState(),
			...refreshed(many),
			event('lists', { kind: 'cursorMoved', list: 'pods', delta: 20 }),
			event('lists', { kind: 'sorted', list: 'pods', column: 'name' }),
		);
		expect(selectedRow(state, 'pods')?.name).toBe('p00');
		state = applied(state, event('lists', { kind: 'sortReversed', list: 'pods' }));
		expect(selectedRow(state, 'pods')?.name).toBe('p39');
		state = applied(state, ...refreshed([pod('zz'), ...many]));
		expect(selectedRow(state, 'pods')?.name).toBe('p39');
	});

	it('pages by what is on the screen and stays within the list', () => {
		let state = applied(emptyState(), ...refreshed(many));
		state = applied(state, event('lists', { kind: 'cursorMoved', list: 'pods', delta: 1e9 }));
		expect(selectedRow(state, 'pods')?.name).toBe('p39');
		expect(state.lists.pods.offset).toBe(40 - pageRows(state, 'pods'));
		state = applied(state, event('lists', { kind: 'cursorMoved', list: 'pods', delta: -1e9 }));
		expect(state.lists.pods).toMatchObject({ selectedIndex: 0, offset: 0 });
	});

	it('stays on screen when the terminal shrinks', () => {
		let state = applied(emptyState({ columns: 120, rows: 60 }), ...refreshed(many));
		state = applied(
			state,
			event('lists', { kind: 'cursorMoved', list: 'pods', delta: 12 }),
			event('screen', { kind: 'resized', columns: 80, rows: 18 }),
		);
		expect(cursorOnScreen(state)).toBeLessThan(pageRows(state, 'pods'));
		expect(cursorOnScreen(state)).toBeGreaterThanOrEqual(0);
	});

	it('goes to the best match while one filters, and stays with its object when the filter goes', () => {
		let state = applied(
			emptyState(),
			...refreshed(many),
			event('lists', { kind: 'filterChanged', list: 'pods', filter: 'p27' }),
		);
		expect(selectedRow(state, 'pods')?.name).toBe('p27');
		state = applied(state, event('lists', { kind: 'filterChanged', list: 'pods', filter: '' }));
		expect(selectedRow(state, 'pods')?.name).toBe('p27');
	});

	it('marks a range as the cursor moves', () => {
		const state = applied(
			emptyState(),
			...refreshed(many),
			event('lists', { kind: 'rangeToggled', list: 'pods', id: 'pod-p00' }),
			event('lists', { kind: 'cursorMoved', list: 'pods', delta: 3 }),
		);
		expect([...state.lists.pods.marked].sort()).toEqual(['pod-p00', 'pod-p01', 'pod-p02', 'pod-p03']);
	});

	it('keeps the cursor on the screen and on its object through any run of refreshes, moves and resizes', () => {
		const step = fc.oneof(
			fc.record({
				kind: fc.constant('list' as const),
				present: fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { maxLength: 30 }),
			}),
			fc.record({ kind: fc.constant('move' as const), delta: fc.integer({ min: -40, max: 40 }) }),
			fc.record({
				kind: fc.constant('size' as const),
				columns: fc.integer({ min: 20, max: 220 }),
				rows: fc.integer({ min: 4, max: 70 }),
			}),
		);
		fc.assert(
			fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
				let state = emptyState();
				for (const one of steps) {
					const before = state.lists.pods.selectedId;
					if (one.kind === 'list') {
						state = applied(state, ...refreshed(one.present.map((index) => pod(`p${index}`))));
						if (before !== undefined) expect(state.lists.pods.selectedId).toBe(before);
					} else if (one.kind === 'move') {
						state = applied(state, event('lists', { kind: 'cursorMoved', list: 'pods', delta: one.delta }));
					} else state = applied(state, event('screen', { ...one, kind: 'resized' }));
					const { selectedIndex, offset, selectedId } = state.lists.pods;
					const rows = visibleRows(state, 'pods');
					if (rows.length === 0) continue;
					expect(rows[selectedIndex]?.row.id).toBe(selectedId);
					expect(selectedIndex).toBeGreaterThanOrEqual(offset);
					expect(selectedIndex).toBeLessThan(offset + pageRows(state, 'pods'));
				}
			}),
			{ numRuns: 60 },
		);
	});
});

describe('narrowing', () => {
	const pods = [pod('api'), pod('web')];
	const containers = [container('api', 'main'), container('web', 'nginx'), container('web', 'proxy')];

	it('shows the containers of the pod under the cursor, or of all', () => {
		let state = applied(emptyState(), ...refreshed(pods, containers));
		expect(visibleRows(state, 'containers').map(({ row }) => row.name)).toEqual(['main']);
		state = applied(state, event('lists', { kind: 'cursorMoved', list: 'pods', delta: 1 }));
		expect(visibleRows(state, 'containers').map(({ row }) => row.name)).toEqual(['nginx', 'proxy']);
		state = applied(state, event('lists', { kind: 'allPodsToggled' }));
		expect(visibleRows(state, 'containers')).toHaveLength(3);
	});
});

describe('an unchanged answer', () => {
	it('leaves rows and state of the lists as they were', () => {
		const state = applied(emptyState(), ...refreshed(many));
		const again = applied(state, ...refreshed(many.map((one) => ({ ...one }))));
		expect(again.inventory.pods).toBe(state.inventory.pods);
		expect(again.lists).toBe(state.lists);
	});
});
