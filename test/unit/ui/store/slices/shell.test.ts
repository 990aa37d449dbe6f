import { describe, expect, test } from 'vitest';
import { placeOf } from '../../../../../src/ui/keys/place.ts';
import { shellArea, shellShown } from '../../../../../src/ui/store/shell-area.ts';
import {
	currentShell,
	initialShell,
	liveShells,
	type ShellEvent,
	updateShell,
} from '../../../../../src/ui/store/slices/shell.ts';
import { cursorPosition } from '../../../../../src/ui/views/cursor-position.ts';
import { applied, emptyState, event } from '../../fixtures.ts';

const opened = (id: number, kind: 'asking' | 'opening' = 'opening'): ShellEvent => ({
	kind: 'shellOpened',
	session: {
		id,
		purpose: kind === 'asking' ? 'attach' : 'shell',
		containerId: `c${id}`,
		container: `main-${id}`,
		pod: 'web',
		phase: { kind },
	},
});
const live = (id: number): ShellEvent => ({ kind: 'shellPhaseChanged', id, phase: { kind: 'live' } });
const ended = (id: number): ShellEvent => ({
	kind: 'shellPhaseChanged',
	id,
	phase: { kind: 'ended', level: 'ok', text: 'exited 0' },
});
const stateAfter = (...events: readonly ShellEvent[]) => events.reduce(updateShell, initialShell);

describe('sessions', () => {
	test('the newest is shown; closing it shows the one before', () => {
		const two = stateAfter(opened(1), opened(2));
		expect(currentShell(two)?.id).toBe(2);
		expect(currentShell(updateShell(two, { kind: 'shellClosed', id: 2 }))?.id).toBe(1);
		expect(currentShell(updateShell(two, { kind: 'shellClosed', id: 1 }))?.id).toBe(2);
	});

	test('only those that go on would be lost', () => {
		const state = stateAfter(opened(1), opened(2), opened(3, 'asking'), live(1), ended(2));
		expect(liveShells(state).map(({ id }) => id)).toEqual([1]);
	});

	test('the end of the shown one closes its menu, that of another does not', () => {
		const menu = stateAfter(opened(1), opened(2), live(1), live(2), {
			kind: 'shellModeChanged',
			mode: 'menu',
		});
		expect(updateShell(menu, ended(2)).mode).toBe('keys');
		expect(updateShell(menu, ended(1)).mode).toBe('menu');
	});

	test('zooming leaves the menu; a new session starts unzoomed', () => {
		const zoomed = stateAfter(
			opened(1),
			{ kind: 'shellModeChanged', mode: 'menu' },
			{ kind: 'shellZoomToggled' },
		);
		expect([zoomed.zoomed, zoomed.mode]).toEqual([true, 'keys']);
		expect(updateShell(zoomed, opened(2)).zoomed).toBe(false);
	});

	test('what concerns a session that is gone changes nothing', () => {
		const state = stateAfter(opened(1));
		expect(updateShell(state, live(7))).toBe(state);
		expect(updateShell(state, { kind: 'shellClosed', id: 7 })).toBe(state);
	});
});

describe('the pane of a session on the screen', () => {
	const shown = (...events: readonly ShellEvent[]) =>
		applied(
			emptyState(),
			event('overlays', { kind: 'overlayOpened', overlay: 'shell' }),
			...events.map((of) => event('shell', of)),
		);
	const mode = (to: 'menu' | 'scroll'): ShellEvent => ({ kind: 'shellModeChanged', mode: to });

	test('has its own keys in every state', () => {
		expect(placeOf(shown(opened(1, 'asking')))).toBe('shellAsk');
		expect(placeOf(shown(opened(1)))).toBe('shell');
		expect(placeOf(shown(opened(1), mode('menu')))).toBe('shellMenu');
		expect(placeOf(shown(opened(1), live(1), mode('scroll')))).toBe('shellScroll');
		expect(placeOf(shown(opened(1), ended(1)))).toBe('shellDone');
		expect(placeOf(shown(opened(1), ended(1), mode('scroll')))).toBe('shellScroll');
	});

	test('takes the body below its title, or the whole screen', () => {
		expect(shellArea(shown(opened(1)))).toEqual({ column: 0, row: 3, columns: 80, rows: 20 });
		const zoomed = shown(opened(1), { kind: 'shellZoomToggled' });
		expect(shellArea(zoomed)).toEqual({ column: 0, row: 1, columns: 80, rows: 23 });
	});

	test('has the terminal’s cursor while its program gets the keys', () => {
		const screen = { lines: [], cursor: { column: 4, row: 2 }, linesBelow: 0 };
		const drawn: ShellEvent = { kind: 'shellScreenChanged', id: 1, screen };
		expect(cursorPosition(shown(opened(1), live(1), drawn))).toEqual({ column: 4, row: 5 });
		expect(cursorPosition(shown(opened(1), live(1), drawn, mode('menu')))).toBeUndefined();
		expect(cursorPosition(shown(opened(1), live(1), drawn, ended(1)))).toBeUndefined();
		const prompt = applied(
			shown(opened(1), live(1), drawn),
			event('overlays', { kind: 'overlayOpened', overlay: 'help' }),
		);
		expect([cursorPosition(prompt), shellShown(prompt)]).toEqual([undefined, false]);
	});
});
