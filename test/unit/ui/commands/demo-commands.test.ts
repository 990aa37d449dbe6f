import { expect, test } from 'vitest';
import { demoLabel } from '../../../../src/cri/demo-mark.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { dialogLines } from '../../../../src/ui/views/dialog-text.ts';
import { inspector, pod, refresh } from '../change-fixtures.ts';

const demoPod = pod('web', { namespace: 'demo', labels: { [demoLabel]: 'true' } });

function emptyNode(takesImages: boolean | 'not asked' = true, readOnly = { enabled: false, reason: '' }) {
	const ui = inspector({}, { readOnly });
	if (takesImages !== 'not asked')
		ui.store.dispatch('connection', { kind: 'imageTransferAsked', takesImages });
	return ui;
}

function dialogText(state: UiState): string {
	const lines = dialogLines(state, { columns: 100, rows: 30 });
	return lines.map((line) => line.map(({ text }) => text).join('')).join('\n');
}

test('E asks before it starts the demo on a node without pods, and Enter leaves it', () => {
	const { press, state, asked } = emptyNode();
	press('E');
	expect(state().actions.dialog).toMatchObject({ verb: 'start', focus: 'cancel' });
	expect(dialogText(state())).toMatch(/Start demo.*[\s\S]*five small images[\s\S]*criscope demo\b/);
	press('enter');
	expect(state().overlays.stack).toEqual([]);
	expect(asked.changes).toEqual([]);
	press('E', 'y');
	expect(asked.changes).toMatchObject([{ verb: 'start', targets: [{ kind: 'demo' }] }]);
});

test('where the demo is, the same key asks to remove it', () => {
	const { press, state, asked, store } = emptyNode();
	refresh(store, { pods: [pod('other'), demoPod] });
	press('E');
	expect(dialogText(state())).toMatch(/Remove demo[\s\S]*the 1 pod marked[\s\S]*criscope demo --remove/);
	press('y');
	expect(asked.changes).toMatchObject([{ verb: 'remove', targets: [{ kind: 'demo' }] }]);
});

test.each([
	['a runtime that takes no images', emptyNode(false), /cannot load images/],
	['one that was not asked yet', emptyNode('not asked'), /not known yet/],
	['a read-only session', emptyNode(true, { enabled: true, reason: 'Read-only: said so.' }), /^Read-only/],
])('%s refuses', (_, { press, state }, reason) => {
	press('E');
	expect(state().overlays.stack).toEqual([]);
	expect(state().notices.current?.text).toMatch(reason);
});

test('pods of others are a reason not to, and one demo at a time is', () => {
	const { press, state, store } = emptyNode();
	refresh(store, { pods: [pod('web')] });
	press('E');
	expect(state().notices.current?.text).toMatch(/for a node without pods; criscope demo/);
	refresh(store, { pods: [demoPod] });
	press('E');
	const targets = state().actions.dialog?.targets ?? [];
	press('escape');
	const begun = { id: 1, verb: 'remove', targets, graceSeconds: undefined, atMs: 1 } as const;
	store.dispatch('actions', { kind: 'changeStarted', ...begun });
	press('E');
	expect(state().notices.current?.text).toMatch(/already: b shows/);
});
