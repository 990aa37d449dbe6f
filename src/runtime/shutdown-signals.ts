/** What the signals of a service mean to the runtime. */

/** Ends in two steps: politely at the first SIGTERM or SIGINT, at once at the second. */
export type ShutdownSignals = Disposable & {
	/** Resolves to the name of the first signal. */
	readonly first: Promise<NodeJS.Signals>;
	/** Aborted by the second. */
	readonly second: AbortSignal;
};

/** Listens until it is disposed of. @param onReload called at SIGHUP, which otherwise would end the process */
export function listenForShutdown(
	onReload: () => void,
	source: Pick<NodeJS.Process, 'on' | 'off'> = process,
): ShutdownSignals {
	const first = Promise.withResolvers<NodeJS.Signals>();
	const second = new AbortController();
	let count = 0;
	const end = (signal: NodeJS.Signals) => {
		count += 1;
		if (count === 1) first.resolve(signal);
		else second.abort();
	};
	const listeners = [
		['SIGTERM', end],
		['SIGINT', end],
		['SIGHUP', onReload],
	] as const;
	for (const [signal, listener] of listeners) source.on(signal, listener);
	return {
		first: first.promise,
		second: second.signal,
		[Symbol.dispose]() {
			for (const [signal, listener] of listeners) source.off(signal, listener);
		},
	};
}
