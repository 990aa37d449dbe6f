/** Nothing that a runtime says reaches the terminal as anything but text, and no text breaks the frame. */
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import type { FakeMessage } from '../fakes/cri-state.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** Texts against a terminal, by what they are after. */
const attacks: Readonly<Record<string, string>> = {
	title: '\x1b]0;owned\x07after',
	'title, C1': '\x9d0;owned\x9cafter',
	clipboard: '\x1b]52;c;b3duZWQ=\x07after',
	link: '\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\',
	screen: '\x1b[2J\x1b[H\x1b[?1049l\x1b[?25h\x1bc',
	colours: '\x1b[31;47mred\x1b[8m\x9b1m',
	'device strings': '\x1bP+q544e\x1b\\\x1b[6n\x1b[c\x1b[>q',
	'broken sequence': 'open\x1b[',
	bells: 'a\x07\x08\x08\x08\x7f\x0e\x0fb',
	newlines: 'one\r\ntwo\nthree\u2028four\u0085five\x0b\x0c',
	tabs: 'a\tb\tc',
	bidi: 'abc\u202egnp.exe\u2066\u2069\u200f',
	'zero width': 'a\u200bb\u200dc\ufeffd\u2060e\u00ad',
	wide: '漢字かな한국어全角',
	'half a wide one': '字'.repeat(200),
	emoji: '👩‍👩‍👧‍👦🏳️‍🌈👍🏽🇩🇪🇩',
	combining: `z${'\u0301'.repeat(50)}y`,
	'lone surrogate': 'a\u{fffd}b',
	nul: 'a\x00b',
	long: `start-${'x'.repeat(10_000)}-end`,
	template: '%s %n {{7*7}} $(reboot) \\x1b[31m',
	'looks like ours': '━▶1 Pods (99)   ? help  : commands  q quit',
	blank: ' ',
	empty: '',
};

/** Puts an attack into every string of an object, the ids and what is an enum or a number apart. */
function poisoned(object: FakeMessage, attack: string): FakeMessage {
	const kept = new Set(['id', 'podSandboxId', 'imageRef', 'imageId', 'state', 'uid', 'logPath']);
	return Object.fromEntries(
		Object.entries(object).map(([key, value]) => {
			if (kept.has(key)) return [key, value];
			if (typeof value === 'string') return [key, /^-?\d+$/.test(value) ? value : attack];
			if (Array.isArray(value)) return [key, value.map((item) => (typeof item === 'string' ? attack : item))];
			if (key === 'labels' || key === 'annotations')
				return [key, { [attack]: attack, 'io.kubernetes.pod.name': attack }];
			if (typeof value === 'object' && value !== null) return [key, poisoned(value as FakeMessage, attack)];
			return [key, value];
		}),
	);
}

async function hostileNode(): Promise<FakeNode> {
	const texts = Object.values(attacks);
	const node = await startFakeNode({
		pods: texts.length,
		containers: 1,
		info: { info: JSON.stringify({ config: { envs: texts.map((value) => ({ key: value, value })) } }) },
	});
	for (const objects of [node.state.pods, node.state.containers]) {
		for (const [index, [id, object]] of [...objects].entries()) {
			objects.set(id, poisoned(object, texts[index] ?? ''));
		}
	}
	for (const text of texts) {
		const id = node.state.addImage(text);
		node.state.images.set(id, {
			...node.state.images.get(id),
			repoTags: [text],
			repoDigests: [`${text}@${id}`],
		});
	}
	return node;
}

/**
 * Everything that was written, without the sequences that this program may write: cursor, erasing, colours and its own modes. What
 * is left may hold no control character but CR and LF.
 */
