import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTerminal, type TerminalOptions } from '../../../../src/ui/terminal/terminal.ts';
import { keyToString } from '../../../../src/ui/terminal/terminal-input.ts';

class FakeStdin extends EventEmitter {
	readonly isTTY = true;
	readonly calls: string[] = [];
	fails = false;
	setRawMode(on: boolean): void {
		if (this.fails) throw new Error('setRawMode EIO');
		this.calls.push(`raw ${on}`);
	}
	resume(): void {
		this.calls.push('resume');
	}
	pause(): void {
		this.calls.push('pause');
	}
}

class FakeStdout extends EventEmitter {
	readonly isTTY = true;
	columns = 80;
	rows = 24;
	next: [number, number] | undefined;
	_refreshSize(): void {
		if (this.next !== undefined) [this.columns, this.rows] = this.next;
	}
}

class FakeProcess extends EventEmitter {
	readonly pid = 4711;
	readonly killed: [number, string][] = [];
	readonly exits: number[] = [];
	readonly errors: string[] = [];
	readonly stderr = { write: (text: string) => this.errors.push(text) };
	kill(pid: number, signal: string): void {
		this.killed.push([pid, signal]);
	}
	exit(code: number): void {
		this.exits.push(code);
	}
}

function setUp(more: Partial<TerminalOptions> = {}) {
	const stdin = new FakeStdin();
	const stdout = new FakeStdout();
	const target = new FakeProcess();
	const log: string[] = [];
	const inputs: string[] = [];
	const output = {
		write: (bytes: string) => {
			log.push(bytes);
			return true;
		},
		writeNow: (bytes: string) => {
			log.push(`now ${bytes}`);
		},
		close: () => {
			log.push('close');
		},
	};
	const terminal = openTerminal({
		stdin,
		stdout,
		env: { TERM: 'xterm-256color', LANG: 'C.UTF-8' },
		onInput: (input) => inputs.push(input.kind === 'key' ? keyToString(input) : input.kind),
		onResize: (size) => log.push(`size ${size.columns}x${size.rows}`),
		onResume: () => log.push('resumed'),
		onLost: (cause) => log.push(`lost ${cause}`),
		onEnd: (ending) => log.push(`end ${ending.kind}`),
		process: target,
		isForeground: () => true,
		output,
		...more,
	});
	return { terminal, stdin, stdout, target, log, inputs };
}

const ENTER = '\x1b[?1049h\x1b[m\x1b[H\x1b[2J\x1b[?7l\x1b[?25l\x1b[?2004h';
const LEAVE = '\x1b[?2026l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[m\x1b[?25h\x1b[?7h\x1b[?1049l';

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

