import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ContainerStatus } from '../../../../src/cri/model.ts';
import { createInspectEffects } from '../../../../src/ui/effects/inspect-effects.ts';
import { gatherEvidence } from '../../../../src/ui/effects/inspect-evidence.ts';
import { saveText } from '../../../../src/ui/effects/inspect-save.ts';
import { createTransferMemory } from '../../../../src/ui/effects/transfer-memory.ts';
import { container } from '../fixtures.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

const app = container('web', 'app');

function statusOf(over: Partial<ContainerStatus> = {}): ContainerStatus {
	return {
		...app,
		startedAtNanos: 1n,
		finishedAtNanos: undefined,
		exitCode: 0,
		reason: '',
		message: '',
		mounts: [],
		logPath: '',
		resources: undefined,
		user: undefined,
		stopSignal: '',
		info: {},
		raw: { status: { id: app.id } },
		...over,
	};
}

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(path.join(os.tmpdir(), 'criscope-inspect-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('fetching while the view is open', () => {
	test('asks at once, keeps the identity of an unchanged answer, and ends with the overlay', async () => {
		let calls = 0;
		const signals: AbortSignal[] = [];
		const host = fakeHost(
			fakeClient({
				containerStatus: async (_id, _request, options) => {
					calls++;
					if (options?.signal) signals.push(options.signal);
					return statusOf();
				},
			}),
		);
		const effects = createInspectEffects(host, { transfers: createTransferMemory() });
		host.dispatch('inspect', {
			kind: 'inspectOpened',
			subject: { list: 'containers', id: app.id, name: 'app' },
		});
		effects.follow();
		host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'inspect' });
		effects.follow();
		await vi.waitFor(() => expect(host.getState().inspect?.evidence).toBeDefined());
		const first = host.getState().inspect?.answer;
		expect(first).toBeDefined();
		await vi.waitFor(() => {
			effects.refresh();
			expect(calls).toBe(2);
		});
		await vi.waitFor(() =>
			expect(host.events.filter(({ event }) => event.kind === 'inspectAnswered')).toHaveLength(2),
		);
		expect(host.getState().inspect?.answer).toBe(first);
		host.dispatch('overlays', { kind: 'overlayClosed' });
		effects.follow();
		expect(host.getState().inspect).toBeUndefined();
		expect(signals[0]?.aborted).toBe(true);
		effects[Symbol.dispose]();
	});

	test('a runtime that fails is told in words, and the last answer stays', async () => {
		let broken = false;
		const host = fakeHost(
			fakeClient({
				containerStatus: async () => {
					if (broken) throw new Error('nobody \u001B[31mlistens');
					return statusOf();
				},
			}),
		);
		const effects = createInspectEffects(host, { transfers: createTransferMemory() });
		host.dispatch('inspect', {
			kind: 'inspectOpened',
			subject: { list: 'containers', id: app.id, name: 'app' },
		});
		effects.follow();
		await vi.waitFor(() => expect(host.getState().inspect?.answer).toBeDefined());
		broken = true;
		await vi.waitFor(() => {
			effects.refresh();
			expect(host.getState().inspect?.problem).toContain('listens');
		});
		expect(host.getState().inspect?.answer).toBeDefined();
		effects[Symbol.dispose]();
	});
});

test('evidence: the last lines of an attempt that died, and kernel log kills of that container only', async () => {
	const logPath = path.join(folder, '0.log');
	const lines = Array.from(
		{ length: 30 },
		(_, index) => `2026-11-22T10:00:${10 + index}.0Z stderr F line ${index}\n`,
	);
	writeFileSync(logPath, lines.join(''));
	const kill = (taskCgroup: string) => ({
		occurredAtMs: 1,
		sinceBootMicros: 1,
		taskName: 'x',
		pid: 1,
		taskCgroup,
		limitCgroup: undefined,
		anonRssBytes: 1,
		totalVmBytes: 1,
		constraint: 'memcg' as const,
	});
	const id = 'a'.repeat(64);
	const { signal } = new AbortController();
	const evidence = await gatherEvidence(
		statusOf({ id: id as ContainerStatus['id'], state: 'exited', exitCode: 137, logPath }),
		[],
		async () => ({ kind: 'read', kills: [kill(`/pods/${id}`), kill('/pods/other')] }),
		{ signal },
	);
	expect(evidence.lastLines?.lines.map(({ text }) => text)).toEqual(
		Array.from({ length: 10 }, (_, index) => `line ${index + 20}`),
	);
	expect(evidence.oomKills).toHaveLength(1);
	const missing = await gatherEvidence(
		statusOf({ state: 'exited', exitCode: 1, logPath: path.join(folder, 'none', '0.log') }),
		[],
		async () => ({ kind: 'unreadable', reason: 'root only' }),
		{ signal },
	);
	expect(missing).toMatchObject({ oomProblem: 'root only', lastLines: { lines: [] } });
	expect(missing.lastLines?.problem).toBeTruthy();
});

test('only an end that the kernel may know of costs a look at its log', async () => {
	let looks = 0;
	const kernel = async () => {
		looks++;
		return { kind: 'read', kills: [] } as const;
	};
	const { signal } = new AbortController();
	await gatherEvidence(statusOf({ state: 'exited', exitCode: 0, reason: 'Completed' }), [], kernel, {
		signal,
	});
	await gatherEvidence(statusOf({ state: 'created' }), [], kernel, { signal });
	expect(looks).toBe(0);
	await gatherEvidence(statusOf({ state: 'exited', exitCode: 1 }), [], kernel, { signal });
	expect(looks).toBe(1);
});

describe('saving', () => {
	test('writes a private file, refuses to replace unless told, and says why it cannot', async () => {
		const file = path.join(folder, 'a.yaml');
		const options = { replace: false, home: folder };
		expect(await saveText('~/a.yaml', 'one\n', options)).toEqual({ kind: 'saved', path: file, bytes: 4 });
		expect(statSync(file).mode & 0o777).toBe(0o600);
		expect(await saveText(file, 'two\n', options)).toEqual({ kind: 'exists' });
		expect(readFileSync(file, 'utf8')).toBe('one\n');
		expect(await saveText(file, 'two\n', { ...options, replace: true })).toMatchObject({ kind: 'saved' });
		expect(readFileSync(file, 'utf8')).toBe('two\n');
		expect(await saveText(path.join(folder, 'no/b'), 'x', options)).toEqual({
			kind: 'failed',
			reason: 'there is no such folder',
		});
		expect(await saveText(folder, 'x', { ...options, replace: true })).toMatchObject({ kind: 'failed' });
	});

	test('a link is replaced, what it leads to is left alone', async () => {
		const target = path.join(folder, 'precious');
		writeFileSync(target, 'precious');
		chmodSync(target, 0o644);
		symlinkSync(target, path.join(folder, 'link'));
		await saveText(path.join(folder, 'link'), 'new', { replace: true, home: undefined });
		expect(readFileSync(target, 'utf8')).toBe('precious');
		expect(readFileSync(path.join(folder, 'link'), 'utf8')).toBe('new');
	});
});
