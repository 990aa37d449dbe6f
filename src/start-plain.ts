import type { ProgramOptions } from './arguments.ts';

/** Runs the linear mode. @returns the exit code. */
export async function startPlain(_options: ProgramOptions): Promise<number> {
	throw new Error('--plain is being built');
}
