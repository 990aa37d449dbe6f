import type { ProgramOptions } from './arguments.ts';

/** Prints one snapshot of the node. @returns the exit code. */
export async function printSnapshot(_options: ProgramOptions): Promise<number> {
	throw new Error('--once is being built');
}
