import { fileURLToPath } from 'node:url';
import { Terminal } from '@xterm/headless';
import { type IPty, spawn } from 'node-pty';
import { afterEach, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('terminal-restore-program.ts', import.meta.url));
const RUN = `${process.execPath} --no-warnings ${PROGRAM}`;

/** A pty with a file and arguments in it, an emulator behind it, and every byte kept. */
class Session {
	readonly pty: IPty;
	readonly emulator = new Terminal({ cols: 80, rows: 24, allowProposedApi: true });
	output = '';
	#mark = 0;

	constructor(file: string, args: readonly string[]) {
		const { CI: _, NO_COLOR: __, TMUX: ___, STY: ____, ...env } = process.env;
		this.pty = spawn(file, [...args], {
			cols: 80,
			rows: 24,
			env: { ...env, TERM: 'xterm-256color', LANG: 'C.UTF-8', PS1: 'prompt> ' },
		});
		this.pty.onData((text) => {
			this.output += text;
			this.emulator.write(text);
		});
	}

	/** Waits for a pattern in what has come since the last match. */
	async until(pattern: RegExp): Promise<RegExpExecArray> {
		await expect.poll(() => pattern.test(this.output.slice(this.#mark)), { timeout: 20_000 }).toBe(true);
		const found = pattern.exec(this.output.slice(this.#mark));
		if (found === null) throw new Error('gone');
		this.#mark += found.index + found[0].length;
		return found;
	}

	/** All of the terminal's settings, as stty(1) prints them. The marker is split, so that the echo is no match. */
	async settings(): Promise<string> {
		this.pty.write(`echo "S""ET=$(stty -g) $(stty -a | cksum)="\r`);
		return (await this.until(/SET=([^=]+(?:=[^=]+)*?)=\r?\n/))[1] ?? '';
	}

	async exitCode(): Promise<string> {
		this.pty.write('echo "CO""DE=$?="\r');
		return (await this.until(/CODE=(\d+)=/))[1] ?? '';
	}
}

const sessions: Session[] = [];
function start(file: string, args: readonly string[]): Session {
	const session = new Session(file, args);
	sessions.push(session);
	return session;
}
afterEach(() => {
	for (const session of sessions.splice(0)) {
		try {
			session.pty.kill('SIGKILL');
		} catch {
			// It has ended already.
		}
	}
});

async function inShell(): Promise<{ session: Session; before: string; pid: number }> {
	const session = start('bash', ['--norc', '--noprofile', '--noediting', '-i']);
	const before = await session.settings();
	session.pty.write(`${RUN}\r`);
	const pid = Number((await session.until(/READY (\d+)\./))[1]);
	await expect.poll(() => session.emulator.buffer.active.type).toBe('alternate');
	return { session, before, pid };
}

async function expectRestored(session: Session, before: string): Promise<void> {
	expect(await session.settings()).toBe(before);
	await expect.poll(() => session.emulator.buffer.active.type).toBe('normal');
	expect(session.emulator.modes).toMatchObject({
		mouseTrackingMode: 'none',
		bracketedPasteMode: false,
		wraparoundMode: true,
	});
	expect(session.output.lastIndexOf('\x1b[?25h')).toBeGreaterThan(session.output.lastIndexOf('\x1b[?25l'));
	expect(session.output.lastIndexOf('\x1b[m')).toBeGreaterThan(session.output.lastIndexOf('\x1b[31;44m'));
}

async function expectGone(pid: number): Promise<void> {
	await expect
		.poll(
			() => {
				try {
					process.kill(pid, 0);
					return false;
				} catch {
					return true;
				}
			},
			{ timeout: 10_000 },
		)
		.toBe(true);
}

describe('the terminal is given back', () => {
	it.each([
		['an orderly end', 'q', '5', undefined],
		['process.exit', 'e', '6', undefined],
		['an exception', 'x', '70', /fault of its own: thrown on purpose\r\n[\s\S]*terminal-restore-program/],
		['a rejection', 'r', '70', /fault of its own: rejected on purpose/],
	] as const)('after %s', async (_, key, code, said) => {
		const { session, before } = await inShell();
		session.pty.write(key);
		// The words come after the screen is back, so they stay on it.
		await session.until(/\x1b\[\?1049l/);
		if (said !== undefined) await session.until(said);
		await session.until(/prompt> /);
		expect(await session.exitCode()).toBe(code);
		await expectRestored(session, before);
	});

	it.each([
		['SIGTERM', '143'],
		['SIGHUP', '129'],
		['SIGINT', '130'],
		['SIGQUIT', '131'],
	] as const)('after %s', async (signal, code) => {
		const { session, before, pid } = await inShell();
		process.kill(pid, signal);
		await session.until(/prompt> /);
		expect(await session.exitCode()).toBe(code);
		await expectRestored(session, before);
	});

	it('while suspended by Ctrl-Z, and taken again by fg', async () => {
		const { session, before } = await inShell();
		session.pty.write('\x1a');
		await session.until(/Stopped/);
		await expectRestored(session, before);
		session.pty.write('fg\r');
		await session.until(/RESUMED/);
		session.pty.write('j');
		await session.until(/KEY-j/);
		await expect.poll(() => session.emulator.buffer.active.type).toBe('alternate');
		session.pty.write('q');
		await session.until(/prompt> /);
		await expectRestored(session, before);
	});

	it('when killed while suspended', async () => {
		const { session, before, pid } = await inShell();
		session.pty.write('\x1a');
		await session.until(/Stopped/);
		session.pty.write('kill %1\r');
		await expectGone(pid);
		await expectRestored(session, before);
	});

	it('when continued in the background, and only taken again in the foreground', async () => {
		const { session, before } = await inShell();
		session.pty.write('\x1a');
		await session.until(/Stopped/);
		session.pty.write('bg\r');
		await session.until(/prompt> /);
		await expectRestored(session, before);
		session.pty.write('fg\r');
		await session.until(/RESUMED/);
		session.pty.write('q');
		await session.until(/prompt> /);
		await expectRestored(session, before);
	});

	it('when stopped and continued from outside', async () => {
		const { session, before, pid } = await inShell();
		process.kill(pid, 'SIGTSTP');
		await session.until(/Stopped/);
		await expectRestored(session, before);
		session.pty.write('fg\r');
		await session.until(/RESUMED/);
		session.pty.write('q');
		await session.until(/prompt> /);
		await expectRestored(session, before);
	});
});

describe('a process whose terminal is lost', () => {
	it('ends when the pty goes away', async () => {
		const session = start(process.execPath, ['--no-warnings', PROGRAM]);
		const pid = Number((await session.until(/READY (\d+)\./))[1]);
		(session.pty as IPty & { destroy(): void }).destroy();
		await expectGone(pid);
	});

	it('still answers a signal while nobody reads what it writes', async () => {
		const session = start(process.execPath, ['--no-warnings', PROGRAM]);
		const pid = Number((await session.until(/READY (\d+)\./))[1]);
		session.pty.pause();
		session.pty.write('f');
		// It must hear the signal whether it has begun to choke on the flood or is about to.
		process.kill(pid, 'SIGTERM');
		await expectGone(pid);
	});
});
