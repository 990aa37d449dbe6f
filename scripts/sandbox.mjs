/**
 * `npm run sandbox [-- --keep] [-- arguments]`: starts a containerd of its own with sample pods, runs the inspector on
 * it, and leaves you the keyboard. Everything is gone afterwards. `--keep` prints the endpoint instead and waits for
 * Ctrl-C. Other arguments go to criscope.
 */
import path from 'node:path';
import { build } from './build.mjs';
import { ensure } from './setup.mjs';
import { runProgram } from './start.mjs';
import { nodePath, rootDir, runScript, SetupError } from './tools.mjs';

await runScript(async () => {
	if (process.getuid() !== 0) {
		throw new SetupError('cannot start the sandbox: containerd needs root, run: sudo npm run sandbox');
	}
	await ensure({ purpose: 'sandbox' });
	await build();
	return await runProgram(nodePath, [
		path.join(rootDir, 'test/helpers/sandbox.ts'),
		...process.argv.slice(2),
	]);
});
