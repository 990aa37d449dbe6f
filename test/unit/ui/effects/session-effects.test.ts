import { describe, expect, test } from 'vitest';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { createSessionEffects } from '../../../../src/ui/effects/session-effects.ts';
import { currentShell } from '../../../../src/ui/store/slices/shell.ts';
import type { PassThroughListener } from '../../../../src/ui/terminal/input-parser.ts';
import type { Terminal } from '../../../../src/ui/terminal/terminal.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

const target = { containerId: 'c1', container: 'main', pod: 'web', image: 'busybox' };

/** The effects on a host that calls `follow` after every event, as the inspector does. */
function sessions(
	client: CriClient | undefined = fakeClient({ execSync: () => new Promise(() => undefined) }),
	keys: ReadonlyMap<string, readonly string[]> = new Map(),
) {
	const base = fakeHost(client);
	let listener: PassThroughListener | undefined;
	const host: typeof base = {
		...base,
		dispatch(slice, event) {
			base.dispatch(slice, event);
			hosted.follow();
		},
	};
	const terminal = {
		setPassThrough: (next: PassThroughListener | undefined) => {
			listener = next;
		},
		setMouse: () => undefined,
	} as unknown as Terminal;
	const hosted = createSessionEffects(host, { config: { keys }, terminal });
	const key = (name: string, ctrl = false) =>
		listener?.(Buffer.from('?'), { kind: 'key', name, ctrl, alt: false, shift: false });
	const live = () =>
		host.dispatch('shell', {
			kind: 'shellPhaseChanged',
			id: currentShell(host.getState().shell)?.id ?? 0,
			phase: { kind: 'live' },
		});
	return { host, hosted, effects: hosted.effects, takesKeys: () => listener !== undefined, key, live };
}

describe('who gets the keys', () => {
	test('the container has them while its live session is shown, and only then', () => {
		const { host, hosted, effects, takesKeys, key, live } = sessions();
		effects.openShell(target);
		expect(takesKeys()).toBe(false);
		live();
		expect(takesKeys()).toBe(true);
		key(']', true);
		expect([takesKeys(), host.getState().shell.mode]).toEqual([false, 'menu']);
		host.dispatch('shell', { kind: 'shellModeChanged', mode: 'keys' });
		expect(takesKeys()).toBe(true);
		host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'help' });
		expect(takesKeys()).toBe(false);
		host.dispatch('overlays', { kind: 'overlayClosed' });
		effects.leaveShell();
		expect([takesKeys(), host.getState().overlays.stack]).toEqual([false, []]);
		effects.openShell(target);
		expect([takesKeys(), host.getState().shell.sessions.length]).toEqual([true, 1]);
		hosted[Symbol.dispose]();
		expect(takesKeys()).toBe(false);
	});

	test('another chord can be configured', () => {
		const { host, effects, key, live } = sessions(undefined, new Map([['shell.menu', ['ctrl+t']]]));
		effects.openShell(target);
		live();
		key(']', true);
		expect(host.getState().shell.mode).toBe('keys');
		key('t', true);
		expect(host.getState().shell.mode).toBe('menu');
	});
});

describe('sessions', () => {
	test('an attach opens nothing before the person has said yes', () => {
		let asked = 0;
		const client = fakeClient({
			containerStatus: () => {
				asked++;
				return new Promise(() => undefined);
			},
		});
		const { host, effects } = sessions(client);
		effects.openAttach(target);
		expect([currentShell(host.getState().shell)?.phase.kind, asked]).toEqual(['asking', 0]);
		effects.leaveShell();
		expect(host.getState().shell.sessions).toEqual([]);
		effects.openAttach(target);
		effects.confirmAttach();
		expect([currentShell(host.getState().shell)?.phase.kind, asked]).toEqual(['opening', 1]);
	});

	test('one that ends out of sight is told and put away', () => {
		const { host, effects, live } = sessions();
		effects.openShell(target);
		live();
		effects.leaveShell();
		const id = host.getState().shell.currentId ?? 0;
		const phase = { kind: 'ended', level: 'warn', text: 'exited 9' } as const;
		host.dispatch('shell', { kind: 'shellPhaseChanged', id, phase });
		expect(host.getState().notices.current?.text).toBe('Shell in main: exited 9.');
		expect(host.getState().shell.sessions).toEqual([]);
	});

	test('what the runtime refuses is said in the pane, made harmless', async () => {
		const client = fakeClient({
			execSync: async () => ({ stdout: Buffer.from('/bin/sh'), stderr: Buffer.alloc(0), exitCode: 0 }),
			exec: async () => {
				throw new Error('no streaming\x1b[2J here');
			},
		});
		const { host, effects } = sessions(client);
		effects.openShell(target);
		await expect
			.poll(() => currentShell(host.getState().shell)?.phase)
			.toEqual({
				kind: 'ended',
				level: 'fail',
				text: 'cannot open a shell: no streaming␛[2J here',
			});
	});
});
