import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { differences } from '../helpers/golden.ts';
import { keysToSequences } from '../helpers/keys.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const fixture = fileURLToPath(new URL('../fixtures/tiny-tui.mjs', import.meta.url));

function startFixture(): Tui {
	const tui = startTui({ command: [process.execPath, fixture], columns: 40, rows: 6 });
	onTestFinished(() => tui.stop());
	return tui;
}

test('shows what the program draws, with styles and modes', async () => {
	const tui = startFixture();
	await tui.until('ready 40x6');
	expect(tui.screen().split('\n')).toEqual(['ready 40x6', 'key ""', '日本👩‍👩‍👧‍👦|', '', '', '']);
	expect(tui.styledScreen().split('---\n')[1]).toBe('0 0-4 bold fg=1\n2 6-6 bg=#010203');
	expect(tui.cursor()).toEqual({ column: 7, row: 2 });
	expect(tui.modes()).toEqual({
		alternateScreen: true,
		cursorHidden: true,
		bracketedPaste: true,
		mouse: false,
		raw: true,
	});
	expect(tui.row('key')).toBe('key ""');
});

test('presses keys, pastes in brackets, resizes, counts bytes', async () => {
	const tui = startFixture();
	await tui.until('ready');
	const before = tui.bytesWritten();
	await tui.press('<ctrl+x>');
	await tui.until('key "\\u0018"');
	expect(tui.bytesWritten()).toBeGreaterThan(before);
	await tui.press('<escape>');
	await tui.until('key "\\u001b"');
	tui.paste('two words');
	await tui.until(/key "\\u001b\[200~two words\\u001b\[201~"/);
	tui.resize(50, 5);
	await tui.until((now) => now.screen().startsWith('ready 50x5') && now.screen().includes('resized'));
});

test('reports the exit code and the restored terminal', async () => {
	const tui = startFixture();
	await tui.until('ready');
	await tui.press('q');
	expect(await tui.exit).toEqual({ exitCode: 7, signal: undefined });
	expect(tui.screen()).toContain('bye');
	expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, bracketedPaste: false });
});

test('signals the program', async () => {
	const tui = startFixture();
	await tui.until('ready');
	tui.signal('SIGTERM');
	expect(await tui.exit).toEqual({ exitCode: 143, signal: undefined });
});

test('tells the signal that killed the program', async () => {
	const tui = startFixture();
	await tui.until('ready');
	tui.signal('SIGKILL');
	expect(await tui.exit).toMatchObject({ signal: 9 });
});

test('a hang-up reaches the program', async () => {
	const tui = startFixture();
	await tui.until('ready');
	tui.hangUp();
	expect(await tui.exit).toMatchObject({ signal: 1 });
});

test('says what it waited for, with the screen', async () => {
	const tui = startFixture();
	await tui.until('ready');
	await expect(tui.until('never there', 50)).rejects.toThrow(/never there(?:.|\n)*│ready 40x6/);
});

test('runs the program without any CI variable', async () => {
	const tui = startTui({ command: ['/usr/bin/env'], env: { EXTRA: 'yes' } });
	onTestFinished(() => tui.stop());
	await tui.exit;
	expect(tui.screen()).toContain('EXTRA=yes');
	expect(tui.screen()).not.toMatch(/^(CI|CONTINUOUS_INTEGRATION|BUILD_\w+|VITEST)/m);
});

test('keys become what a terminal sends', () => {
	expect(keysToSequences('j <up> <shift+tab> <ctrl+[> <alt+x> abc')).toEqual([
		'j',
		'\x1B[A',
		'\x1B[Z',
		'\x1B',
		'\x1Bx',
		'abc',
	]);
	expect(keysToSequences('<up> <home> <delete>', true)).toEqual(['\x1BOA', '\x1BOH', '\x1B[3~']);
	expect(() => keysToSequences('<hyper+x>')).toThrow('no such key');
});

test('differences names only the lines that differ', () => {
	expect(differences('a\nb\nc', 'a\nB')).toBe('1 - b\n1 + B\n2 - c\n2 + ');
});
