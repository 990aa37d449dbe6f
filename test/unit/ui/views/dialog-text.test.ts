import { describe, expect, test } from 'vitest';
import { containerId } from '../../../../src/cri/ids.ts';
import { wrapWords } from '../../../../src/text/wrap-words.ts';
import { lineWidthCells } from '../../../../src/ui/format/line.ts';
import type { ContainerFacts } from '../../../../src/ui/resources/facts.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { activityText } from '../../../../src/ui/views/activity.ts';
import { dialogLines, dialogScrollLimit } from '../../../../src/ui/views/dialog-text.ts';
import { container, image, inspector, pod, refresh } from '../change-fixtures.ts';

function containerFacts(id: string): ContainerFacts {
	return {
		id: containerId(id),
		state: 'running',
		startedAtNanos: 1n,
		finishedAtNanos: undefined,
		exitCode: 0,
		reason: '',
		message: '',
		logPath: '',
		pid: undefined,
		command: [],
		cpuLimitMillicores: undefined,
		memoryLimitBytes: undefined,
		cgroupsPath: undefined,
		ports: [],
	};
}

const wide = { columns: 80, rows: 21 };
const narrow = { columns: 40, rows: 10 };

function text(state: UiState, size = wide): string {
	return dialogLines(state, size)
		.map((line) => line.map((span) => span.text).join(''))
		.join('\n');
}

/** Sentences as they are, without the box and its line breaks. */
function flat(state: UiState, size = wide): string {
	return text(state, size)
		.replace(/ *│\n?│? */g, ' ')
		.replace(/ +/g, ' ');
}

const annotations = {
	'io.kubernetes.pod.terminationGracePeriod': '45',
	'io.kubernetes.container.preStopHandler': '{}',
};
const shop = {
	pods: [pod('web')],
	containers: [container('web', 'nginx', { attempt: 3, annotations })],
	images: [image('nginx:1.27'), image('spare:1', { repoTags: ['spare:1', 'spare:latest'] })],
};

test('names object, effect, grace, what kubelet does next, and the crictl line', () => {
	const { press, state } = inspector(shop, { kubelet: true });
	press('2', 'S');
	const said = flat(state());
	expect(said).toContain('Stop container');
	expect(said).toContain('nginx in shop/web web-nginx-3 attempt 3 running');
	expect(said).toContain("SIGTERM (or the image's stop signal) to PID 1, then SIGKILL after 45 s.");
	expect(said).toContain("45 s, the pod's own (g changes it)");
	expect(said).toContain('kubelet will start attempt 4 soon');
	expect(said).toContain('Its preStop hook does not run');
	expect(said).toContain('A stopped container cannot be started again.');
	expect(said).toContain('crictl stop -t 45 web-nginx-3');
	expect(said).toContain('▶[ Cancel ]  [ Stop ]'.replace('  ', ' '));
});

test('a kill promises no grace, without a kubelet nothing follows', () => {
	const { press, state } = inspector(shop);
	press('2', 'K');
	expect(flat(state())).toContain('SIGKILL at once');
	expect(flat(state())).toContain('No kubelet runs here');
	expect(flat(state())).not.toContain('Grace');
	expect(flat(state())).toContain('crictl stop -t 0 web-nginx-3');
});

test('a running container is removed forcibly, and that is said', () => {
	const { press, state } = inspector(shop);
	press('2', 'D');
	expect(flat(state())).toContain('It is running (S only stops it). Forcibly:');
	expect(flat(state())).toContain('crictl stop -t 45 web-nginx-3 && crictl rm web-nginx-3');
});

test('a static pod says what keeps it alive', () => {
	const { press, state } = inspector(
		{ ...shop, pods: [pod('web', { annotations: { 'kubernetes.io/config.source': 'file' } })] },
		{ kubelet: true },
	);
	press('1', 'D');
	expect(flat(state())).toContain('staticPodPath');
	expect(flat(state())).toContain('asks you to type "web"');
	expect(flat(state())).toContain('crictl stopp pod-web && crictl rmp pod-web');
});

test('an image says which tags go with it and what it frees', () => {
	const { press, state } = inspector(shop);
	press('3', 'G', 'D');
	expect(flat(state())).toContain('All 2 tags of it go. Frees up to 9.5 MiB');
	expect(flat(state())).toContain('crictl rmi sha256:spare');
});

test('of hundreds the first are listed and the rest counted', () => {
	const { press, state } = inspector({
		pods: [pod('web')],
		containers: Array.from({ length: 150 }, (_, index) => container('web', `worker-${index}`)),
	});
	press('2', '*', 'D');
	expect(flat(state(), { columns: 80, rows: 400 })).toContain('and 50 more');
});

test('the stop signal is named where the runtime tells it', () => {
	const { press, state, store } = inspector(shop);
	const facts = { ...containerFacts('web-nginx-3'), stopSignal: 'SIGQUIT' };
	store.dispatch('inventory', { kind: 'factsReceived', pods: [], containers: [facts] });
	press('2', 'S');
	expect(flat(state())).toContain('SIGQUIT to PID 1, then SIGKILL after 45 s.');
});

