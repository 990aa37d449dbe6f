/** Port-forwards that this inspector holds open, and those that ended but were not put away yet. */
import type { ForwardTraffic } from '../../../cri/streaming/port-forward-listener.ts';

/** How a forward is doing. */
export type ForwardPhase =
	| { readonly kind: 'opening' }
	| { readonly kind: 'listening' }
	/** No longer listening; `text` says why. */
	| { readonly kind: 'ended'; readonly text: string };

/** One listening port on this host that leads into a pod. Names and texts are not sanitised. */
export type PortForward = {
	readonly id: number;
	/** The runtime it was opened on; another one may be looked at meanwhile. */
	readonly endpoint: string;
	readonly podId: string;
	readonly podName: string;
	readonly namespace: string;
	/** Where it listens: `127.0.0.1:8080`, `[::1]:8080`; the wish until it listens. */
	readonly local: string;
	readonly remotePort: number;
	readonly phase: ForwardPhase;
	readonly traffic: ForwardTraffic;
	/** What went wrong with the last connection that failed. */
	readonly problem: string | undefined;
};

/** All forwards, oldest first. */
export type ForwardsState = { readonly open: readonly PortForward[]; readonly history: readonly string[] };

export type ForwardsEvent =
	| { readonly kind: 'forwardOpened'; readonly forward: Omit<PortForward, 'phase' | 'traffic' | 'problem'> }
	| { readonly kind: 'forwardListening'; readonly id: number; readonly local: string }
	| { readonly kind: 'forwardUsed'; readonly id: number; readonly traffic: ForwardTraffic }
	| { readonly kind: 'forwardFailed'; readonly id: number; readonly problem: string }
	| { readonly kind: 'forwardEnded'; readonly id: number; readonly text: string }
	| { readonly kind: 'forwardClosed'; readonly id: number }
	| { readonly kind: 'forwardPortsTyped'; readonly value: string };

/** None open. */
export const initialForwards: ForwardsState = { open: [], history: [] };

/** Typed ports remembered for the prompt. */
const historySize = 20;

const noTraffic: ForwardTraffic = {
	openConnections: 0,
	totalConnections: 0,
	sentBytes: 0,
	receivedBytes: 0,
};

function changed(state: ForwardsState, id: number, part: Partial<PortForward>): ForwardsState {
	return {
		...state,
		open: state.open.map((forward) => (forward.id === id ? { ...forward, ...part } : forward)),
	};
}

/** Applies one event. */
export function updateForwards(state: ForwardsState, event: ForwardsEvent): ForwardsState {
	switch (event.kind) {
		case 'forwardOpened': {
			const forward: PortForward = {
				...event.forward,
				phase: { kind: 'opening' },
				traffic: noTraffic,
				problem: undefined,
			};
			return { ...state, open: [...state.open, forward] };
		}
		case 'forwardListening':
			return changed(state, event.id, { local: event.local, phase: { kind: 'listening' } });
		case 'forwardUsed':
			return changed(state, event.id, { traffic: event.traffic });
		case 'forwardFailed':
			return changed(state, event.id, { problem: event.problem });
		case 'forwardEnded':
			return changed(state, event.id, { phase: { kind: 'ended', text: event.text } });
		case 'forwardClosed':
			return { ...state, open: state.open.filter(({ id }) => id !== event.id) };
		case 'forwardPortsTyped': {
			const others = state.history.filter((value) => value !== event.value);
			return { ...state, history: [event.value, ...others].slice(0, historySize) };
		}
	}
}

/** Forwards that would be lost by leaving. */
export function openForwards(state: ForwardsState): readonly PortForward[] {
	return state.open.filter(({ phase }) => phase.kind !== 'ended');
}
