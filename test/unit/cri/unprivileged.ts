/** Runs part of a test as an ordinary user where the tests run as root, whom no file mode stops. */
export async function asOrdinaryUser<Result>(work: () => Promise<Result>): Promise<Result> {
	if (process.geteuid?.() !== 0) return work();
	process.seteuid?.(65534);
	try {
		return await work();
	} finally {
		process.seteuid?.(0);
	}
}
