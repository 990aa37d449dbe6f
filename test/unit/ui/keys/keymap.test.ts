import { expect, test } from 'vitest';
import { findKeyClashes } from '../../../../src/ui/keys/clashes.ts';
import { createKeymap, type KeyBinding } from '../../../../src/ui/keys/keymap.ts';
import { scopesAt } from '../../../../src/ui/keys/scope.ts';

const bindings: readonly KeyBinding[] = [
	{ commandId: 'quit', keys: ['q', 'ctrl+c'], scope: 'global' },
	{ commandId: 'list.top', keys: ['g g', 'Home'], scope: 'list' },
	{ commandId: 'list.down', keys: ['j', 'down'], scope: 'list' },
	{ commandId: 'logs.down', keys: ['j'], scope: 'logs' },
	{ commandId: 'container.stop', keys: ['S'], scope: ['pods', 'containers'] },
	{ commandId: 'dialog.confirm', keys: ['y'], scope: 'dialog' },
];

test('inner scopes first, then the list, then everywhere', () => {
	const keymap = createKeymap({ bindings });
	const press = (place: Parameters<typeof scopesAt>[0], key: string, pending: readonly string[] = []) =>
		keymap.resolve(scopesAt(place), pending, key);
	expect(press('pods', 'j')).toEqual({ kind: 'command', id: 'list.down' });
	expect(press('logs', 'j')).toEqual({ kind: 'command', id: 'logs.down' });
	expect(press('logs', 'q')).toEqual({ kind: 'command', id: 'quit' });
	expect(press('pods', 'S')).toEqual({ kind: 'command', id: 'container.stop' });
	expect(press('images', 'S')).toEqual({ kind: 'none' });
	expect(press('dialog', 'q')).toEqual({ kind: 'none' });
	expect(press('pods', 'g')).toEqual({ kind: 'pending', keys: ['g'] });
	expect(press('pods', 'g', ['g'])).toEqual({ kind: 'command', id: 'list.top' });
	expect(press('pods', 'j', ['g'])).toEqual({ kind: 'command', id: 'list.down' });
	expect(press('pods', 'x', ['g'])).toEqual({ kind: 'none' });
	expect(keymap.keysOf('list.top')).toEqual([['g', 'g'], ['home']]);
	expect(keymap.keysOf('unknown')).toEqual([]);
});

test('the first to ask for a chord keeps it, and no dead end is left', () => {
	const keymap = createKeymap({
		bindings: [
			{ commandId: 'a', keys: ['g g'], scope: 'global' },
			{ commandId: 'b', keys: ['g', 'g g x', 'nonsense', 'h'], scope: 'global' },
		],
	});
	expect(keymap.keysOf('b')).toEqual([['h']]);
	expect(keymap.resolve(['global'], ['g'], 'g')).toEqual({ kind: 'command', id: 'a' });
});

test('clashes: same scope, overlapping scopes, beginnings', () => {
	expect(findKeyClashes(bindings)).toEqual([]);
	expect(
		findKeyClashes([...bindings, { commandId: 'x', keys: ['Ctrl-C', 'g'], scope: ['pods', 'containers'] }]),
	).toEqual([
		{ keys: ['ctrl+c'], commandIds: ['quit', 'x'], scopes: ['global', 'pods'], kind: 'overlapping' },
		{ keys: ['g'], commandIds: ['list.top', 'x'], scopes: ['list', 'pods'], kind: 'overlapping' },
	]);
	expect(findKeyClashes([...bindings, { commandId: 'x', keys: ['y', 'S'], scope: 'images' }])).toEqual([]);
	expect(findKeyClashes([...bindings, { commandId: 'x', keys: ['y'], scope: 'dialog' }])).toMatchObject([
		{ kind: 'same' },
	]);
	expect(findKeyClashes([...bindings, { commandId: 'x', keys: ['q'], scope: 'prompt' }])).toEqual([]);
});
