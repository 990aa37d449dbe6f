import { parseServeOptions, type ServeOptions, ServeUsageError } from './runtime/options.ts';

/** Source: sysexits.h, EX_USAGE. */
const exitUsage = 64;

/**
 * Runs the embedded runtime in this process, which is then nothing else.
 * @param args what follows the word `serve`
 * @returns the exit code, once it has ended: 64 with one sentence for wrong arguments
 * @throws Error in one sentence where it cannot start
 */
export async function startServe(args: readonly string[]): Promise<number> {
	const { env, stdout, stderr } = process;
	let options: ServeOptions;
	try {
		options = parseServeOptions(args);
	} catch (error) {
		if (!(error instanceof ServeUsageError)) throw error;
		const { sanitizeText } = await import('./text/sanitize.ts');
		stderr.write(`criscope: ${sanitizeText(error.message)}; criscope serve --help lists the flags\n`);
		return exitUsage;
	}
	if (options.help) {
		const { serveHelpText } = await import('./runtime/options-help.ts');
		stdout.write(serveHelpText);
		return 0;
	}
	const { version } = await import('./version.ts');
	const { serve } = await import('./runtime/main.ts');
	return serve(options, { env, stderr, version });
}
