/**
 * `npm run bench [-- name …]`: runs the measurements of bench/, one after the other, each on its own. A name is part of
 * a file's name; what follows `--` goes to the measurement itself.
 */
import * as fs from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { ensure } from './setup.mjs';
import { nodePath, rootDir, run, runScript, SetupError } from './tools.mjs';

await runScript(async () => {
	const words = process.argv.slice(2);
	const dashes = words.indexOf('--');
	const names = dashes === -1 ? words : words.slice(0, dashes);
	const passedOn = dashes === -1 ? [] : words.slice(dashes + 1);
	await ensure({ purpose: 'bench' });
	await build();
	const files = fs
		.readdirSync(path.join(rootDir, 'bench'))
		.filter((file) => file.endsWith('.ts'))
		.filter((file) => names.length === 0 || names.some((name) => file.includes(name)))
		.sort();
	if (files.length === 0) throw new SetupError(`cannot find a bench/*.ts for "${names.join(' ')}"`);
	let worst = 0;
	for (const file of files) {
		console.log(`\n== ${path.basename(file, '.ts')}`);
		const { exitCode } = await run(nodePath, [path.join('bench', file), ...passedOn]);
		worst = Math.max(worst, exitCode);
	}
	return worst;
});
