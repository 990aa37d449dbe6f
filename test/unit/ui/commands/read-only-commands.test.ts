import { expect, test } from 'vitest';
import { liftMs } from '../../../../src/ui/store/slices/read-only.ts';
import { headerLines } from '../../../../src/ui/views/header.tsx';
import { liftDialogLines } from '../../../../src/ui/views/lift-dialog.tsx';
import { inspector } from '../change-fixtures.ts';

const fromBanner = { enabled: true, reason: 'Read-only: from the banner.', liftable: true };

function run(ui: ReturnType<typeof inspector>, command: string): void {
	ui.press(':');
	ui.type(command);
	ui.press('enter');
}

function header(ui: ReturnType<typeof inspector>): string {
	return (headerLines(ui.state(), 100, 1)[0] ?? []).map(({ text }) => text).join('');
}

test(':rw asks, with Cancel as the default', () => {
	const ui = inspector({}, { readOnly: fromBanner });
	run(ui, 'rw');
	expect(ui.state().overlays.stack).toEqual(['lift']);
	ui.press('enter');
	expect(ui.state().overlays.stack).toEqual([]);
	expect(ui.state().readOnly).toEqual({ ...fromBanner, asking: undefined });
	for (const no of ['n', 'q', 'escape']) {
		run(ui, 'rw');
		ui.press(no);
		expect(ui.state().readOnly.enabled).toBe(true);
		expect(ui.state().overlays.stack).toEqual([]);
	}
});

test.each([['y'], ['tab', 'enter']])(
	'%s allows changes for ten minutes, which the header counts',
	(...keys) => {
		const ui = inspector({}, { readOnly: fromBanner });
		run(ui, 'rw');
		ui.press(...keys);
		expect(ui.state().readOnly.enabled).toBe(false);
		expect(header(ui)).toContain('read-write 10m');
		const { nowMs } = ui.state();
		ui.store.dispatch('core', { kind: 'ticked', nowMs: nowMs + liftMs - 59_000 });
		expect(header(ui)).toContain('read-write 59s');
		run(ui, 'rw');
		expect(ui.state().notices.current?.text).toMatch(/allowed already, for 59s more/);
		ui.store.dispatch('core', { kind: 'ticked', nowMs: nowMs + liftMs });
		expect(ui.state().readOnly.enabled).toBe(true);
		expect(header(ui)).toContain('read-only');
	},
);

test(':ro ends it at once, and a clock that was set back as well', () => {
	const ui = inspector({}, { readOnly: fromBanner });
	run(ui, 'rw');
	ui.press('y');
	run(ui, 'ro');
	expect(ui.state().readOnly).toMatchObject({ enabled: true, liftedUntilMs: undefined });
	run(ui, 'rw');
	ui.press('y');
	ui.store.dispatch('core', { kind: 'ticked', nowMs: ui.state().nowMs - 3_600_000 });
	expect(ui.state().readOnly.enabled).toBe(true);
});

test('what was asked for by a flag or a file is not lifted, and says why', () => {
	const readOnly = { enabled: true, reason: 'Read-only: the configuration says read_only = true.' };
	const ui = inspector({}, { readOnly });
	run(ui, 'rw');
	expect(ui.state().overlays.stack).toEqual([]);
	expect(ui.state().notices.current?.text).toBe(`${readOnly.reason} It cannot be lifted here.`);
	ui.store.dispatch('core', { kind: 'liftAnswered', lift: true });
	expect(ui.state().readOnly.enabled).toBe(true);
	const free = inspector({});
	run(free, 'rw');
	expect(free.state().notices.current?.text).toBe('This session is not read-only.');
});

test('a line that is being typed when the time is over does nothing more', () => {
	const ui = inspector({}, { readOnly: fromBanner });
	run(ui, 'rw');
	ui.press('y');
	ui.press('3', 'P');
	expect(ui.state().entry?.kind).toBe('pullImage');
	ui.type('busybox');
	ui.store.dispatch('core', { kind: 'ticked', nowMs: ui.state().nowMs + liftMs });
	ui.press('enter');
	expect(ui.asked.pulls).toEqual([]);
	expect(ui.state().entry?.problem).toBe(fromBanner.reason);
});

test.each([
	[80, 20],
	[40, 8],
	[20, 5],
])('the question fits %s columns, %s rows', (columns, rows) => {
	const ui = inspector({}, { readOnly: fromBanner });
	run(ui, 'rw');
	const lines = liftDialogLines(ui.state(), { columns, rows }).map((line) =>
		line.map(({ text }) => text).join(''),
	);
	expect(lines.length).toBeLessThanOrEqual(rows);
	for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
	expect(lines.join('\n')).toContain('Cancel');
});
