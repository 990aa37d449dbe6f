import { version } from './version.ts';

/** Exit codes. Source: sysexits.h for 64; 1 as every tool has it. */
const exitUsage = 64;

/**
 * Runs the embedded runtime in this process, which is then nothing else.
 * @param args what follows the word `serve`
 * @returns the exit code, once it has ended: 64 with one sentence for wrong arguments
 * @throws Error in one sentence where it cannot start
 */
export async function startServe(args: readonly string[]): Promise<number> {
	const { serve } = await import('./runtime/main.ts');
	const { ServeUsageError } = await import('./runtime/options.ts');
	const { env, stdout, stderr } = process;
	try {
		return await serve(args, { env, stdout, stderr, version });
	} catch (error) {
		if (!(error instanceof ServeUsageError)) throw error;
		stderr.write(`criscope: ${error.message}; criscope serve --help lists its flags\n`);
		return exitUsage;
	}
}