describe('openTerminal', () => {
	it('takes the screen and gives it back in reverse order, once', () => {
		const { terminal, stdin, target, log } = setUp();
		terminal.restore();
		terminal.restore();
		expect(log).toEqual([ENTER, `now ${LEAVE}`, 'close']);
		expect(stdin.calls).toEqual(['raw true', 'resume', 'raw false', 'pause']);
		expect(target.eventNames()).toEqual([]);
		expect(stdin.listenerCount('data')).toBe(0);
		terminal.write('late');
		expect(log).not.toContain('late');
	});

	it('never touches title, palette, cursor shape or scrollback', () => {
		const { terminal, log } = setUp({ mouse: true });
		terminal.restore();
		expect(log.join('')).not.toMatch(/\x1b\]|\x1b\[\d* q|\x1b\[3J|\x1bc/);
	});

	it.each([
		['SIGTERM', 143],
		['SIGINT', 130],
		['SIGHUP', 129],
		['SIGQUIT', 131],
	])('restores on %s, then exits with %i', (signal, code) => {
		const { target, log } = setUp();
		target.emit(signal);
		expect(log.indexOf(`now ${LEAVE}`)).toBeGreaterThan(0);
		expect(log.indexOf('end signal')).toBeGreaterThan(log.indexOf(`now ${LEAVE}`));
		expect(target.exits).toEqual([code]);
	});

	it.each(['uncaughtException', 'unhandledRejection'])(
		'says what happened after %s, restored, with 70',
		(event) => {
			const { target, log, stdin } = setUp();
			target.emit(event, new Error('bad name \x1b]0;owned\x07'));
			expect(stdin.calls).toContain('raw false');
			expect(log).toContain('end crash');
			expect(target.errors.join('')).toContain(
				'criscope stopped because of a fault of its own: bad name ␛]0;owned␇\n',
			);
			expect(target.errors.join('')).toContain('terminal.test');
			expect(target.exits).toEqual([70]);
		},
	);

	it('restores at exit', () => {
		const { target, log } = setUp();
		target.emit('exit', 0);
		expect(log).toContain(`now ${LEAVE}`);
		expect(target.exits).toEqual([]);
	});

	it.each([
		['the end of input', 'end', 'stdin', 'lost input'],
		['EIO on reading', 'error', 'stdin', 'lost input'],
		['EPIPE on writing', 'error', 'stdout', 'lost output'],
	] as const)('ends once with 129 on %s, even if nothing can be restored', (_, event, which, wanted) => {
		const set = setUp();
		set.stdin.fails = true;
		set[which].emit(event, new Error('EIO'));
		set.stdin.emit('error', new Error('EIO again'));
		set.stdout.emit('error', new Error('EPIPE again'));
		set.target.emit('SIGHUP');
		expect(set.log.filter((entry) => entry.startsWith('lost'))).toEqual([wanted]);
		expect(set.target.exits).toEqual([129]);
	});

	it('leaves nothing behind when raw mode cannot be had', () => {
		const stdin = new FakeStdin();
		stdin.fails = true;
		const target = new FakeProcess();
		expect(() => setUp({ stdin, process: target })).toThrow('EIO');
		expect(target.eventNames()).toEqual([]);
	});

	it('suspends and comes back with the new size', () => {
		const { terminal, stdout, stdin, target, log } = setUp();
		log.length = 0;
		terminal.suspend();
		expect(log).toEqual([`now ${LEAVE}`]);
		expect(target.killed).toEqual([[0, 'SIGTSTP']]);
		expect(target.listenerCount('SIGTSTP')).toBe(0);
		terminal.write('unseen');
		stdout.next = [100, 30];
		target.emit('SIGCONT');
		vi.runAllTimers();
		expect(log).toEqual([`now ${LEAVE}`, ENTER, 'size 100x30', 'resumed']);
		expect(stdin.calls.slice(-2)).toEqual(['raw true', 'resume']);
		expect(target.listenerCount('SIGTSTP')).toBe(1);
		target.emit('SIGTSTP');
		expect(target.killed.length).toBe(2);
	});

	it('goes on when nobody stops it', () => {
		const { terminal, log } = setUp();
		terminal.suspend();
		vi.runAllTimers();
		expect(log.at(-1)).toBe('resumed');
	});

	it('sets up again after being stopped and continued from outside', () => {
		const { target, stdin, log } = setUp();
		target.emit('SIGCONT');
		vi.runAllTimers();
		expect(stdin.calls).toEqual(['raw true', 'resume', 'raw false', 'pause', 'raw true', 'resume']);
		expect(stdin.listenerCount('data')).toBe(1);
		expect(log.at(-1)).toBe('resumed');
	});

	it('waits in the background until it is fetched to the front', () => {
		let isForeground = false;
		const { terminal, target, log, stdin } = setUp({ isForeground: () => isForeground });
		terminal.suspend();
		log.length = 0;
		target.emit('SIGCONT');
		vi.advanceTimersByTime(1000);
		expect(log).toEqual([]);
		isForeground = true;
		vi.advanceTimersByTime(300);
		expect(log).toEqual([ENTER, 'size 80x24', 'resumed']);
		// Continued from outside in the background: raw mode is set anew, but not before the front is reached.
		isForeground = false;
		const calls = stdin.calls.length;
		target.emit('SIGCONT');
		vi.advanceTimersByTime(1000);
		expect(stdin.calls.slice(calls)).toEqual(['pause']);
		isForeground = true;
		vi.advanceTimersByTime(300);
		expect(stdin.calls.slice(calls + 1)).toEqual(['raw false', 'pause', 'raw true', 'resume']);
	});

	it('ends a suspended process without touching the terminal, which is the shell’s', () => {
		const { terminal, target, stdin, log } = setUp();
		terminal.suspend();
		const calls = stdin.calls.length;
		target.emit('SIGTERM');
		target.emit('SIGCONT');
		vi.runAllTimers();
		expect(stdin.calls.length).toBe(calls);
		expect(log.filter((entry) => entry.startsWith('now')).length).toBe(1);
		expect(target.exits).toEqual([143]);
	});

	it('dies of the signal itself in the background, where an ordinary exit would be stopped', () => {
		const { terminal, target } = setUp({ isForeground: () => false });
		terminal.suspend();
		target.emit('SIGTERM');
		expect(target.exits).toEqual([]);
		expect(target.killed.at(-1)).toEqual([4711, 'SIGTERM']);
		expect(target.listenerCount('SIGTERM')).toBe(0);
	});

	it('waits a moment before a lone ESC is Escape', () => {
		const { stdin, inputs } = setUp();
		stdin.emit('data', Buffer.from('\x1b'));
		expect(inputs).toEqual([]);
		stdin.emit('data', Buffer.from('[A'));
		vi.advanceTimersByTime(60);
		stdin.emit('data', Buffer.from('\x1b'));
		vi.advanceTimersByTime(60);
		expect(inputs).toEqual(['up', 'escape']);
	});

	it('reports sizes, and 80x24 for a line without one', () => {
		const { terminal, stdout, log } = setUp();
		stdout.columns = 120;
		stdout.emit('resize');
		expect(log).toContain('size 120x24');
		stdout.columns = 0;
		stdout.rows = 0;
		expect(terminal.size()).toEqual({ columns: 80, rows: 24 });
	});

	it('switches the mouse on request only', () => {
		const { terminal, log } = setUp();
		expect(log.join('')).not.toContain('1000h');
		terminal.setMouse(true);
		terminal.setMouse(true);
		expect(log.filter((entry) => entry.includes('1000h')).length).toBe(1);
	});

	it('copies, or says why not', () => {
		const { terminal, log } = setUp();
		expect(terminal.copyToClipboard('pod é')).toEqual({ copied: true });
		expect(log.at(-1)).toBe(`\x1b]52;c;${Buffer.from('pod é').toString('base64')}\x07`);
		expect(terminal.copyToClipboard('x'.repeat(80_000))).toMatchObject({ copied: false });
		const linux = setUp({ env: { TERM: 'linux' } });
		expect(linux.terminal.copyToClipboard('x')).toMatchObject({
			copied: false,
			reason: expect.stringContaining('linux'),
		});
	});

	it('leaves the last frame standing where there is no alternate screen', () => {
		const { terminal, log } = setUp({ env: { TERM: 'vt100' } });
		terminal.restore();
		expect(log.join('')).not.toContain('1049');
		expect(log.join('')).toContain('\x1b[24H\r\n');
	});
});
