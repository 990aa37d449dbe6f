/**
 * What every script needs: where the checkout is, how programs are run, how a problem is said. Plain JavaScript for Node 20
 * with nothing but built-in modules, since it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const rootDir = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The Node the project brings along; everything but the scripts themselves runs on it. */
export const nodePath = path.join(rootDir, 'node_modules/.bin/node');

/** A problem the person can solve: shown as its message alone, without a stack. */
export class SetupError extends Error {
	name = 'SetupError';
}

/**
 * Runs a script's main function: one sentence and exit code 1 for a SetupError, the stack for a bug.
 *
 * @param {() => Promise<number | undefined>} main returns the exit code
 */
export async function runScript(main) {
	try {
		process.exitCode = (await main()) ?? 0;
	} catch (error) {
		console.error(error instanceof SetupError ? error.message : error);
		process.exitCode = 1;
	}
}

/**
 * The environment in which tools are run: the project's own Node and tools come first.
 *
 * @param {Record<string, string | undefined>} [extra]
 */
export function toolEnv(extra = {}) {
	const binDir = path.join(rootDir, 'node_modules/.bin');
	// Debian keeps runc, iptables and ip in sbin, which a plain user's PATH lacks.
	const searchPath = `${binDir}:${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
	return { ...process.env, PATH: searchPath, ...extra };
}

/** Those that run now, and whether each leads a process group of its own. */
const children = new Map();
let isStopping = false;

/**
 * Passes a signal on to the tools that run, and starts no more of them. Who was interrupted waits for them to end: npm takes
 * back what it had begun.
 */
export function stopTools(signal) {
	isStopping = true;
	for (const [child, ownGroup] of children) {
		if (!ownGroup) child.kill(signal);
		else if (child.pid !== undefined) process.kill(-child.pid, signal);
	}
}

/**
 * Runs a tool in the root of the checkout and waits for it.
 *
 * @param {string} file name of a tool in node_modules/.bin or on the PATH
 * @param {readonly string[]} args
 * @param {{capture?: boolean, ownGroup?: boolean, env?: Record<string, string | undefined>}} [options] capture: keep the
 *   output, do not show it; ownGroup: out of reach of the terminal's Ctrl-C, for whoever passes signals on by `stopTools`
 * @returns {Promise<{exitCode: number, output: string}>} 128 + n for a signal
 */
export function run(file, args, { capture = false, ownGroup = false, env } = {}) {
	if (isStopping) return Promise.reject(new SetupError('interrupted'));
	return new Promise((resolve, reject) => {
		const child = spawn(file, args, {
			cwd: rootDir,
			env: toolEnv(env),
			detached: ownGroup,
			stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
		});
		children.set(child, ownGroup);
		const chunks = [];
		child.stdout?.on('data', (chunk) => chunks.push(chunk));
		child.stderr?.on('data', (chunk) => chunks.push(chunk));
		child.once('error', (error) => {
			children.delete(child);
			reject(new SetupError(`cannot run "${file}": ${error.message}`));
		});
		child.once('close', (code, signal) => {
			children.delete(child);
			resolve({ exitCode: code ?? signalExitCode(signal), output: Buffer.concat(chunks).toString() });
		});
	});
}

/** The shell's exit code for a child that died of a signal. */
export function signalExitCode(signal) {
	const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
	return 128 + (numbers[signal] ?? 0);
}

/**
 * Runs a tool quietly and keeps what it said in `.cache/setup-NAME.log`.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @param {string} name
 * @returns {Promise<{exitCode: number, output: string, logPath: string}>}
 */
export async function runLogged(file, args, name) {
	const { exitCode, output } = await run(file, args, {
		capture: true,
		// npm takes back nothing when a signal comes twice: from the terminal, and from us.
		ownGroup: true,
		env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
	});
	const logPath = path.join(rootDir, '.cache', `setup-${name}.log`);
	fs.writeFileSync(logPath, output);
	return { exitCode, output, logPath };
}

/** Says on stderr what is going on. */
export function say(text) {
	console.error(`criscope: ${text}`);
}
