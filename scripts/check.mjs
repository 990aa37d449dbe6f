/**
 * `npm run check`: types, lint and unit tests, quick enough for before every commit. Quiet when all is well.
 */
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';
import { ensure } from './setup.mjs';
import { run, runScript } from './tools.mjs';

/**
 * Runs compiler, linter and unit tests, all of them even when the first one fails.
 *
 * @param {readonly string[]} [filters] passed to vitest: parts of test file names
 * @returns {Promise<boolean>} true when everything passed
 */
export async function check(filters = []) {
	const [unit, ...quiet] = await Promise.all([
		run('vitest', ['run', '--project', 'unit', '--passWithNoTests', ...filters]),
		runQuietly('types', 'tsc', ['-b']),
		runQuietly('lint', 'biome', ['check', '--error-on-warnings']),
	]);
	// Last, where they are seen, and not amid the tests' own lines.
	for (const { problem } of quiet) if (problem !== undefined) console.error(problem);
	return unit.exitCode === 0 && quiet.every(({ problem }) => problem === undefined);
}

async function runQuietly(title, file, args) {
	const { exitCode, output } = await run(file, args, { capture: true });
	if (exitCode === 0) return { problem: undefined };
	return { problem: `${output.trimEnd()}\n${title}: failed (${file} ${args.join(' ')})` };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await runScript(async () => {
		await ensure({ purpose: 'check' });
		await build();
		return (await check(process.argv.slice(2))) ? 0 : 1;
	});
}
