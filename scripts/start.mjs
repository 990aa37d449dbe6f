/**
 * `npm start [-- arguments]`: sets up, builds when a source is newer, and runs the program on this terminal.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { missingParts } from './debian.mjs';
import { ensure } from './setup.mjs';
import { nodePath, rootDir, run, runScript, SetupError, say, signalExitCode } from './tools.mjs';

/**
 * Runs a program with this terminal and waits. The terminal sends Ctrl-C and Ctrl-\ to the whole process group: they are
 * the program's to answer, so this process outlives them. Ctrl-Z is left alone: both stop, `fg` wakes both.
 *
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<number>} the program's exit code, 128 + n when a signal ended it
 */
export function runProgram(file, args) {
	const child = spawn(file, args, { stdio: 'inherit' });
	process.on('SIGINT', () => {});
	process.on('SIGQUIT', () => {});
	for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', (code, signal) => resolve(code ?? signalExitCode(signal)));
	});
}

/**
 * Installs what the embedded runtime runs containers with, where the program is about to start it: on a machine without any
 * runtime. The inspector opens all the same when that fails, and says there what is missing.
 *
 * @param {readonly string[]} args the program's
 */
async function ensureEmbeddedRuntime(args) {
	if (missingParts('embedded runtime').length === 0) return;
	const { output } = await run(nodePath, ['scripts/plan-embedded.ts', ...args], { capture: true });
	const plan = output.trim();
	if (plan !== 'start' && plan !== 'refused') return;
	try {
		await ensure({ purpose: 'embedded runtime' });
	} catch (error) {
		if (!(error instanceof SetupError)) throw error;
		say(error.message);
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await runScript(async () => {
		await ensure({ purpose: 'start' });
		await build();
		await ensureEmbeddedRuntime(process.argv.slice(2));
		return await runProgram(nodePath, ['--', path.join(rootDir, 'dist/main.js'), ...process.argv.slice(2)]);
	});
}
