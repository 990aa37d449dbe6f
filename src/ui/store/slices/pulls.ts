import type { TransferEvent } from '../../../cri/image-transfer.ts';
import type { PullProblem } from '../../../cri/pull-errors.ts';
import { endedTransfer, initialTransfer, type PullTransfer, updateTransfer } from './pulls/transfer.ts';

/** What a pull brought. */
export type PullResult = {
	readonly imageId: string;
	/** undefined where the runtime did not tell. */
	readonly sizeBytes: bigint | undefined;
	/** The store had exactly this image before. */
	readonly unchanged: boolean;
};

/** One pull of this session. */
export type PullTask = {
	readonly id: number;
	/** As typed. */
	readonly image: string;
	readonly state: 'running' | 'done' | 'failed' | 'cancelled';
	readonly startedAtMs: number;
	readonly endedAtMs: number | undefined;
	/** Where the credentials came from; undefined: anonymous. */
	readonly credentials: string | undefined;
	/** By how much the image store has grown since the start: an estimate, shared by all pulls at the time. */
	readonly growthBytes: bigint | undefined;
	/** Whether the runtime tells how far it is: it was asked and has not answered, it does, or it cannot. */
	readonly telling: 'asked' | 'told' | 'mute';
	/** What it told; undefined before its first word. */
	readonly transfer: PullTransfer | undefined;
	readonly result: PullResult | undefined;
	readonly problem: PullProblem | undefined;
};

/** Pulls under way and finished, oldest first, and the cursor of the list of tasks. */
export type PullsState = {
	readonly tasks: readonly PullTask[];
	readonly lastId: number;
	/** Images pulled before, newest first, also in earlier sessions. */
	readonly history: readonly string[];
	/** Key of the row under the cursor (`taskRows`); undefined: the newest. */
	readonly selectedKey: string | undefined;
	/** A user name that waits for its password. */
	readonly login: { readonly taskId: number; readonly username: string } | undefined;
};

export type PullsEvent =
	| { readonly kind: 'historyRead'; readonly history: readonly string[] }
	| {
			readonly kind: 'pullStarted';
			readonly id: number;
			readonly image: string;
			readonly atMs: number;
			/** The runtime is asked to tell how far it is; without it is known that it cannot. */
			readonly asked?: boolean | undefined;
	  }
	| { readonly kind: 'pullUntold'; readonly id: number }
	| {
			readonly kind: 'pullProgressed';
			readonly id: number;
			/** What happened since the last time, in order; of a layer only the newest. */
			readonly events: readonly TransferEvent[];
			readonly atMs: number;
	  }
	| { readonly kind: 'credentialsFound'; readonly id: number; readonly source: string }
	| { readonly kind: 'storeGrew'; readonly id: number; readonly growthBytes: bigint }
	| {
			readonly kind: 'pullSucceeded';
			readonly id: number;
			readonly result: PullResult;
			readonly atMs: number;
	  }
	| {
			readonly kind: 'pullFailed';
			readonly id: number;
			readonly problem: PullProblem;
			readonly atMs: number;
	  }
	| { readonly kind: 'pullCancelled'; readonly id: number; readonly atMs: number }
	| { readonly kind: 'endedPullsCleared' }
	| { readonly kind: 'taskSelected'; readonly key: string }
	| { readonly kind: 'loginBegun'; readonly taskId: number; readonly username: string }
	| { readonly kind: 'loginEnded' };

/** No pull yet. */
export const initialPulls: PullsState = {
	tasks: [],
	lastId: 0,
	history: [],
	selectedKey: undefined,
	login: undefined,
};

/** Pulls that have ended and are remembered for the list of tasks. */
const keptPulls = 100;

function ended(
	state: PullsState,
	id: number,
	change: Partial<PullTask> & Pick<PullTask, 'state' | 'endedAtMs'>,
): PullsState {
	const tasks = state.tasks.map((task) =>
		task.id === id && task.state === 'running'
			? { ...task, ...change, transfer: task.transfer && endedTransfer(task.transfer) }
			: task,
	);
	const finished = tasks.filter((task) => task.state !== 'running');
	const dropped = new Set(finished.slice(0, Math.max(0, finished.length - keptPulls)));
	return { ...state, tasks: tasks.filter((task) => !dropped.has(task)) };
}

function changed(state: PullsState, id: number, change: Partial<PullTask>): PullsState {
	return { ...state, tasks: state.tasks.map((task) => (task.id === id ? { ...task, ...change } : task)) };
}

/** Applies one event. What has ended stays as it ended: a cancelled pull is not failed by its own echo. */
export function updatePulls(state: PullsState, event: PullsEvent): PullsState {
	switch (event.kind) {
		case 'historyRead':
			return { ...state, history: event.history };
		case 'pullStarted': {
			const task: PullTask = {
				id: event.id,
				image: event.image,
				state: 'running',
				startedAtMs: event.atMs,
				endedAtMs: undefined,
				credentials: undefined,
				growthBytes: undefined,
				telling: event.asked ? 'asked' : 'mute',
				transfer: undefined,
				result: undefined,
				problem: undefined,
			};
			return { ...state, tasks: [...state.tasks, task], lastId: Math.max(state.lastId, event.id) };
		}
		case 'credentialsFound':
			return changed(state, event.id, { credentials: event.source });
		case 'storeGrew':
			return changed(state, event.id, { growthBytes: event.growthBytes });
		case 'pullUntold':
			return changed(state, event.id, { telling: 'mute' });
		case 'pullProgressed': {
			const task = state.tasks.find(({ id }) => id === event.id);
			if (task?.state !== 'running') return state;
			const transfer = updateTransfer(task.transfer ?? initialTransfer, event.events, event.atMs);
			return changed(state, event.id, { telling: 'told', transfer });
		}
		case 'pullSucceeded':
			return ended(state, event.id, { state: 'done', endedAtMs: event.atMs, result: event.result });
		case 'pullFailed':
			return ended(state, event.id, { state: 'failed', endedAtMs: event.atMs, problem: event.problem });
		case 'pullCancelled':
			return ended(state, event.id, { state: 'cancelled', endedAtMs: event.atMs });
		case 'endedPullsCleared':
			return { ...state, tasks: state.tasks.filter((task) => task.state === 'running') };
		case 'taskSelected':
			return { ...state, selectedKey: event.key };
		case 'loginBegun':
			return { ...state, login: { taskId: event.taskId, username: event.username } };
		case 'loginEnded':
			return { ...state, login: undefined };
	}
}
