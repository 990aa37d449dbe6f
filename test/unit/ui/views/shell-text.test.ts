import { describe, expect, test } from 'vitest';
import { commands } from '../../../../src/ui/commands/index.ts';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import { createKeymap } from '../../../../src/ui/keys/keymap.ts';
import type { PortForward } from '../../../../src/ui/store/slices/forwards.ts';
import type { ShellEvent, ShellPhase } from '../../../../src/ui/store/slices/shell.ts';
import type { Line } from '../../../../src/ui/theme/tokens.ts';
import { forwardsLines } from '../../../../src/ui/views/forwards.tsx';
import { shellLines } from '../../../../src/ui/views/shell.tsx';
import { applied, emptyState, event } from '../fixtures.ts';

const bound = (changed: ReadonlyMap<string, readonly string[]> = new Map()) => ({
	commands,
	unicode: true,
	keymap: createKeymap({
		bindings: commands.map(({ id, keys, scopes }) => ({
			commandId: id,
			keys: changed.get(id) ?? keys,
			scope: scopes,
		})),
	}),
});
const textOf = (lines: readonly Line[]) =>
	lines.map((line) =>
		line
			.map((span) => span.text)
			.join('')
			.trimEnd(),
	);

function pane(
	phase: ShellPhase,
	{
		printed = [] as readonly string[],
		events = [] as readonly ShellEvent[],
		table = bound(),
		columns = 80,
	} = {},
): readonly string[] {
	const id = 1;
	const names = { containerId: 'c', container: 'main\x1b[2J', pod: 'web-1' };
	const state = applied(
		emptyState(),
		event('shell', {
			kind: 'shellOpened',
			session: { id, purpose: phase.kind === 'asking' ? 'attach' : 'shell', ...names, phase },
		}),
		event('shell', {
			kind: 'shellScreenChanged',
			id,
			screen: { lines: printed.map((text) => [{ text }]), cursor: undefined, linesBelow: 0 },
		}),
		...events.map((of) => event('shell', of)),
	);
	const lines = shellLines(state, table, { columns, rows: 6 });
	expect(Math.max(...lines.map(lineWidthCells))).toBeLessThanOrEqual(columns);
	return textOf(lines);
}

describe('the pane of a session', () => {
	test('names the way out in the title, and the container without its escapes', () => {
		const [title] = pane({ kind: 'live' }, { printed: ['$ '] });
		expect(title).toContain('Shell in main␛[2J · web-1');
		expect(title).toContain('^] leaves');
	});

	test('names it also where another chord was configured, and on a narrow screen', () => {
		const table = bound(new Map([['shell.menu', ['ctrl+t']]]));
		expect(pane({ kind: 'live' }, { table, columns: 40 })[0]).toContain('^T leaves, zooms, scrolls');
	});

	test('offers what the chord can do', () => {
		const [title] = pane({ kind: 'live' }, { events: [{ kind: 'shellModeChanged', mode: 'menu' }] });
		expect(title).toContain('q end · d background · z zoom · [ scroll · ^] send it · Esc go on');
	});

	test('asks before an attach', () => {
		expect(pane({ kind: 'asking' }).join('\n')).toContain('Attach to process 1 of main␛[2J?');
		expect(pane({ kind: 'asking' }).join('\n')).toContain('y attaches · n cancels');
	});

	test('tells the end below what was printed last', () => {
		const phase = { kind: 'ended', level: 'ok', text: 'exited 0' } as const;
		expect(pane(phase, { printed: ['one', 'two', '', '', ''] }).slice(1)).toEqual([
			'one',
			'two',
			'exited 0 · Enter closes',
		]);
		expect(pane(phase, { printed: ['1', '2', '3', '4', '5'] }).slice(1)).toEqual([
			'2',
			'3',
			'4',
			'5',
			'exited 0 · Enter closes',
		]);
	});
});

describe('the list of port-forwards', () => {
	const forward: PortForward = {
		id: 1,
		endpoint: 'unix:///x.sock',
		podId: 'p',
		podName: 'web-1',
		namespace: 'shop',
		local: '127.0.0.1:8080',
		remotePort: 80,
		phase: { kind: 'listening' },
		traffic: { openConnections: 1, totalConnections: 3, sentBytes: 2048, receivedBytes: 5_000_000 },
		problem: undefined,
	};
	const listed = (...open: readonly PortForward[]) =>
		textOf(forwardsLines({ ...emptyState(), forwards: { open, history: [] } }, { columns: 80, rows: 10 }));

	test('says how to make one', () => {
		expect(listed()[1]).toContain('None is open. F on a pod');
	});

	test('has address, pod, port, connections, bytes and state', () => {
		expect(listed(forward)[2]).toMatch(/127\.0\.0\.1:8080 web-1 +80 +1\/3 +2\.0K +4\.8M +listening$/);
	});

	test('tells the whole problem of the selected one at the foot, made harmless', () => {
		const lines = listed({
			...forward,
			problem: `cannot forward port "80": ${'refused '.repeat(12)}\x1b[2J`,
		});
		expect(lines[2]).toContain('last failed');
		expect(lines.slice(4).join(' ')).toMatch(/cannot forward port "80": (refused ){12}␛\[2J/);
	});
});
