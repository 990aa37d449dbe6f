/** What the measurements stand on: the real program on a raw pty, and a fake runtime in a process of its own. */
import { type ChildProcess, spawn as spawnChild } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node-pty';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
/** The project's own Node. */
export const nodePath = path.join(rootDir, 'node_modules/.bin/node');
/** The built program. */
export const programPath = path.join(rootDir, 'dist/main.js');

/** A folder that is removed at the end, whatever the end is. */
export function scratchFolder(): string {
	const folder = mkdtempSync(path.join(tmpdir(), 'criscope-bench-'));
	process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

/** A fake runtime that listens. */
export type FakeRuntime = Disposable & { readonly endpoint: string };

/** Starts the fake with so many pods of so many containers each. */
export async function startFakeRuntime(
	folder: string,
	pods: number,
	containers: number,
): Promise<FakeRuntime> {
	const socket = path.join(folder, `cri-${pods}x${containers}.sock`);
	const script = path.join(rootDir, 'test/fakes/cri-server.ts');
	const args = [script, '--socket', socket, '--pods', `${pods}`, '--containers', `${containers}`];
	const child: ChildProcess = spawnChild(nodePath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
	const stop = (): void => void child.kill('SIGTERM');
	process.on('exit', stop);
	await new Promise<void>((resolve, reject) => {
		child.stdout?.once('data', () => resolve());
		child.once('exit', (code) => reject(new Error(`the fake runtime ended with ${code}`)));
	});
	return { endpoint: `unix://${socket}`, [Symbol.dispose]: stop };
}

/** A program on a pty whose output is counted and timed, and not interpreted: an emulator would cost more than the program. */
export type Measured = {
	readonly pid: number;
	/** Milliseconds since the exec until each of the patterns had been written. */
	until(pattern: RegExp, timeoutMs?: number): Promise<number>;
	untilQuiet(quietMs: number): Promise<void>;
	/** Sends a key. @returns milliseconds until the first byte of the answer, and its bytes; undefined for no answer. */
	press(
		key: string,
		quietMs: number,
	): Promise<{ readonly latencyMs: number; readonly bytes: number } | undefined>;
	bytes(): number;
	stop(): Promise<void>;
};

/** An answer that takes longer than this counts as none. */
const answerTimeoutMs = 1000;

/** Starts a program on a pty. */
export function measure(
	command: readonly [string, ...string[]],
	options: { readonly columns?: number; readonly rows?: number; readonly home: string },
): Measured {
	const [file, ...args] = command;
	const startedAt = performance.now();
	const pty = spawn(file, args, {
		cols: options.columns ?? 120,
		rows: options.rows ?? 40,
		cwd: options.home,
		env: {
			PATH: process.env['PATH'] ?? '/usr/bin:/bin',
			HOME: options.home,
			TERM: 'xterm-256color',
			COLORTERM: 'truecolor',
			LANG: 'C.UTF-8',
		},
	});
	let bytes = 0;
	let text = '';
	let lastAt = startedAt;
	let heard = (): void => {};
	pty.onData((chunk) => {
		lastAt = performance.now();
		bytes += Buffer.byteLength(chunk);
		text = (text + chunk).slice(-(1 << 20));
		heard();
	});
	let ended = false;
	const exit = new Promise<void>((resolve) => {
		pty.onExit(() => {
			ended = true;
			heard();
			resolve();
		});
	});
	const stop = async (): Promise<void> => {
		if (ended) return;
		pty.kill('SIGTERM');
		const timer = setTimeout(() => pty.kill('SIGKILL'), 3000);
		await exit;
		clearTimeout(timer);
	};
	/** Settles with the next chunk of output, or after `timeoutMs`. */
	const next = (timeoutMs: number): Promise<void> =>
		new Promise((resolve) => {
			const timer = setTimeout(resolve, timeoutMs);
			heard = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	return {
		pid: pty.pid,
		async until(pattern, timeoutMs = 15_000) {
			while (!pattern.test(text)) {
				if (ended || performance.now() - startedAt > timeoutMs) {
					throw new Error(
						`"${file}" never wrote ${pattern}; the last was ${JSON.stringify(text.slice(-400))}`,
					);
				}
				await next(timeoutMs);
			}
			return lastAt - startedAt;
		},
		async untilQuiet(quietMs) {
			while (performance.now() - lastAt < quietMs) await delay(quietMs - (performance.now() - lastAt) + 1);
		},
		async press(key, quietMs) {
			const before = bytes;
			const sentAt = performance.now();
			pty.write(key);
			await next(answerTimeoutMs);
			if (bytes === before) return undefined;
			const latencyMs = lastAt - sentAt;
			await this.untilQuiet(quietMs);
			return { latencyMs, bytes: bytes - before };
		},
		bytes: () => bytes,
		stop,
	};
}

/** Memory of a process in MiB: resident, and its share of what it has in common with others. */
export function memoryOf(pid: number): { readonly rssMiB: number; readonly pssMiB: number } {
	const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
	const of = (name: string): number =>
		Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
	return { rssMiB: of('Rss'), pssMiB: of('Pss') };
}

/** CPU time a process has used, in milliseconds. Source: proc(5), stat; 100 ticks a second on every Linux of today. */
export function cpuMsOf(pid: number): number {
	const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
	const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
	return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((left, right) => left - right);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints `what: value (goal … : x of it)`. */
export function report(
	what: string,
	value: number,
	unit: string,
	...goals: readonly { readonly name: string; readonly value: number }[]
): void {
	const figure = value.toFixed(Math.abs(value) < 10 ? 2 : 0);
	const ratios = goals.map((goal) => {
		const other = goal.value.toFixed(Math.abs(goal.value) < 10 ? 1 : 0);
		return `, ${(value / goal.value).toFixed(2)} of ${goal.name} (${other} ${unit})`;
	});
	console.log(`${what}: ${figure} ${unit}${ratios.join('')}`);
}
