import { UsageError } from './cli/usage-error.ts';

/** Exit codes. Source: sysexits.h for 64; 1 as every tool has it. */
const exitUsage = 64;
const exitFailure = 1;

/** Runs the program to its end: sets the exit code it comes to, and says in one sentence why it failed. Never throws. */
export async function exitWith(main: () => Promise<number>): Promise<void> {
	try {
		process.exitCode = await main();
	} catch (error) {
		const { sanitizeText } = await import('./text/sanitize.ts');
		// A runtime's own words may be part of it.
		const message = sanitizeText(error instanceof Error ? error.message : String(error));
		const unexpected = error instanceof TypeError || error instanceof ReferenceError;
		process.stderr.write(`criscope: ${message}\n`);
		if (unexpected && error.stack) process.stderr.write(`${error.stack}\n`);
		process.exitCode = error instanceof UsageError ? exitUsage : exitFailure;
	}
}
