import { errorMessage, isAbort } from '../../cri/errors.ts';
import { podSandboxId } from '../../cri/ids.ts';
import { type ForwardListener, listenAndForward } from '../../cri/streaming/port-forward-listener.ts';
import { addressText, type ForwardSpec } from '../../cri/streaming/port-forward-spec.ts';
import type { UiState } from '../store/state.ts';
import type { EffectHost } from './effect-host.ts';

/** The pod that forwards lead into. Names are the runtime's, not sanitised. */
export type ForwardTarget = { readonly podId: string; readonly podName: string; readonly namespace: string };

/** What commands can do with port-forwards. */
export type ForwardEffects = {
	readonly openForwards: (target: ForwardTarget, specs: readonly ForwardSpec[]) => void;
	/** Closes a forward, or puts one that has ended away. */
	readonly closeForward: (id: number) => void;
};

/** The effects, and how they are kept going. */
export type HostedForwards = Disposable & {
	readonly effects: ForwardEffects;
	/** Ends forwards whose pod has gone; cheap while the lists stay the same. */
	readonly follow: () => void;
};

/** Makes the effects of port-forwards; disposing of them closes every port. */
export function createForwardEffects(host: EffectHost): HostedForwards {
	const stops = new Map<number, AbortController>();
	let lastId = 0;
	let seenPods: UiState['inventory']['pods'] | undefined;
	let seenDeparted: UiState['inventory']['departed'] | undefined;

	function raise(level: 'ok' | 'warn' | 'fail', text: string): void {
		host.dispatch('notices', { kind: 'noticeRaised', level, text });
	}

	async function open(target: ForwardTarget, spec: ForwardSpec): Promise<void> {
		const client = host.client();
		if (!client) return raise('fail', 'Cannot forward a port: no runtime is connected.');
		const id = ++lastId;
		const stop = new AbortController();
		const signal = AbortSignal.any([stop.signal, host.signal]);
		stops.set(id, stop);
		const local = addressText(spec.address, spec.localPort);
		const endpoint = host.getState().connection.endpoint ?? client.runtimeEndpoint;
		host.dispatch('forwards', {
			kind: 'forwardOpened',
			forward: { id, endpoint, ...target, local, remotePort: spec.remotePort },
		});
		try {
			const { openPortForwarder } = await import('../../cri/streaming/port-forward.ts');
			const request = { podSandboxId: podSandboxId(target.podId), ports: [spec.remotePort] };
			const listener: ForwardListener = await listenAndForward({
				spec,
				openForwarder: () =>
					openPortForwarder({ url: () => client.runtime.portForward(request, { signal }), signal }),
				onTraffic: (traffic) => host.dispatch('forwards', { kind: 'forwardUsed', id, traffic }),
				onProblem: (problem) => host.dispatch('forwards', { kind: 'forwardFailed', id, problem }),
				signal,
			});
			if (signal.aborted) return;
			host.dispatch('forwards', { kind: 'forwardListening', id, local: listener.local });
			raise('ok', `Forwarding ${listener.local} to port ${spec.remotePort} of ${target.podName}.`);
		} catch (error) {
			stops.delete(id);
			host.dispatch('forwards', { kind: 'forwardClosed', id });
			if (!isAbort(error) && !signal.aborted) raise('fail', sentence(errorMessage(error)));
		}
	}

	function end(id: number): void {
		stops.get(id)?.abort();
		stops.delete(id);
	}

	function follow(): void {
		const { forwards, inventory, connection } = host.getState();
		if (inventory.pods === seenPods && inventory.departed === seenDeparted) return;
		seenPods = inventory.pods;
		seenDeparted = inventory.departed;
		// An empty list that nobody has answered yet says nothing about pods.
		if (inventory.refreshedAtMs.pods === undefined) return;
		for (const forward of forwards.open) {
			if (forward.phase.kind === 'ended' || forward.endpoint !== connection.endpoint) continue;
			const pod = inventory.pods.find(({ id }) => id === forward.podId);
			const gone = !pod || inventory.departed.has(forward.podId);
			if (!gone && pod.state !== 'notReady') continue;
			const text = gone ? 'the pod is gone' : 'the pod has stopped';
			end(forward.id);
			host.dispatch('forwards', { kind: 'forwardEnded', id: forward.id, text });
			raise('warn', `Port-forward ${forward.local} ended: ${text} (${forward.podName}).`);
		}
	}

	return {
		follow,
		effects: {
			openForwards(target, specs) {
				for (const spec of specs) void open(target, spec);
			},
			closeForward(id) {
				end(id);
				host.dispatch('forwards', { kind: 'forwardClosed', id });
			},
		},
		[Symbol.dispose]() {
			for (const id of [...stops.keys()]) end(id);
		},
	};
}

function sentence(message: string): string {
	return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
}
