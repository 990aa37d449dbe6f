import * as fs from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { LogEvent, LogHistory } from '../../src/node/logs/log-history.ts';
import type { LogLine, LogPosition } from '../../src/node/logs/log-line.ts';
import { createLogFolder, cri, numbered, texts } from '../unit/node/logs/log-fixture.ts';

/** Reads as a pane does: on every event, forward from the last line, open lines dropped first. */
function tail(history: LogHistory) {
	const events: LogEvent[] = [];
	let lines: LogLine[] = [];
	let from: LogPosition | 'start' = 'start';
	let reading = Promise.resolve();
	const read = async (): Promise<void> => {
		for (let more = true; more; ) {
			const page: readonly LogLine[] = await history.readForward(from, 1000);
			lines = [...lines.filter((line) => !line.open), ...page];
			const last = page.at(-1);
			from = last?.end ?? from;
			more = last !== undefined && !last.open;
		}
	};
	const following = history.follow((event) => {
		events.push(event);
		reading = reading.then(read);
	});
	reading = reading.then(read);
	return {
		following,
		lines: () => texts(lines),
		kinds: () => events.map((event) => event.kind),
		events,
	};
}

const wait = { timeout: 4000, interval: 10 };
const upTo = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}`);

afterEach(() => {
	vi.restoreAllMocks();
});

describe('following a log', () => {
	test('goes on through rename and reopen without loss, also for what the writer adds to the old file', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 10));
		await using history = await folder.open();
		const pane = tail(history);
		using _following = pane.following;
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(10)), wait);
		await fs.rename(folder.file('0.log'), folder.file('0.log.20260101-000000'));
		await folder.append('0.log.20260101-000000', numbered(10, 20));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(20)), wait);
		await folder.append('0.log.20260101-000000', numbered(20, 25));
		await folder.write('0.log', numbered(25, 30));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(30)), wait);
		expect(pane.kinds()).toContain('rotated');
		expect(pane.kinds()).not.toContain('vanished');
		expect(history.segments().map((segment) => segment.kind)).toEqual(['rotated', 'current']);
	});

	test('goes on through copy and truncate, and takes the copy for the old lines', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 50));
		await using history = await folder.open();
		const pane = tail(history);
		using _following = pane.following;
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(50)), wait);
		await fs.copyFile(folder.file('0.log'), folder.file('0.log.1'));
		await fs.truncate(folder.file('0.log'), 0);
		await folder.append('0.log', numbered(50, 55));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(55)), wait);
		expect(pane.kinds()).toContain('truncated');
		expect(texts(await history.readBackward('end', 100))).toEqual(upTo(55));
	});

	test('says that the file vanished and returned, and keeps what was open', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 5));
		await using history = await folder.open();
		const pane = tail(history);
		using _following = pane.following;
		await fs.rm(folder.file('0.log'));
		await vi.waitFor(() => expect(pane.kinds()).toContain('vanished'), wait);
		expect(texts(await history.readBackward('end', 10))).toEqual(upTo(5));
		expect(history.segments()[0]?.problem).toMatch(/was deleted/);
		await folder.write('0.log', numbered(5, 8));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(8)), wait);
		expect(pane.kinds()).toContain('returned');
	});

	test('goes on in a new attempt', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 5));
		await using history = await folder.open();
		const pane = tail(history);
		using _following = pane.following;
		await folder.write('1.log', numbered(5, 8));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(8)), wait);
		expect(pane.events).toContainEqual({ kind: 'rotated', attempt: 1 });
		await folder.append('1.log', numbered(8, 9));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(9)), wait);
	});

	test('shows a line without an end, and then the whole of it once', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', cri(0, 'Pass', { tag: 'P' }));
		await using history = await folder.open();
		const pane = tail(history);
		using _following = pane.following;
		await vi.waitFor(() => expect(pane.lines()).toEqual(['Pass']), wait);
		await folder.append('0.log', cri(1, 'noise', { stream: 'stderr' }));
		await vi.waitFor(() => expect(pane.lines()).toEqual(['noise', 'Pass']), wait);
		await folder.append('0.log', `${cri(2, 'word: ')}${cri(3, 'half').slice(0, -3)}`);
		await vi.waitFor(() => expect(pane.lines()).toEqual(['noise', 'Password: ', 'ha']), wait);
		await folder.append('0.log', 'lf\n');
		await vi.waitFor(() => expect(pane.lines()).toEqual(['noise', 'Password: ', 'half']), wait);
	});

	test('sees changes by polling where the file system tells of none', async () => {
		await using folder = await createLogFolder();
		await folder.write('0.log', numbered(0, 1));
		await using history = await folder.open('0.log', { watch: false });
		const pane = tail(history);
		using _following = pane.following;
		await folder.append('0.log', numbered(1, 3));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(3)), wait);
		await fs.rename(folder.file('0.log'), folder.file('0.log.20260101-000000'));
		await folder.write('0.log', numbered(3, 4));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(4)), wait);
	});

	test('survives the folder being removed and made again', async () => {
		await using folder = await createLogFolder();
		await fs.mkdir(folder.file('c'));
		await folder.write('c/0.log', numbered(0, 2));
		await using history = await folder.open('c/0.log');
		const pane = tail(history);
		using _following = pane.following;
		await fs.rm(folder.file('c'), { recursive: true });
		await vi.waitFor(() => expect(pane.kinds()).toContain('vanished'), wait);
		await fs.mkdir(folder.file('c'));
		await folder.write('c/0.log', numbered(2, 4));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(4)), wait);
		await folder.append('c/0.log', numbered(4, 5));
		await vi.waitFor(() => expect(pane.lines()).toEqual(upTo(5)), wait);
	});
});
