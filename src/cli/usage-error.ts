/** The arguments are wrong: one sentence, exit code 64. */
export class UsageError extends Error {
	override readonly name = 'UsageError';
}
