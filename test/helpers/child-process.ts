import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until a child writes what `pattern` matches to its standard error, and goes on draining it.
 *
 * @returns the pattern's first group
 * @throws Error with what the child wrote, when it ends first or 60 s pass
 */
export function waitForOutput(child: ChildProcess, pattern: RegExp): Promise<string> {
	return new Promise((resolve, reject) => {
		let output = '';
		const fail = (reason: string) => {
			reject(new Error(`cannot start "${child.spawnfile}": ${reason}\n${output.slice(-4000)}`));
		};
		const timer = setTimeout(() => fail('no sign of life after 60 s'), 60_000);
		child.once('error', (error) => fail(error.message));
		child.once('exit', (code, signal) => fail(`it ended with ${signal ?? code}`));
		child.stderr?.on('data', (chunk: Buffer) => {
			output = (output + chunk.toString()).slice(-20_000);
			const found = pattern.exec(output)?.[1];
			if (found === undefined) return;
			clearTimeout(timer);
			resolve(found);
		});
	});
}

/** Ends a child: SIGTERM, and SIGKILL after `graceMs`. Returns when it is gone; a child that is gone already is fine. */
export async function stopProcess(child: ChildProcess, graceMs = 10_000): Promise<void> {
	if (child.exitCode !== null || child.signalCode !== null) return;
	const exited = once(child, 'exit');
	// A stopped process (SIGSTOP) would never see the SIGTERM.
	child.kill('SIGCONT');
	child.kill('SIGTERM');
	const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
	await exited;
	clearTimeout(timer);
}

/**
 * Runs a program to its end.
 *
 * @returns its standard output
 * @throws Error with its standard error when the exit code is not 0
 */
export function runProgram(
	file: string,
	args: readonly string[],
	options: {
		readonly signal?: AbortSignal | undefined;
		/** Instead of this process's own, which gets the folders of system programs on its PATH. */
		readonly env?: Readonly<Record<string, string>> | undefined;
	} = {},
): Promise<string> {
	return new Promise((resolve, reject) => {
		// ip, iptables and mount live in sbin.
		const { PATH = '' } = process.env;
		const env = options.env ?? { ...process.env, PATH: `${PATH}:/usr/sbin:/sbin` };
		const maxBuffer = 512 * 1024 * 1024;
		const { signal } = options;
		execFile(file, args, { env, maxBuffer, ...(signal && { signal }) }, (error, stdout, stderr) => {
			if (error === null) resolve(stdout);
			else
				reject(
					new Error(`cannot run "${file} ${args.join(' ')}": ${stderr || error.message}`, { cause: error }),
				);
		});
	});
}

/**
 * Asks again and again until `probe` returns something else than undefined or false. The only place where a test waits
 * by the clock; everything else waits for text.
 *
 * @param what named in the error
 * @throws Error when `timeoutMs` has passed, with the last error of `probe` as its cause
 */
export async function eventually<T>(
	what: string,
	probe: () => T | Promise<T>,
	options: {
		readonly timeoutMs?: number;
		readonly intervalMs?: number;
		readonly signal?: AbortSignal | undefined;
	} = {},
): Promise<Exclude<T, undefined | false>> {
	const { timeoutMs = 40_000, intervalMs = 50, signal } = options;
	const deadline = Date.now() + timeoutMs;
	let lastError: unknown;
	for (;;) {
		signal?.throwIfAborted();
		try {
			const found = await probe();
			if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
			lastError = undefined;
		} catch (error) {
			lastError = error;
		}
		if (Date.now() > deadline) {
			const why = lastError instanceof Error ? `: ${lastError.message}` : '';
			throw new Error(`timed out after ${timeoutMs} ms waiting for ${what}${why}`, { cause: lastError });
		}
		await delay(intervalMs);
	}
}
