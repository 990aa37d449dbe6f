import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type IPty, spawn } from 'node-pty';
import { createEmulator, type Emulator, screenRows, styleSpans } from './emulator.ts';
import { compareWithGolden, type GoldenOptions } from './golden.ts';
import { keysToSequences } from './keys.ts';

/** How a program is run on a terminal. */
export type TuiOptions = {
	/** Arguments of criscope. */
	readonly args?: readonly string[];
	/** Another program than criscope: file and arguments. */
	readonly command?: readonly [string, ...string[]];
	readonly columns?: number;
	readonly rows?: number;
	/** On top of the fixed environment; undefined removes a variable. TERM and LANG are set here too. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly cwd?: string;
	/** The home folder, kept afterwards. Without it a new one, removed by `stop`. */
	readonly home?: string;
};

/** What `until` waits for: a text or pattern on the screen (rows joined by newlines), or anything at all. */
export type Condition = string | RegExp | ((tui: Tui) => boolean | Promise<boolean>);

/** The real program on a real pty, behind a real emulator. */
export type Tui = AsyncDisposable & {
	/** Presses keys one after the other: `press('j j <enter>')`, see keys.ts. After a lone escape it waits until that cannot be taken for the start of a sequence. */
	press(script: string): Promise<void>;
	/** Sends text as it stands, as a fast typist would. */
	type(text: string): void;
	/** Sends text as a terminal's paste does: in brackets when the program asked for them. */
	paste(text: string): void;
	/**
	 * Waits for the screen; checked after everything the program writes.
	 *
	 * @throws Error with the screen when `timeoutMs` (default 30 s) has passed
	 */
	until(condition: Condition, timeoutMs?: number): Promise<void>;
	/** Waits until the program has written nothing for `quietMs`. */
	untilQuiet(quietMs?: number): Promise<void>;
	/** The rows of the screen, without blanks at their ends, joined by newlines. */
	screen(): string;
	/** The first row that holds `text`, or undefined. */
	row(text: string): string | undefined;
	/** The screen, `---`, then its style spans (emulator.ts). */
	styledScreen(): string;
	cursor(): { readonly column: number; readonly row: number };
	modes(): TerminalModes;
	/** Settings of the tty as `stty -a` prints them. Empty when the terminal is gone. */
	stty(): string;
	resize(columns: number, rows: number): void;
	/** Signals the program alone, not its group. */
	signal(signal: NodeJS.Signals): void;
	/** Closes the terminal, as when an SSH connection is lost. */
	hangUp(): void;
	readonly pid: number;
	readonly home: string;
	/** Settles when the program has ended. */
	readonly exit: Promise<TuiExit>;
	/** Everything the program wrote, the last 4 MiB. */
	output(): Buffer;
	/** Bytes written so far. Take one before, one after. */
	bytesWritten(): number;
	/** Compares the screen with test/screens/<name>.txt, see golden.ts. */
	matches(name: string, options?: GoldenOptions): Promise<void>;
	/** Ends the program if need be and removes its home. */
	stop(): Promise<void>;
};

/** How a program ended. */
export type TuiExit = { readonly exitCode: number; readonly signal: number | undefined };

/** What the program has switched the terminal to. */
export type TerminalModes = {
	readonly alternateScreen: boolean;
	readonly cursorHidden: boolean;
	readonly bracketedPaste: boolean;
	readonly mouse: boolean;
	/** The tty neither echoes nor waits for whole lines. */
	readonly raw: boolean;
};

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const program = [path.join(rootDir, 'node_modules/.bin/node'), path.join(rootDir, 'dist/main.js')] as const;
/** Longer than the program waits for the rest of an escape sequence. */
const loneEscapeMs = 120;
const keptOutputBytes = 4 << 20;

/** Starts criscope (built before) on a terminal of 120x40 unless told. */
export function startTui(options: TuiOptions = {}): Tui {
	const { columns = 120, rows = 40 } = options;
	const home = options.home ?? mkdtempSync(path.join(os.tmpdir(), 'criscope-home-'));
	const [file, ...args] = options.command ?? program;
	const env = childEnv(home, options.env);
	const pty = spawn(file, [...args, ...(options.args ?? [])], {
		name: env['TERM'] ?? 'dumb',
		cols: columns,
		rows,
		cwd: options.cwd ?? home,
		env,
		// Bytes, not text: a chunk may end amid a character.
		encoding: null,
	});
	return driveTui(pty, createEmulator(columns, rows), home, options.home === undefined);
}

