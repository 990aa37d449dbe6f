import { hostname } from 'node:os';
import type { ProgramOptions } from './arguments.ts';
import { demoAccess } from './demo-access.ts';
import { readConfig, readOnlyOf } from './read-config.ts';
import { createRuntimeAccess } from './runtime-access.ts';
import { runInspector } from './ui/main.tsx';

/** Opens the inspector on this terminal. @returns the exit code. */
export async function startInspector(options: ProgramOptions): Promise<number> {
	const config = await readConfig(options);
	const readOnly = readOnlyOf(options, config, { mayLift: true });
	const code = await runInspector({
		config,
		demo: demoAccess,
		access: createRuntimeAccess(options, config.runtime, readOnly.enabled),
		readOnly,
		env: process.env,
		hostname: hostname(),
		stdin: process.stdin,
		stdout: process.stdout,
	});
	// Nothing may keep a shell waiting once the person has left.
	process.exit(code);
}
