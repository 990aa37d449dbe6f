import { isSea } from 'node:sea';
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
	startAnewIn(env);
	const { version } = await import('./version.ts');
	const { serve } = await import('./runtime/main.ts');
	return serve(options, { env, stderr, version });
}

/**
 * What a process reads once, at its very start.
 * - An arena for every thread holds on to what that thread once needed; with two, a pull of 300 MB takes a quarter less.
 * - Six layers are written at a time while the store is read: with libuv's four threads lists would wait for downloads.
 */
const processSettings = { MALLOC_ARENA_MAX: '2', UV_THREADPOOL_SIZE: '12' };

/**
 * Flags for V8, which is to keep little: a runtime waits most of the time, and lives for months.
 * - A young generation of 2 MiB instead of 16, and what was freed goes back to the system at once.
 * - One helper thread; what it could do in parallel is a few milliseconds.
 */
const memoryFlags = ['--max-semi-space-size=2', '--v8-pool-size=1'] as const;
/**
 * Those that no Node promises to keep. Saving memory lets the heap grow by a tenth or two before all of it is marked, every few
 * containers; by 40 per cent, work takes a tenth less time of the processor, and no more memory afterwards.
 */
const memoryFlagsOfNode26 = ['--no-memory-pool', '--memory-saver-mode', '--heap-growing-percent=40'] as const;

/** Flags that this Node is known to take: an unknown one would keep it from starting. */
function flagsFor({ node }: NodeJS.ProcessVersions): readonly string[] {
	// In a single executable the arguments are the program's alone.
	if (isSea()) return [];
	return node.startsWith('26.') ? [...memoryFlags, ...memoryFlagsOfNode26] : memoryFlags;
}

/** Becomes this program anew, in the same process, where the settings are not yet what they shall be. */
function startAnewIn(env: NodeJS.ProcessEnv): void {
	const { execPath, execArgv, argv } = process;
	const flags = flagsFor(process.versions).filter((flag) => !execArgv.includes(flag));
	if (flags.length === 0 && Object.keys(processSettings).every((name) => env[name] !== undefined)) return;
	// Without it the runtime works as well, only in more memory.
	process.execve?.(execPath, [execPath, ...execArgv, ...flags, ...argv.slice(1)], {
		...processSettings,
		...env,
	});
}
