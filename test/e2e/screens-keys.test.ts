/** Every core key does what help says of it. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { compareText } from '../../src/ui/resources/rows.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** The row under the cursor of the focused pane: the one in reverse. */
function selected(tui: Tui): string {
	const [text = '', styles = ''] = tui.styledScreen().split('\n---\n');
	const row = /^(\d+) 0-\d+ .*inverse/m.exec(styles)?.[1];
	return row === undefined ? '' : (text.split('\n')[Number(row)] ?? '');
}

describe.skipIf(missing)(`core keys${missing ?? ''}`, () => {
	let node: FakeNode;
	let tui: Tui;
	beforeAll(async () => {
		node = await startFakeNode({ pods: 60, containers: 2 });
		tui = node.start({ columns: 120, rows: 40 });
		await tui.until(/live[\s\S]*Pods \(60\)/);
	});
	afterAll(async () => {
		await tui.stop();
		await node[Symbol.asyncDispose]();
	});

	// What one test left open must not fail the next.
	beforeEach(() => tui.press('<escape> <escape> <escape> <escape> <escape> 1'));

	/** Presses keys and waits until the cursor is on the row that `name` is part of. */
	async function leadsTo(keys: string, name: string): Promise<void> {
		await tui.press(keys);
		await tui.until(() => selected(tui).includes(name));
	}
	/** Presses keys and waits for what comes on the screen. */
	async function shows(keys: string, text: string | RegExp): Promise<void> {
		await tui.press(keys);
		await tui.until(text);
	}
	const names = () =>
		[...node.state.pods.values()]
			.map((pod) => pod['metadata'] as { name: string; namespace: string })
			.sort((a, b) => compareText(`${a.namespace} ${a.name}`, `${b.namespace} ${b.name}`))
			.map(({ name }) => name);
	const nameAt = (index: number) => ` ${names().at(index)} `;

	test('the cursor moves by row, half page, page and to the ends', async () => {
		await leadsTo('j j', nameAt(2));
		await leadsTo('k', nameAt(1));
		await leadsTo('<down>', nameAt(2));
		await leadsTo('<up> <up>', nameAt(0));
		await leadsTo('G', nameAt(-1));
		await leadsTo('g', nameAt(0));
		await leadsTo('<end>', nameAt(-1));
		await leadsTo('<home>', nameAt(0));
		await tui.press('<ctrl+f>');
		await tui.until(() => !selected(tui).includes(nameAt(0)));
		const page = names().findIndex((name) => selected(tui).includes(` ${name} `));
		expect(page).toBeGreaterThan(4);
		await leadsTo('<ctrl+b>', nameAt(0));
		await leadsTo('<pagedown>', nameAt(page));
		await leadsTo('<pageup>', nameAt(0));
		await leadsTo('<ctrl+d>', nameAt(Math.ceil(page / 2)));
		await leadsTo('<ctrl+u>', nameAt(0));
	});

	test('digits, Tab, Enter and Escape move among the panes', async () => {
		await shows('2', /━▶2 Containers of/);
		await shows('3', /━▶3 Images/);
		await shows('4', /━▶4 /);
		await shows('1', /━▶1 Pods/);
		await shows('<tab>', /━▶2 Containers/);
		await shows('<shift+tab>', /━▶1 Pods/);
		await shows('<shift+tab>', /━▶4 /);
		await shows('<tab>', /━▶1 Pods/);
		await shows('<enter>', /━▶2 Containers/);
		await shows('<enter>', /━▶4 /);
		await shows('<escape>', /━▶2 Containers/);
		await shows('h', /━▶1 Pods/);
		await shows('<right>', /━▶2 Containers/);
		await shows('<left>', /━▶1 Pods/);
	});

	test('choosing a pod narrows the containers, and a shows all', async () => {
		await shows('g', new RegExp(`Containers of ${names()[0]} \\(2\\)`));
		await shows('j', new RegExp(`Containers of ${names()[1]} \\(2\\)`));
		await shows('a', /Containers \(120\)/);
		await shows('a', new RegExp(`Containers of ${names()[1]} \\(2\\)`));
		await leadsTo('g', nameAt(0));
	});

	test('zoom, size and reset', async () => {
		await tui.until('Images (3)');
		await shows('z', /━▶1 Pods[\s\S]*/);
		await tui.until(() => !tui.screen().includes('Images (3)'));
		await shows('z', 'Images (3)');
		const rowOfContainers = () =>
			tui
				.screen()
				.split('\n')
				.findIndex((row) => row.includes('2 Containers'));
		const before = rowOfContainers();
		await tui.press('+');
		await tui.until(() => rowOfContainers() > before);
		await tui.press('- -');
		await tui.until(() => rowOfContainers() < before);
		await tui.press('=');
		await tui.until(() => rowOfContainers() === before);
	});

	test('sorting by key, reversing, and by the list of columns', async () => {
		await shows('>', /STATE↑/);
		await shows('>', /NAME↑/);
		await leadsTo('g', 'api-');
		await shows('r', /NAME↓/);
		await leadsTo('g', 'worker-');
		await shows('<', /STATE↑/);
		await shows('o', 'Columns of pods');
		await tui.press('j j j <enter> <escape>');
		await tui.until(/READY↑/);
		await shows('o', 'Columns of pods');
		// Hide the state, move the name behind the namespace.
		await shows('<space>', '[ ] STATE');
		await tui.press('j >');
		await tui.until(/NAMESPACE\n.*NAME\n/);
		await tui.press('<escape>');
		await tui.until(/^ +NAMESPACE +NAME +READY/m);
		await shows('o', 'Columns of pods');
		await shows('<space>', '[x] STATE');
		await tui.press('j j <');
		await tui.until(/NAME\n.*NAMESPACE\n/);
		await shows('<escape>', /^ +STATE +NAME +NAMESPACE/m);
		await tui.press('o j <enter> <escape>');
		await tui.until(/NAME↑/);
	});

	test('marks, ranges, all, none', async () => {
		await leadsTo('g', 'api-');
		await shows('<space>', '1 marked');
		await shows('<space>', '2 marked');
		await shows('k <space>', /1 marked/);
		await shows('u', /Pods \(60\) ━+ NAME↑/);
		await shows('v j j', /3 marked +marking a range/);
		await tui.press('v');
		await tui.until(() => tui.screen().includes('3 marked') && !tui.screen().includes('marking a range'));
		await shows('*', '60 marked');
		await shows('<escape>', /Pods \(60\) ━+ NAME↑/);
	});

	test('Escape undoes one thing after the other', async () => {
		await shows('/ redis <enter>', /\(7 of 60\)/);
		await shows('<space> z ?', 'Keys that work here');
		await shows('<escape>', /1 marked/);
		await tui.press('<escape>');
		await tui.until(() => !tui.screen().includes('1 marked') && tui.screen().includes('(7 of 60)'));
		await shows('<escape>', 'Pods (60)');
		expect(tui.screen()).not.toContain('Images (3)');
		await shows('<escape>', 'Images (3)');
	});

	test('the filter marks what matched, follows the typing, and Escape leaves the list as it was', async () => {
		await shows('/', /^\/$/m);
		tui.type('postgr');
		await tui.until(/\(7 of 60\)/);
		expect(tui.styledScreen()).toMatch(/bold underline/);
		tui.type('zzzz');
		await tui.until('Nothing matches "postgrzzzz". Esc clears it.');
		await shows('<escape>', 'Pods (60)');
		await shows('!', 'unhealthy only');
		await shows('!', 'Pods (60)');
	});

	test('c copies the id by OSC 52', async () => {
		await leadsTo('g', 'api-');
		const from = tui.bytesWritten();
		await shows('c', /Copied id of api-\d+/);
		const written = tui
			.output()
			.subarray(-(tui.bytesWritten() - from))
			.toString('latin1');
		const payload = /\x1b\]52;c;([A-Za-z0-9+/=]+)(\x07|\x1b\\)/.exec(written)?.[1] ?? '';
		expect([...node.state.pods.keys()]).toContain(Buffer.from(payload, 'base64').toString());
		await tui.press('j');
	});

	test('the palette finds a command by its letters and runs it; what cannot act says why', async () => {
		await shows(':', 'type to find');
		tui.type('nextpane');
		await tui.press('<ctrl+u>');
		tui.type('imagespane');
		await tui.until(/Go to the images pane/);
		await shows('<enter>', /━▶3 Images/);
		await shows('4', /━▶4 /);
		await shows('1 :', 'type to find');
		tui.type('qqqxyz');
		await tui.until('No command fits.');
		await shows('<escape>', /━▶1 Pods/);
	});

	test('help lists each key of the footer, scrolls, and tells what changes the node', async () => {
		const keys = [...(tui.row('quit') ?? '').matchAll(/(\S+) [a-z ]+? {2}/g)].map(([, key]) => key);
		expect(keys.length).toBeGreaterThan(3);
		await shows('?', 'Keys that work here');
		let listed = tui.screen();
		for (let page = 0; page < 4; page++) {
			await tui.press('<space>');
			await tui.untilQuiet();
			listed += tui.screen();
		}
		const rows = listed.split('\n');
		for (const key of keys)
			expect(
				rows.some((row) =>
					row
						.slice(2, 18)
						.split(' ')
						.includes(key ?? ''),
				),
				key,
			).toBe(true);
		expect(listed).toContain('changes the node');
		await shows('g', /Filter the list/);
		await shows('q', /━▶1 Pods/);
	});

	test('Ctrl-L repairs a screen that another program has written on', async () => {
		// Sparklines go on growing meanwhile.
		const still = (): string => tui.screen().replace(/[ ▁-█]+/gu, ' ');
		const before = still();
		// The terminal of the program, as another program on it would write there.
		writeFileSync(`/proc/${tui.pid}/fd/1`, '\x1b[5;1H\x1b[0mGARBAGE FROM ELSEWHERE\x1b[K\r\nmore');
		await tui.until('GARBAGE');
		await tui.press('<ctrl+l>');
		await tui.until(() => still() === before);
	});

	test('the mouse does nothing until it is on; then a press selects and the wheel moves', async () => {
		await leadsTo('g', 'api-');
		expect(tui.modes().mouse).toBe(false);
		await shows('m', 'Mouse on');
		expect(tui.modes().mouse).toBe(true);
		const third =
			tui
				.screen()
				.split('\n')
				.findIndex((row) => row.includes('▸')) + 2;
		const name = /(\w+-\d+) /.exec(tui.screen().split('\n')[third] ?? '')?.[1] ?? '';
		tui.type(`\x1b[<0;10;${third + 1}M\x1b[<0;10;${third + 1}m`);
		await tui.until(() => selected(tui).includes(` ${name} `));
		tui.type('\x1b[<65;10;5M');
		await tui.until(() => !selected(tui).includes(` ${name} `));
		tui.type('\x1b[<64;10;5M');
		await tui.until(() => selected(tui).includes(` ${name} `));
		const images =
			tui
				.screen()
				.split('\n')
				.findIndex((row) => row.includes('3 Images')) + 1;
		tui.type(`\x1b[<0;10;${images + 1}M\x1b[<0;10;${images + 1}m`);
		await tui.until(/━▶3 Images/);
		await shows('m 1', 'Pods (60)');
		await tui.until(() => !tui.modes().mouse);
	});

	test('pasted text is never taken for commands', async () => {
		tui.paste('qqq\rDy');
		await tui.until('Pasted text ignored');
		await shows('/', /^\/$/m);
		tui.paste('red\nis-6');
		await tui.until(/^\/red is-6/m);
		await shows('<escape>', 'Pods (60)');
	});

	test('Ctrl-C ends the line, then asks, then leaves; q leaves', async () => {
		await shows('/ ab <ctrl+c>', 'Pods (60)');
		await shows('? <ctrl+c>', /━▶1 Pods/);
		await shows('<ctrl+c>', 'Press Ctrl-C again to leave');
		await shows('j', / filter /);
		await shows('<ctrl+c>', 'Press Ctrl-C again to leave');
		await tui.press('<ctrl+c>');
		expect((await tui.exit).exitCode).toBe(0);
		await using other = startTui({ args: ['-r', node.endpoint] });
		await other.until('Pods (60)');
		await other.press('q');
		expect((await other.exit).exitCode).toBe(0);
		expect(other.modes().alternateScreen).toBe(false);
	});
});
