/**
 * `npm run check`: types, lint and unit tests, quick enough for before every commit. Quiet when all is well.
 */
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { ensure, run, runScript } from './setup.mjs';

/**
 * Runs compiler, linter and unit tests, all of them even when the first one fails.
 *
 * @param {readonly string[]} [filters] passed to vitest: parts of test file names
 * @returns {Promise<boolean>} true when everything passed
 */
export async function check(filters = []) {
	// The compiler is native and parallel by itself; the linter takes a fraction of its time beside it.
	const results = await Promise.all([
		runQuietly('types', 'tsc', ['-b']),
		runQuietly('lint', 'biome', ['check', '--error-on-warnings']),
	]);
	const { exitCode } = await run('vitest', ['run', '--project', 'unit', '--passWithNoTests', ...filters]);
	return results.every(Boolean) && exitCode === 0;
}

async function runQuietly(title, file, args) {
	const { exitCode, output } = await run(file, args, { capture: true });
	if (exitCode === 0) return true;
	console.error(`${output.trimEnd()}\n${title}: failed (${file} ${args.join(' ')})`);
	return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await runScript(async () => {
		await ensure({ purpose: 'check' });
		await build();
		return (await check(process.argv.slice(2))) ? 0 : 1;
	});
}
