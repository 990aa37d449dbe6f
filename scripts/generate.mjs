/** Writes every generated file that is out of date. Quick when nothing is. */
import * as fs from 'node:fs';
import { generateProto } from './generate-proto.mjs';
import { nodePath, run, runScript } from './tools.mjs';

await runScript(async () => {
	for (const path of generateProto()) console.log(`generated ${path}`);
	// The tables are TypeScript: only the project's own Node reads it.
	if (!fs.existsSync(nodePath)) return 0;
	const keybindings = await run(nodePath, ['scripts/generate-keybindings.ts']);
	if (keybindings.exitCode !== 0) return keybindings.exitCode;
	const commandLine = await run(nodePath, ['scripts/generate-command-line.ts']);
	if (commandLine.exitCode !== 0) return commandLine.exitCode;
	return (await run(nodePath, ['scripts/generate-runtime-configuration.ts'])).exitCode;
});