function unexpected(output: Buffer): string | undefined {
	const left = output
		.toString('utf8')
		.replaceAll(/\x1b\[(?:\d*;\d*H|\d*[ABCDGHJKXdLMSTP]|[\d;:]*m)/g, '')
		.replaceAll(/\x1b\[\?(?:1049|25|2004|2026|7|1000|1002|1006)[hl]/g, '')
		.replaceAll(/\x1b\[\d*;?\d*r|\x1b[78=>]|\x1b\(B|\x1b\[0? q|\x0f/g, '');
	const found =
		/[\x00-\x07\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\u2028\u2029]/.exec(left);
	return found ? JSON.stringify(left.slice(Math.max(0, found.index - 20), found.index + 20)) : undefined;
}

function expectIntact(tui: Tui, columns: number): void {
	const rows = tui.screen().split('\n');
	const where = rows.join('\n');
	expect(rows[0], where).toMatch(/^worker-1 /);
	expect(rows.at(-1), where).toMatch(/help.*quit *$|^\//);
	for (const row of rows) expect(stringWidth(row), row).toBeLessThanOrEqual(columns);
	const titles = rows.filter((row) => /^[─━][─▶━]/.test(row));
	expect(titles.length).toBeGreaterThan(0);
	for (const title of titles) {
		expect(title, where).toMatch(/[─━]$/);
		expect(stringWidth(title), title).toBe(columns);
	}
	const typing = rows.at(-1)?.startsWith('/') ?? false;
	expect(tui.modes()).toMatchObject({ alternateScreen: true, cursorHidden: !typing, mouse: false });
}

describe.skipIf(missing)(`hostile strings${missing ?? ''}`, () => {
	test.each([
		[80, 24],
		[159, 45],
		[40, 12],
	] as const)('in every name, label, tag and reason at %dx%d', async (columns, rows) => {
		await using node = await hostileNode();
		await using tui = node.start({ columns, rows });
		await tui.until(/live/);
		await tui.until(/Pods \(24\)/);
		await tui.untilQuiet(700);
		expectIntact(tui, columns);
		const settle = async () => {
			await tui.untilQuiet(100);
			expectIntact(tui, columns);
		};
		// Each pod in turn, so that each text is a name, a title, a selected row.
		for (let pod = 0; pod < Object.keys(attacks).length; pod += 1) {
			await tui.press('j');
			await settle();
		}
		for (const keys of ['2', 'a', 'G', '3', 'G', 'g', 'z', 'z', 'o', '<escape>', '1']) {
			await tui.press(keys);
			await settle();
		}
		await tui.press('g i');
		await tui.untilQuiet(300);
		await tui.press('<escape>');
		expect(unexpected(tui.output())).toBeUndefined();
		await tui.press('q');
		expect((await tui.exit).exitCode).toBe(0);
		expect(unexpected(tui.output())).toBeUndefined();
	});

	test('in what the runtime says of itself, and in the words of its failures', async () => {
		for (const attack of ['title', 'screen', 'newlines', 'bidi', 'long', 'half a wide one', 'emoji']) {
			const text = attacks[attack] ?? '';
			await using node = await startFakeNode();
			node.server.faults.byRpc.set('ListImages', { kind: 'error', code: 2, message: text });
			node.server.answers.set('Version', {
				version: text,
				runtimeName: text,
				runtimeVersion: text,
				runtimeApiVersion: text,
			});
			node.server.answers.set('Status', {
				status: { conditions: [{ type: text, status: false, reason: text, message: text }] },
			});
			await using tui = node.start({ columns: 100, rows: 30 });
			await tui.until('Pods (8)');
			await tui.untilQuiet(500);
			expectIntact(tui, 100);
			await tui.press('R');
			await tui.until('Runtime sockets');
			expectIntact(tui, 100);
			expect(unexpected(tui.output())).toBeUndefined();
		}
	});

	test('a filter made of escape sequences, and a lying runtime', async () => {
		await using node = await startFakeNode({ faults: ['lying'] });
		await using tui = node.start({ columns: 120, rows: 40 });
		await tui.until(/live[\s\S]*Pods \(\d+\)/);
		await tui.press('/');
		tui.paste('\x1b]0;owned\x07\u202eabc\r\n');
		await tui.untilQuiet(300);
		expectIntact(tui, 120);
		await tui.press('<escape> 2 a G 3 G 1 G');
		await tui.untilQuiet(300);
		expectIntact(tui, 120);
		expect(unexpected(tui.output())).toBeUndefined();
	});
});
