import type { FilesystemUsage, RuntimeStatus, RuntimeVersion } from '../../../cri/model.ts';
import type { Connectivity } from '../../../cri/ports.ts';
import type { HostLimit } from '../../../cri/status-limits.ts';
import type { ListId } from '../state.ts';

/** A socket that the picker offers. */
export type EndpointChoice = {
	readonly endpoint: string;
	/** Where it was found: a flag, an environment variable, crictl.yaml, or the runtime's name. */
	readonly origin: string;
	/** Why it cannot be used right now; undefined where it answered. */
	readonly problem: string | undefined;
};

/** What is known of the runtime behind the socket. */
export type ConnectionState = {
	readonly endpoint: string | undefined;
	readonly connectivity: Connectivity | 'none';
	/** One sentence with the cause while nothing answers; undefined while all is well. */
	readonly problem: string | undefined;
	/** The lists that got no answer last time, with the cause; a runtime may hang on one question and answer others. */
	readonly silent: Readonly<Partial<Record<ListId, string>>>;
	/** One more line: what the person can do about it. */
	readonly remedy: string | undefined;
	/** When the runtime last answered any list, in milliseconds since the epoch. */
	readonly answeredAtMs: number | undefined;
	readonly version: RuntimeVersion | undefined;
	readonly status: RuntimeStatus | undefined;
	/** What the machine does not allow it; empty where it names nothing. */
	readonly limits: readonly HostLimit[];
	/** Whether it takes images as files, as the demo has to; undefined while that has not been asked. */
	readonly takesImages: boolean | undefined;
	readonly imageFs: readonly FilesystemUsage[];
	/** Capacity of the file system that holds the images, read from the host; undefined for a remote runtime. */
	readonly imageFsCapacityBytes: bigint | undefined;
	/** How full that file system is by all that is on it, 0 to 1, in bytes or inodes, whichever is nearer to its end. */
	readonly imageFsFullRatio: number | undefined;
	readonly choices: readonly EndpointChoice[];
};

export type ConnectionEvent =
	| { readonly kind: 'endpointChosen'; readonly endpoint: string }
	| { readonly kind: 'endpointsFound'; readonly choices: readonly EndpointChoice[] }
	| { readonly kind: 'endpointMissing'; readonly problem: string; readonly remedy: string | undefined }
	| { readonly kind: 'connectivityChanged'; readonly connectivity: Connectivity }
	/** Without a list: to everything that was asked. */
	| { readonly kind: 'runtimeAnswered'; readonly atMs: number; readonly list?: ListId | undefined }
	| {
			readonly kind: 'runtimeSilent';
			readonly problem: string;
			readonly remedy?: string | undefined;
			readonly list?: ListId | undefined;
	  }
	| { readonly kind: 'versionReceived'; readonly version: RuntimeVersion }
	| { readonly kind: 'runtimeStatusReceived'; readonly status: RuntimeStatus }
	| { readonly kind: 'limitsReceived'; readonly limits: readonly HostLimit[] }
	| { readonly kind: 'imageTransferAsked'; readonly takesImages: boolean }
	| {
			readonly kind: 'imageFsReceived';
			readonly filesystems: readonly FilesystemUsage[];
			readonly capacityBytes: bigint | undefined;
			readonly fullRatio?: number | undefined;
	  };

/** Before any socket was looked for. */
export const initialConnection: ConnectionState = {
	endpoint: undefined,
	connectivity: 'none',
	problem: undefined,
	silent: {},
	remedy: undefined,
	answeredAtMs: undefined,
	version: undefined,
	status: undefined,
	limits: [],
	takesImages: undefined,
	imageFs: [],
	imageFsCapacityBytes: undefined,
	imageFsFullRatio: undefined,
	choices: [],
};

function without(silent: ConnectionState['silent'], list: ListId): ConnectionState['silent'] {
	if (silent[list] === undefined) return silent;
	const { [list]: _, ...others } = silent;
	return others;
}

/** The sentence for lists that are silent, the same whichever of them failed first. */
function firstProblem({ pods, containers, images }: ConnectionState['silent']): string | undefined {
	return pods ?? containers ?? images;
}

/** Applies one event. A silent runtime loses nothing that was known: it only gains a problem. */
export function updateConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState {
	switch (event.kind) {
		case 'endpointChosen':
			return {
				...initialConnection,
				choices: state.choices,
				endpoint: event.endpoint,
				connectivity: 'connecting',
			};
		case 'endpointsFound':
			return { ...state, choices: event.choices };
		case 'endpointMissing':
			return { ...state, connectivity: 'none', problem: event.problem, remedy: event.remedy };
		case 'connectivityChanged':
			return event.connectivity === state.connectivity
				? state
				: { ...state, connectivity: event.connectivity };
		case 'runtimeAnswered': {
			const silent = event.list ? without(state.silent, event.list) : {};
			return {
				...state,
				connectivity: 'ready',
				silent,
				problem: firstProblem(silent),
				remedy: undefined,
				answeredAtMs: event.atMs,
			};
		}
		case 'runtimeSilent': {
			const silent = event.list ? { ...state.silent, [event.list]: event.problem } : state.silent;
			// All lists fail in turn: one sentence stays, else it would change with every poll.
			const problem = firstProblem(silent) ?? event.problem;
			return { ...state, silent, problem, remedy: event.remedy };
		}
		case 'versionReceived':
			return { ...state, version: event.version };
		case 'runtimeStatusReceived':
			return { ...state, status: event.status };
		case 'limitsReceived':
			return { ...state, limits: event.limits };
		case 'imageTransferAsked':
			return { ...state, takesImages: event.takesImages };
		case 'imageFsReceived':
			return {
				...state,
				imageFs: event.filesystems,
				imageFsCapacityBytes: event.capacityBytes,
				imageFsFullRatio: event.fullRatio,
			};
	}
}
