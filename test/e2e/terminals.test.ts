/** What is written suits the terminal, and the terminal is given back whatever ends the program. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** True while a process is there and no zombie. */
function lives(pid: number): boolean {
	try {
		return !/^State:\s+Z/m.test(
			execFileSync('cat', [`/proc/${pid}/status`], { encoding: 'utf8', stdio: 'pipe' }),
		);
	} catch {
		return false;
	}
}

const main = new URL('../../dist/main.js', import.meta.url).pathname;

describe.skipIf(missing)(`terminals${missing ?? ''}`, () => {
	let node: FakeNode;
	beforeAll(async () => {
		node = await startFakeNode();
	});
	afterAll(() => node[Symbol.asyncDispose]());

	/** Walks through the views, so that what is written is not only the first frame. */
	async function walk(tui: Tui): Promise<string> {
		await tui.until(/live[\s\S]*OOMKilled|CrashLoop|Error 1/);
		await tui.press('? <escape> : <escape> o <escape> j <space> 2 a 3 4 1 / a <escape>');
		await tui.until('Pods (8)');
		await tui.press('q');
		expect((await tui.exit).exitCode).toBe(0);
		return tui.output().toString('latin1');
	}

	test.each([
		['linux', 16],
		['vt100', 0],
		['screen', 16],
		['tmux-256color', 256],
		['xterm-256color', 256],
		['xterm', 16],
		['screen.xterm-256color', 256],
	] as const)('TERM=%s gets %d colours and is left as it was found', async (term, colors) => {
		await using tui = node.start({ env: { TERM: term, COLORTERM: undefined } });
		const written = await walk(tui);
		const parameters = [...written.matchAll(/\x1b\[([\d;:]*)m/g)].flatMap(([, list = '']) => list.split(';'));
		if (colors === 0) expect(parameters.filter((code) => /^([34]\d|9\d|10[0-7])$/.test(code))).toEqual([]);
		// An SGR only: a cursor may well be sent to line 38.
		if (colors < 256) expect(written).not.toMatch(/\[(?:[\d;:]*[;:])?[34]8[;:][\d;:]*m/);
		expect(written).not.toMatch(/\[(?:[\d;:]*[;:])?[34]8[;:]2[;:][\d;:]*m/);
		if (term === 'vt100' || term === 'linux') {
			expect(written).not.toMatch(/\x1b\[\?(1049|2004|2026|1000|1006)/);
			// A screen of its own there is none; what stands is left standing and the prompt comes below it.
			expect(tui.modes().cursorHidden).toBe(false);
		} else expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false });
		expect(tui.modes()).toMatchObject({ bracketedPaste: false, mouse: false });
	});

	test('a locale without UTF-8 gets nothing but ASCII', async () => {
		await using tui = node.start({ env: { LANG: 'C' } });
		expect(await walk(tui)).not.toMatch(/[\x80-\xff]/);
	});

	test('NO_COLOR gets no colour', async () => {
		await using tui = node.start({ env: { NO_COLOR: '1' } });
		const written = await walk(tui);
		for (const [, list = ''] of written.matchAll(/\x1b\[([\d;:]*)m/g)) {
			for (const code of list.split(';')) expect(Number(code)).toBeLessThan(30);
		}
	});

	test.each([
		['q', 0],
		['SIGTERM', 143],
		['SIGHUP', 129],
		['SIGINT', 130],
	] as const)('after %s the terminal is as before, and nothing is left', async (ending, code) => {
		// The shell's own name for its child, so that the signal goes to the program alone.
		const script = `stty -g; ${process.execPath} ${main} -r ${node.endpoint}; echo "code=$?"; stty -g; cat`;
		await using tui = startTui({ command: ['sh', '-c', script] });
		await tui.until('Pods (8)');
		const child = Number(execFileSync('pgrep', ['-P', String(tui.pid)], { encoding: 'utf8' }).trim());
		expect(tui.modes()).toMatchObject({ alternateScreen: true, cursorHidden: true, raw: true });
		if (ending === 'q') await tui.press('q');
		else process.kill(child, ending);
		await tui.until(/code=\d+\n\S+:\S+/);
		const lines = tui.screen().split('\n');
		expect(lines).toContain(`code=${code}`);
		const settings = lines.filter((line) => /^[0-9a-f]+:/.test(line));
		expect(settings).toHaveLength(2);
		expect(settings[0]).toBe(settings[1]);
		expect(tui.modes()).toMatchObject({
			alternateScreen: false,
			cursorHidden: false,
			bracketedPaste: false,
			mouse: false,
		});
		expect(lives(child)).toBe(false);
	});

	test('when the terminal is gone the program goes too, however busy', async () => {
		for (const keys of ['', '/ api', ':']) {
			await using tui = node.start();
			await tui.until('Pods (8)');
			await tui.press(keys);
			const { pid } = tui;
			tui.hangUp();
			await eventually('the end of the program', () => !lives(pid), { timeoutMs: 20_000 });
		}
	});

	test('Ctrl-Z gives the terminal back; fg after a resize draws for the new size', async () => {
		await using tui = startTui({
			command: ['bash', '--norc', '--noprofile', '--noediting', '-i'],
			env: { PS1: 'prompt> ' },
			columns: 100,
			rows: 30,
		});
		await tui.until('prompt>');
		tui.type(`${process.execPath} ${main} -r ${node.endpoint}\r`);
		await tui.until(/Pods \(8\)/);
		await tui.press('/ api');
		await tui.until('(1 of 8)');
		await tui.press('<ctrl+z>');
		await tui.until(/Stopped/);
		expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, bracketedPaste: false });
		tui.resize(80, 24);
		tui.type('fg\r');
		await tui.until(/\(1 of 8\)/);
		await tui.until(() => tui.modes().raw);
		await tui.until(() => (tui.row('Pods') ?? '').length === 80);
		await tui.until(() => tui.screen().split('\n').at(-1) === '/api');
		await tui.press('<escape> q');
		await tui.until(/prompt>\s*$/);
		expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, bracketedPaste: false });
	});
});
