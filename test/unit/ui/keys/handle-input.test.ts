import { expect, test, vi } from 'vitest';
import { defineCommand } from '../../../../src/ui/commands/command.ts';
import type { Effects } from '../../../../src/ui/effects/effects.ts';
import { createInputHandler } from '../../../../src/ui/keys/handle-input.ts';
import { createKeymap } from '../../../../src/ui/keys/keymap.ts';
import { initialState } from '../../../../src/ui/store/initial.ts';
import { createStore } from '../../../../src/ui/store/store.ts';
import type { KeyInput } from '../../../../src/ui/terminal/terminal-input.ts';
import { inspector, pod } from '../change-fixtures.ts';

function handlerOf(bindings: Readonly<Record<string, string>>) {
	const ran: string[] = [];
	const commands = Object.entries(bindings).map(([id, key]) =>
		defineCommand({
			id,
			title: id,
			keys: [key],
			scopes: ['global', 'prompt'],
			danger: 'none',
			run: () => void ran.push(id),
		}),
	);
	const keymap = createKeymap({
		bindings: commands.map(({ id, keys, scopes }) => ({ commandId: id, keys, scope: scopes })),
	});
	const store = createStore(
		initialState({
			columns: 80,
			rows: 24,
			hostname: 'h',
			nowMs: 0,
			readOnly: { enabled: false, reason: '' },
		}),
		{ frameMs: 0 },
	);
	const effects = vi.fn() as unknown as Effects;
	return { handler: createInputHandler({ store, keymap, commands, effects }), ran, store };
}

const alt = (name: string): KeyInput => ({ kind: 'key', name, ctrl: false, alt: true, shift: false });

test('Escape and a key that arrive together count as both, unless somebody bound that Alt key', () => {
	const { handler, ran } = handlerOf({ back: 'escape', palette: ':', word: 'alt+b', down: 'b' });
	handler.key(alt(':'));
	expect(ran).toEqual(['back', 'palette']);
	handler.key(alt('b'));
	expect(ran).toEqual(['back', 'palette', 'word']);
});

test('the key behind such an Escape is typed where a line is open still', () => {
	const { handler, store } = handlerOf({ other: 'x' });
	store.dispatch('entry', { kind: 'entryOpened', entry: 'listFilter', label: '/' });
	handler.key(alt('q'));
	expect(store.getSnapshot().entry?.value).toBe('q');
});

test('a key of another pane says where it works, and a key of nobody says nothing', () => {
	const { press, state } = inspector({ pods: [pod('web')], containers: [], images: [] });
	press('4', 'S');
	expect(state().notices.current?.text).toMatch(
		/^S does nothing here; it works in Pods, Containers, Images: Stop/,
	);
	press('1');
	expect(state().notices.current).toBeUndefined();
	press('H');
	expect(state().notices.current).toBeUndefined();
});
