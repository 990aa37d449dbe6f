/**
 * `npm test [-- filter …]`: sets up, builds, checks types and lint, runs every test, and closes with one line
 * `N passed, N failed` (and `, N skipped` where something was missing). A filter is part of a test file's name; with one,
 * only those tests run.
 */
import * as fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from './build.mjs';
import { check } from './check.mjs';
import { ensure } from './setup.mjs';
import { run, runScript } from './tools.mjs';

await runScript(async () => {
	const filters = process.argv.slice(2);
	await ensure({ purpose: 'test' });
	await build();
	const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'criscope-test-'));
	const countsPath = path.join(folder, 'counts.jsonl');
	process.env.CRISCOPE_TEST_COUNTS = countsPath;
	try {
		const outcomes = [];
		if (filters.length === 0) outcomes.push(await check());
		else outcomes.push(await runTests('unit', filters));
		outcomes.push(await runTests('e2e', filters));
		return closeWith(readCounts(countsPath), outcomes.every(Boolean));
	} finally {
		fs.rmSync(folder, { recursive: true, force: true });
	}
});

async function runTests(project, filters) {
	const reporters = ['--reporter=default', '--reporter=./scripts/vitest-counts.mjs'];
	const args = ['run', '--project', project, '--passWithNoTests', ...reporters, ...filters];
	return (await run('vitest', args)).exitCode === 0;
}

function readCounts(countsPath) {
	const total = { passed: 0, failed: 0, skipped: 0 };
	if (!fs.existsSync(countsPath)) return total;
	for (const line of fs.readFileSync(countsPath, 'utf8').split('\n').filter(Boolean)) {
		for (const [state, count] of Object.entries(JSON.parse(line))) total[state] += count;
	}
	return total;
}

/** Types, lint or a crashed runner fail without a failing test: they count as one, so that the line is true. */
function closeWith({ passed, failed, skipped }, allWell) {
	const ranNothing = passed + failed + skipped === 0;
	if (ranNothing) console.error('no test has such a name');
	const failures = failed === 0 && (!allWell || ranNothing) ? 1 : failed;
	console.log(`${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
	return failures === 0 ? 0 : 1;
}
