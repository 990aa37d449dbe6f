/** Whether a channel stands, and the will to make it stand again. */
import * as grpc from '@grpc/grpc-js';
import type { Connectivity } from '../ports.ts';

const connectivityOf: Readonly<Record<grpc.connectivityState, Connectivity>> = {
	[grpc.connectivityState.IDLE]: 'connecting',
	[grpc.connectivityState.CONNECTING]: 'connecting',
	[grpc.connectivityState.READY]: 'ready',
	[grpc.connectivityState.TRANSIENT_FAILURE]: 'unreachable',
	[grpc.connectivityState.SHUTDOWN]: 'unreachable',
};

/**
 * Follows a channel's state, and asks it to connect again whenever it has fallen idle: grpc-js by itself
 * waits for the next call.
 * @param onReconnected called when a connection stands again that had been lost.
 */
export function watchConnectivity(channel: ReturnType<grpc.Client['getChannel']>, onReconnected: () => void) {
	const listeners = new Set<(connectivity: Connectivity) => void>();
	/** Ends of the waits that are under way. */
	const waiting = new Set<() => void>();
	let told: Connectivity = 'connecting';
	let stopped = false;
	const follow = () => {
		if (stopped) return;
		const state = channel.getConnectivityState(true);
		if (state === grpc.connectivityState.SHUTDOWN) return;
		channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, follow);
		const connectivity = connectivityOf[state];
		if (connectivity === told) return;
		told = connectivity;
		// Another runtime, or another version, may answer there now.
		if (connectivity === 'ready') onReconnected();
		for (const listener of listeners) listener(connectivity);
	};
	follow();
	return {
		current: () => told,
		subscribe: (listener: (connectivity: Connectivity) => void) => {
			listeners.add(listener);
			return () => void listeners.delete(listener);
		},
		/**
		 * Waits until the channel stands: at most `patienceMs`, and no longer than until the signal, `stop`, or a channel that
		 * cannot be reached and of which `isHopeless` says so. Never throws; who calls then learns what is wrong by calling.
		 */
		async untilReady(
			patienceMs: number,
			signal: AbortSignal | undefined,
			isHopeless: () => Promise<boolean>,
		): Promise<void> {
			if (told === 'ready' || stopped || patienceMs <= 0) return;
			const { promise, resolve } = Promise.withResolvers<void>();
			const look = (connectivity: Connectivity) => {
				if (connectivity === 'ready') resolve();
				else if (connectivity === 'unreachable') void isHopeless().then((hopeless) => hopeless && resolve());
			};
			const timer = setTimeout(resolve, patienceMs);
			listeners.add(look);
			waiting.add(resolve);
			const onAbort = () => resolve();
			signal?.addEventListener('abort', onAbort, { once: true });
			look(told);
			await promise;
			clearTimeout(timer);
			signal?.removeEventListener('abort', onAbort);
			listeners.delete(look);
			waiting.delete(resolve);
		},
		stop: () => {
			stopped = true;
			listeners.clear();
			for (const end of waiting) end();
		},
	};
}
