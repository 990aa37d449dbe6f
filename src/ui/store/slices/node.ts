/** What the host says of itself, for the header and for the words of dialogs. */
export type NodeState = {
	readonly hostname: string;
	readonly machineId: string | undefined;
	readonly roles: readonly string[];
	/** One-minute load average; undefined until read. */
	readonly load1: number | undefined;
	readonly cpuCount: number;
	readonly memoryTotalBytes: number | undefined;
	readonly memoryAvailableBytes: number | undefined;
	/** A kubelet runs here: it will recreate what is stopped or removed. Undefined until looked for. */
	readonly kubelet: boolean | undefined;
};

export type NodeEvent = { readonly kind: 'nodeFactsRead'; readonly facts: Partial<NodeState> };

/** Before anything was read. */
export function initialNode(hostname: string): NodeState {
	return {
		hostname,
		machineId: undefined,
		roles: [],
		load1: undefined,
		cpuCount: 1,
		memoryTotalBytes: undefined,
		memoryAvailableBytes: undefined,
		kubelet: undefined,
	};
}

/** Takes over the facts that were read; unchanged facts keep the state's identity. */
export function updateNode(state: NodeState, event: NodeEvent): NodeState {
	const changed = Object.entries(event.facts).some(
		([key, value]) => JSON.stringify(value) !== JSON.stringify(state[key as keyof NodeState]),
	);
	return changed ? { ...state, ...event.facts } : state;
}