function driveTui(pty: IPty, emulator: Emulator, home: string, removeHome: boolean): Tui {
	let bytesWritten = 0;
	let chunks: Buffer[] = [];
	let cursorHidden = false;
	let lastWriteAt = Date.now();
	let ended: TuiExit | undefined;
	const watchers = new Set<() => void>();
	const notify = () => {
		for (const watcher of [...watchers]) watcher();
	};
	for (const [final, hidden] of [['h', false] as const, ['l', true] as const]) {
		emulator.parser.registerCsiHandler({ prefix: '?', final }, (params) => {
			if (params.includes(25)) cursorHidden = hidden;
			return false;
		});
	}
	emulator.onData((reply) => {
		if (ended === undefined) pty.write(reply);
	});
	pty.onData((data) => {
		// `encoding: null` makes it bytes, whatever the type says.
		const bytes = data as unknown as Buffer;
		bytesWritten += bytes.length;
		lastWriteAt = Date.now();
		chunks.push(bytes);
		if (chunks.length > 4096) chunks = [Buffer.concat(chunks).subarray(-keptOutputBytes)];
		emulator.write(bytes, notify);
	});
	const exit = new Promise<TuiExit>((resolve) => {
		pty.onExit(({ exitCode, signal }) => {
			ended = { exitCode, signal: signal === 0 ? undefined : signal };
			// What was written last must be on the screen by then.
			emulator.write('', () => {
				notify();
				resolve({ exitCode, signal: signal === 0 ? undefined : signal });
			});
		});
	});

	const tui: Tui = {
		async press(script) {
			for (const sequence of keysToSequences(script, emulator.modes.applicationCursorKeysMode)) {
				pty.write(sequence);
				if (sequence === '\x1B') await delay(loneEscapeMs);
			}
		},
		type: (text) => pty.write(text),
		paste: (text) => pty.write(emulator.modes.bracketedPasteMode ? `\x1B[200~${text}\x1B[201~` : text),
		until: (condition, timeoutMs = 30_000) =>
			new Promise((resolve, reject) => {
				const finish = (error?: unknown) => {
					watchers.delete(check);
					clearInterval(poll);
					clearTimeout(timer);
					if (error === undefined) resolve();
					else reject(error);
				};
				const check = () => void holds(tui, condition).then((met) => met && finish(), finish);
				// For conditions that depend on something else than the screen.
				const poll = setInterval(check, 100);
				const timer = setTimeout(() => {
					const state = ended === undefined ? '' : ` (the program ended with ${JSON.stringify(ended)})`;
					finish(
						new Error(`timed out after ${timeoutMs} ms waiting for ${condition}${state}:\n${framed(tui)}`),
					);
				}, timeoutMs);
				watchers.add(check);
				check();
			}),
		async untilQuiet(quietMs = 300) {
			while (Date.now() - lastWriteAt < quietMs) await delay(quietMs - (Date.now() - lastWriteAt));
		},
		screen: () => screenRows(emulator).join('\n'),
		row: (text) => screenRows(emulator).find((row) => row.includes(text)),
		styledScreen: () => [...screenRows(emulator), '---', ...styleSpans(emulator)].join('\n'),
		cursor: () => ({ column: emulator.buffer.active.cursorX, row: emulator.buffer.active.cursorY }),
		modes: () => ({
			alternateScreen: emulator.buffer.active.type === 'alternate',
			cursorHidden,
			bracketedPaste: emulator.modes.bracketedPasteMode,
			mouse: emulator.modes.mouseTrackingMode !== 'none',
			raw: /(^| )-icanon( |;|$)/m.test(tui.stty()) && /(^| )-echo( |;|$)/m.test(tui.stty()),
		}),
		stty() {
			// node-pty knows the name and does not tell it in its types.
			const { ptsName } = pty as IPty & { readonly ptsName: string };
			try {
				const settings = ['-a', '-F', ptsName];
				return execFileSync('stty', settings, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
			} catch {
				return '';
			}
		},
		resize(columns, rows) {
			// The emulator first: what the program draws for the new size must find it.
			emulator.resize(columns, rows);
			pty.resize(columns, rows);
		},
		signal: (signal) => {
			process.kill(pty.pid, signal);
		},
		hangUp: () => (pty as IPty & { destroy(): void }).destroy(),
		pid: pty.pid,
		home,
		exit,
		output: () => Buffer.concat(chunks).subarray(-keptOutputBytes),
		bytesWritten: () => bytesWritten,
		matches: (name, options) => compareWithGolden(tui, name, options),
		async stop() {
			if (ended === undefined) {
				pty.kill('SIGTERM');
				const timer = setTimeout(() => pty.kill('SIGKILL'), 5000);
				await exit;
				clearTimeout(timer);
			}
			emulator.dispose();
			if (removeHome) rmSync(home, { recursive: true, force: true });
		},
		[Symbol.asyncDispose]: () => tui.stop(),
	};
	return tui;
}

async function holds(tui: Tui, condition: Condition): Promise<boolean> {
	if (typeof condition === 'function') return await condition(tui);
	return typeof condition === 'string' ? tui.screen().includes(condition) : condition.test(tui.screen());
}

/** The screen as a person would see it, for error messages. */
export function framed(tui: Pick<Tui, 'screen'>): string {
	return tui
		.screen()
		.split('\n')
		.map((row) => `│${row}`)
		.join('\n');
}

/**
 * Fixed, whatever the machine is set to. Above all without CI variables: Ink prints only the last frame when it sees
 * one, even an empty one.
 */
function childEnv(home: string, extra: TuiOptions['env'] = {}): Record<string, string> {
	const env = {
		PATH: `${path.join(rootDir, 'node_modules/.bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
		HOME: home,
		XDG_CONFIG_HOME: path.join(home, '.config'),
		XDG_CACHE_HOME: path.join(home, '.cache'),
		XDG_STATE_HOME: path.join(home, '.local/state'),
		XDG_DATA_HOME: path.join(home, '.local/share'),
		USER: 'tester',
		SHELL: '/bin/sh',
		TERM: 'xterm-256color',
		COLORTERM: 'truecolor',
		LANG: 'C.UTF-8',
		TZ: 'UTC',
		// No test starts a runtime on the store of this machine by accident.
		CRISCOPE_EMBEDDED: 'off',
		...extra,
	};
	return Object.fromEntries(
		Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
	);
}
