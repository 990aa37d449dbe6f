/** The log pane of the real program, on files as a kubelet leaves them: followed, searched, filtered, rotated, merged. */
import { appendFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);
const startMs = Date.parse('2026-02-03T04:05:00Z');

/** A CRI line so many seconds after the start of the log. */
function cri(seconds: number, text: string, stream = 'stdout'): string {
	return `${new Date(startMs + seconds * 1000).toISOString().slice(0, -1)}000000Z ${stream} F ${text}\n`;
}

function numbered(from: number, to: number): string {
	return Array.from({ length: to - from }, (_, index) => cri(from + index, `line ${from + index}`)).join('');
}

const mixed =
	cri(0, 'listening on :8080') +
	cri(1, '{"time":"2026-02-03T04:05:01Z","level":"error","msg":"payment failed","order":7}') +
	cri(2, '\u001b[32mgreen\u001b[0m and \u001b[2J\u001b]0;owned\u0007harmless') +
	cri(
		3,
		'日本語のログが続いています ✅ wide characters wrap where they should, at any width of the pane they are in',
	) +
	cri(5, 'E0203 04:05:05.000000 1 x.go:1] from klog', 'stderr') +
	cri(65, 'level=warn msg="slow query" ms=812');

/** The screen without its last row, which lists the keys of every feature there is. */
function withoutFooter(screen: string): string {
	return screen.split('\n').slice(0, -1).join('\n');
}

describe.skipIf(missing)(`the log pane${missing ?? ''}`, () => {
	let node: FakeNode;
	/** Adds a container with that log, its path returned. */
	let add: (name: string, log: string, file?: string) => string;

	beforeEach(async () => {
		node = await startFakeNode({ pods: 0, containers: 0 });
		const pod = node.state.addPod({ name: 'shop-1' });
		add = (name, log, file = `${name}/0.log`) => {
			const logPath = node.writeFile(`pods/${file}`, log);
			const id = node.state.addContainer(pod, { name, state: 'CONTAINER_RUNNING' });
			const container = node.state.containers.get(id);
			if (container) Object.assign(container, { logPath, metadata: { name, attempt: 0 } });
			return logPath;
		};
	});
	afterEach(() => node[Symbol.asyncDispose]());

	/** The program with the log of the first container alone on the screen. */
	async function reading(
		size: { readonly columns: number; readonly rows: number },
		until: string,
	): Promise<Tui> {
		const tui = node.start({ ...size, env: { TZ: 'UTC' } });
		await tui.until('live');
		await tui.press('2 l z');
		await tui.until(until);
		return tui;
	}

	test.each([
		[80, 24],
		[120, 40],
		[40, 12],
	])('shows colours, levels, JSON, streams and wide characters at %dx%d', async (columns, rows) => {
		add('web', mixed);
		await using tui = await reading({ columns, rows }, 'slow query');
		await tui.press('t t');
		await tui.until(/04:06:05.000Z/);
		await tui.matches(`logs-mixed-${columns}x${rows}`, { mask: withoutFooter, styles: false });
		expect(tui.output().toString('latin1')).not.toContain('owned');
	});

	test('follows, lets go, counts, survives rotation, and outlives the runtime', async () => {
		const file = add('web', numbered(0, 500));
		await using tui = await reading({ columns: 80, rows: 24 }, 'line 499');
		appendFileSync(file, numbered(500, 510));
		await tui.until('line 509');
		await tui.press('k');
		await tui.until('paused');
		const before = tui.screen().split('\n').slice(3, 23);
		appendFileSync(file, numbered(510, 1744));
		await tui.until('+1,234 new');
		expect(tui.screen().split('\n').slice(3, 23)).toEqual(before);
		await tui.press('G');
		await tui.until('line 1743');
		await node.kill();
		renameSync(file, `${file}.20260203-040500`);
		node.writeFile('pods/web/0.log', cri(2_000, 'after rotation'));
		await tui.until('after rotation');
		await tui.press('g');
		await tui.until(/^▸ line 0$/m);
		rmSync(file);
		await tui.until('was deleted');
	});

	test('searches, filters with context, goes to a time', async () => {
		add('web', numbered(0, 5_000));
		await using tui = await reading({ columns: 100, rows: 24 }, 'line 4999');
		await tui.press('/');
		tui.type('/ [123]000$/');
		await tui.press('<enter>');
		await tui.until(/▸ line 3000[\s\S]*last one above/);
		await tui.press('N');
		await tui.until(/▸ line 2000/);
		await tui.until('3×');
		await tui.press('n n');
		await tui.until(/No more matches below/);
		await tui.press('<escape> &');
		tui.type('/ [123]000$/');
		await tui.press('<enter>');
		await tui.until(/line 1000\s+line 2000\s+▸? ?line 3000/);
		await tui.press('&');
		await tui.until(/line 2003\s+┄┄┄\s+line 2997/);
		await tui.press('& @');
		tui.type('2026-02-03T04:06:40Z');
		await tui.press('<enter>');
		await tui.until(/^▸ line 100$/m);
	});

	test('merges the containers of a pod by time', async () => {
		add('api', cri(1, 'first') + cri(4, 'fourth'));
		add('proxy', cri(2, 'second') + cri(3, 'third', 'stderr'));
		await using tui = await reading({ columns: 80, rows: 24 }, 'first');
		await tui.press('L');
		await tui.until(/api {3}first\s+proxy second\s+▏proxy third\s+api {3}fourth/);
	});

	test('saves what the filter shows, and says why there is nothing to read', async () => {
		add('web', numbered(0, 200));
		rmSync(add('zz', ''));
		await using tui = await reading({ columns: 100, rows: 24 }, 'line 199');
		await tui.press('&');
		tui.type('77');
		await tui.press('<enter>');
		await tui.until('line 177');
		const saved = path.join(node.dir, 'saved.log');
		await tui.press('<ctrl+s> <ctrl+u>');
		tui.type(saved);
		await tui.press('<enter>');
		await tui.until('Saved 2 lines');
		expect(readFileSync(saved, 'utf8')).toBe('line 77\nline 177\n');
		await tui.press('2 G 4');
		await tui.until(/does not exist[\s\S]*only on the node/);
	});
});