test('what vanished says so at once', () => {
	const { press, state, store } = inspector(shop);
	press('2', 'S');
	refresh(store, { ...shop, containers: [] });
	expect(flat(state())).toContain('nginx is gone already: nothing to do.');
	expect(flat(state())).not.toContain('crictl');
});

test('hostile names stay text', () => {
	const { press, state } = inspector({
		pods: [pod('web')],
		containers: [container('web', '\u001b[2J\u202Eevil\n')],
	});
	press('2', 'S');
	expect(text(state())).not.toMatch(/\u001b|\u202e/u);
	expect(text(state())).toContain('␛[2Jevil↵');
});

describe.each([wide, narrow, { columns: 120, rows: 37 }, { columns: 20, rows: 4 }])('at %o', (size) => {
	const many = {
		pods: [pod('web')],
		containers: Array.from({ length: 30 }, (_, index) => container('web', `worker-日本-${index}`)),
	};

	test('it stays within the room, every line of one width, buttons always in sight', () => {
		const { press, state, store } = inspector(many);
		press('2', '*', 'D');
		store.dispatch('screen', { kind: 'resized', columns: size.columns, rows: size.rows + 3 });
		const lines = dialogLines(state(), size);
		expect(lines.length).toBeLessThanOrEqual(size.rows);
		expect(new Set(lines.map(lineWidthCells)).size).toBe(1);
		expect(lineWidthCells(lines[0] ?? [])).toBeLessThanOrEqual(size.columns);
		expect(text(state(), size)).toContain('[ Cancel ]');
	});
});

test('what does not fit can be scrolled to', () => {
	const { press, state, store } = inspector({
		pods: [pod('web')],
		containers: Array.from({ length: 30 }, (_, index) => container('web', `worker-${index}`)),
	});
	store.dispatch('screen', { kind: 'resized', columns: 40, rows: 12 });
	press('2', '*', 'S');
	expect(dialogScrollLimit(state())).toBeGreaterThan(20);
	expect(text(state(), narrow)).not.toContain('worker-29 in');
	for (let page = 0; page < 20; page++) press(' ');
	expect(state().actions.dialog?.scroll).toBe(dialogScrollLimit(state()));
	expect(text(state(), narrow)).toContain('worker-29 in');
});

test('the foot says what is under way and for how long', () => {
	const { state, store } = inspector(shop);
	expect(activityText(state())).toBeUndefined();
	const target = {
		kind: 'container',
		id: 'x',
		name: 'web',
		podName: '',
		namespace: '',
		sizeBytes: 0n,
	} as const;
	const targets = [{ ...target, graceSeconds: undefined }];
	store.dispatch('actions', {
		kind: 'changeStarted',
		id: 1,
		verb: 'stop',
		targets,
		graceSeconds: undefined,
		atMs: 1_000_000,
	});
	const [first] = targets;
	if (first) store.dispatch('actions', { kind: 'stepStarted', id: 1, target: first, atMs: 1_000_000 });
	store.dispatch('core', { kind: 'ticked', nowMs: 1_003_000 });
	expect(activityText(state())).toBe('Stopping web… 3 s of 30 s');
	store.dispatch('pulls', { kind: 'pullStarted', id: 1, image: 'a', atMs: 1_001_000 });
	expect(activityText(state())).toBe('Stopping web… 3 s of 30 s · Pulling 0:02');
	store.dispatch('actions', { kind: 'changeEnded', id: 1, atMs: 1_004_000 });
	expect(activityText(state())).toBe('Pulling 0:02');
});

test('words are wrapped at blanks, long ones cut, wide characters whole', () => {
	expect(wrapWords('one two three', 7)).toEqual(['one two', 'three']);
	expect(wrapWords('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
	expect(wrapWords('日本語', 3)).toEqual(['日', '本', '語']);
	expect(wrapWords('日', 1)).toEqual(['日']);
	expect(wrapWords('', 5)).toEqual(['']);
	expect(wrapWords('a  b', 80)).toEqual(['a  b']);
});

test('a window of any size gets a box that is no wider', () => {
	const { press, state } = inspector(shop, { kubelet: true });
	press('2', 'S');
	for (let columns = 1; columns <= 20; columns++) {
		for (const rows of [1, 2, 3, 10]) {
			const widths = dialogLines(state(), { columns, rows }).map(lineWidthCells);
			expect(Math.max(...widths)).toBeLessThanOrEqual(columns);
		}
	}
});

test('a dialog counts every object exactly', () => {
	const containers = Array.from({ length: 1749 }, (_, index) => container('web', `c${index}`));
	const { press, state } = inspector({ ...shop, containers });
	press('2', '*', 'S');
	expect(text(state())).toContain('Stop 1749 containers');
});
