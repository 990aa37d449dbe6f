import { beforeEach, describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../../../../src/cri/model.ts';
import { commands } from '../../../../src/ui/commands/index.ts';
import type { Effects } from '../../../../src/ui/effects/effects.ts';
import { inspectWindow } from '../../../../src/ui/inspect/inspect-document.ts';
import { createInputHandler, type InputHandler } from '../../../../src/ui/keys/handle-input.ts';
import { createKeymap } from '../../../../src/ui/keys/keymap.ts';
import { mouseAction } from '../../../../src/ui/keys/mouse.ts';
import { createStore, type Store } from '../../../../src/ui/store/store.ts';
import { inspectLines } from '../../../../src/ui/views/inspect.tsx';
import { applied, container, emptyState, factsOf, nowMs, pod, refreshed } from '../fixtures.ts';

const names: Readonly<Record<string, string>> = { space: ' ' };
let store: Store;
let handler: InputHandler;
let copied: { text: string; what: string }[];
let saved: { path: string; text: string; replace: boolean }[];
let refreshes: number;

function press(...keys: readonly string[]): void {
	for (const name of keys) {
		const modified = /^(ctrl)\+(.)$/.exec(name);
		handler.key({
			kind: 'key',
			name: modified?.[2] ?? name,
			ctrl: modified !== null,
			alt: false,
			shift: false,
			text: modified ? undefined : (names[name] ?? ([...name].length === 1 ? name : undefined)),
		} as Parameters<InputHandler['key']>[0]);
	}
}

const size = { columns: 80, rows: 21 };
const shown = (over = size): string =>
	inspectLines(store.getSnapshot(), over)
		.map((line) => line.map(({ text }) => text).join(''))
		.join('\n');

function statusOf(
	of: ReturnType<typeof container>,
	extra: Readonly<Record<string, unknown>> = {},
): ContainerStatus {
	const info = {
		pid: 7,
		config: {
			envs: [
				{ key: 'DB_PASSWORD', value: 'hunter2' },
				{ key: 'PORT', value: '80' },
			],
		},
		...extra,
	};
	const status = {
		...of,
		startedAtNanos: undefined,
		finishedAtNanos: undefined,
		exitCode: 0,
		reason: '',
		message: '',
		mounts: [],
		logPath: '',
		resources: undefined,
		user: undefined,
		stopSignal: '',
		info: { info: JSON.stringify(info) },
	};
	return { ...status, raw: { status: { id: of.id, note: '\u001B[2Jhello' }, info: status.info } };
}

const app = container('web', 'app');
const side = container('web', 'side');

beforeEach(() => {
	copied = [];
	saved = [];
	refreshes = 0;
	const initial = applied(emptyState(), ...refreshed([pod('web')], [app, side]));
	store = createStore(initial, { frameMs: 1_000 });
	const effects = {
		app: { copy: (text: string, what: string) => copied.push({ text, what }) },
		inspect: {
			refresh: () => refreshes++,
			save: (request: (typeof saved)[number]) => saved.push(request),
		},
	} as unknown as Effects;
	const bindings = commands.map(({ id, keys, scopes }) => ({ commandId: id, keys, scope: scopes }));
	handler = createInputHandler({ store, keymap: createKeymap({ bindings }), commands, effects });
	press('2', 'i');
});

function answer(of = app, extra = {}): void {
	store.dispatch('inspect', {
		kind: 'inspectAnswered',
		id: of.id,
		answer: { list: 'containers', status: statusOf(of, extra) },
		atMs: nowMs,
	});
}

describe('the inspect view', () => {
	test('opens at once with what the lists know', () => {
		expect(store.getSnapshot().overlays.stack).toEqual(['inspect']);
		expect(shown()).toContain('container app Running');
		expect(shown()).toContain('Why it is in this state');
		expect(shown()).toContain('asking');
		press('y');
		expect(shown()).toContain('Waiting for the answer of the runtime.');
	});

	test('turns through summary, YAML and JSON; digits choose', () => {
		answer();
		press('y');
		expect(shown()).toContain('note: "\\u001b[2Jhello"');
		press('y');
		expect(shown()).toContain('"note": "\\u001b[2Jhello"');
		press('tab');
		expect(shown()).toContain('Why it is');
		press('3');
		expect(store.getSnapshot().inspect?.tab).toBe('json');
		expect(store.getSnapshot().screen.focus).toBe('containers');
	});

	test('hides secrets until asked, on the screen, in copies and in files; asks anew for the next object', () => {
		answer();
		press('ctrl+f', 'ctrl+f', 'c', 'ctrl+s', 'enter');
		expect(shown({ columns: 80, rows: 80 })).not.toContain('hunter2');
		expect(shown({ columns: 80, rows: 80 })).toContain('DB_PASSWORD = ••••••••');
		expect(copied[0]?.text).toContain('DB_PASSWORD = ••••••••');
		expect(copied[0]?.text).not.toContain('hunter2');
		expect(saved[0]?.text).not.toContain('hunter2');
		store.dispatch('entry', { kind: 'entryClosed' });
		press('x', 'c', '2', 'c');
		expect(shown()).toContain('secrets shown');
		expect(copied[1]?.text).toContain('DB_PASSWORD = hunter2');
		expect(copied[2]?.text).toContain('value: hunter2');
		press('.');
		answer(side);
		expect(store.getSnapshot().inspect).toMatchObject({
			subject: { name: 'side' },
			secretsShown: false,
			tab: 'yaml',
		});
		press('c');
		expect(copied[3]?.text).not.toContain('hunter2');
	});

	test('searches while one types, counts, goes round, comes back', () => {
		answer(app, { list: Array.from({ length: 200 }, (_, index) => `item ${index}`) });
		press('2', 'j', '/', ...'item 17');
		expect(shown()).toContain('/item 17 1/11');
		expect(shown()).toMatch(/▸ +- item 17\n/);
		press('enter', 'n', 'N', 'N');
		expect(shown()).toContain('/item 17 11/11');
		expect(store.getSnapshot().notices.current?.text).toBe('Search went on at the end.');
		press('n');
		expect(shown()).toContain('/item 17 1/11');
		// From where the cursor went, not from the old match.
		press('G', 'N');
		expect(shown()).toContain('/item 17 11/11');
		press('g', '/', ...'no such');
		expect(shown()).toContain('no match');
		press('escape');
		expect(shown()).toContain('▸ status:');
		press('n');
		expect(store.getSnapshot().notices.current?.text).toContain('Search first');
	});

	test('moves, scrolls sideways, and stays where it is when the answer is refreshed', () => {
		answer(app, { wide: 'x'.repeat(300), list: Array.from({ length: 100 }, (_, index) => index) });
		press('2', 'ctrl+f', 'ctrl+d', 'j', 'j', 'k');
		const before = shown();
		answer(app, { wide: 'x'.repeat(300), list: Array.from({ length: 100 }, (_, index) => index) });
		expect(shown()).toBe(before);
		press('g', 'right');
		expect(store.getSnapshot().inspect?.places.yaml.column).toBeGreaterThan(0);
		expect(shown()).not.toContain('status:');
		press('left', 'w');
		expect(shown({ columns: 80, rows: 30 })).toContain('xxx\n');
		press('right');
		expect(store.getSnapshot().notices.current?.text).toContain('wrapped');
		press('G');
		expect(shown()).toMatch(/▸ +- 99$/);
	});

	test('the wheel moves what is inspected, and no list below', () => {
		answer(app, { list: Array.from({ length: 100 }, (_, index) => index) });
		press('2');
		const before = store.getSnapshot().lists;
		for (const action of ['wheelDown', 'wheelDown', 'wheelUp'] as const) {
			mouseAction(
				{ kind: 'mouse', action, row: 5, column: 5, button: 0 } as Parameters<typeof mouseAction>[0],
				store,
			);
		}
		expect(inspectWindow(store.getSnapshot())).toMatchObject({ top: 3 });
		expect(store.getSnapshot().lists).toBe(before);
	});

	test('copies marked lines only, where some are marked', () => {
		answer();
		press('2', 'space', 'space', 'c');
		expect(copied[0]).toEqual({ text: `status:\n  id: ${app.id}\n`, what: '2 marked lines' });
		press('u');
		expect(shown()).not.toContain('marked');
	});

	test('saves where one says, and replaces only what was asked for twice', () => {
		answer();
		press('2', 'ctrl+s');
		expect(store.getSnapshot().entry).toMatchObject({ kind: 'inspectSave', value: './app-container.yaml' });
		press('enter');
		expect(saved[0]).toMatchObject({ path: './app-container.yaml', replace: false });
		store.dispatch('inspect', { kind: 'inspectReplaceAsked', path: './app-container.yaml' });
		press('enter');
		expect(saved[1]).toMatchObject({ replace: true });
		press('x', 'enter');
		expect(saved[2]).toMatchObject({ path: './app-container.yamlx', replace: false });
	});

	test('walks along the list and says where it ends; refreshes on a key', () => {
		press(',');
		expect(store.getSnapshot().notices.current?.text).toBe('This is the first container of the list.');
		press('.', '.');
		expect(store.getSnapshot().notices.current?.text).toBe('This is the last container of the list.');
		expect(store.getSnapshot().lists.containers.selectedId).toBe(side.id);
		press('ctrl+r');
		expect(refreshes).toBe(1);
		press('q');
		expect(store.getSnapshot().overlays.stack).toEqual([]);
	});

	test('marks what is old, and keeps it when the runtime is silent', () => {
		answer();
		store.dispatch('inventory', { kind: 'factsReceived', pods: [], containers: [factsOf(app)] });
		store.dispatch('inspect', {
			kind: 'inspectFailed',
			id: app.id,
			problem: 'cannot inspect: nobody listens',
		});
		store.dispatch('core', { kind: 'ticked', nowMs: nowMs + 42_000 });
		expect(shown()).toContain('as of 42s ago');
		expect(shown({ columns: 80, rows: 80 })).toContain('DB_PASSWORD');
		press('.', 'y');
		store.dispatch('inspect', { kind: 'inspectFailed', id: side.id, problem: 'no \u001B[31mway' });
		expect(shown()).toContain('no answer');
		expect(shown()).toContain('no ␛[31mway');
	});

	test('fits any size', () => {
		answer(app, { list: Array.from({ length: 100 }, (_, index) => index) });
		for (const [columns, rows] of [
			[40, 9],
			[20, 3],
			[10, 1],
			[200, 60],
		] as const) {
			store.dispatch('screen', { kind: 'resized', columns, rows: rows + 3 });
			const lines = inspectLines(store.getSnapshot(), { columns, rows });
			expect(lines.length).toBeLessThanOrEqual(Math.max(rows, 2));
		}
	});
});
