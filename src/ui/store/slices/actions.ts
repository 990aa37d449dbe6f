/** What a change is done to. The demo is what `criscope demo` makes, as a whole. */
export type TargetKind = 'container' | 'pod' | 'image' | 'demo';

/** What a person can ask for; each opens the dialog first. */
export type ActionVerb = 'stop' | 'kill' | 'remove' | 'prune' | 'start';

/** What can be asked for rows of a list: a prune chooses its own, and only the demo is started. */
export type RowVerb = Exclude<ActionVerb, 'prune' | 'start'>;

/** One object of a change, as it was when the dialog opened: it may vanish meanwhile. */
export type ActionTarget = {
	readonly kind: TargetKind;
	readonly id: string;
	/** Name of the container, the pod or the image's first tag. */
	readonly name: string;
	/** '' for images. */
	readonly podName: string;
	readonly namespace: string;
	/** Seconds between the stop signal and SIGKILL that the pod itself asks for; undefined where it does not say. */
	readonly graceSeconds: number | undefined;
	/** 0n for what is no image. */
	readonly sizeBytes: bigint;
};

/** The open confirmation dialog. */
export type ActionDialog = {
	readonly verb: ActionVerb;
	/** The runtime it was opened for: another one knows none of these objects. */
	readonly endpoint: string | undefined;
	readonly targets: readonly ActionTarget[];
	/** Marked rows that are left out, each with the reason, as sentences. */
	readonly skipped: readonly string[];
	/** Typed by the person; undefined: each target's own. */
	readonly graceSeconds: number | undefined;
	/** Kinds that the person took out of a prune. */
	readonly excludedKinds: readonly TargetKind[];
	/** What must be typed before it is done; undefined: a key is enough. */
	readonly requiredText: string | undefined;
	readonly focus: 'cancel' | 'confirm';
	/** First line of the text that is shown. */
	readonly scroll: number;
};

/** How one object fared, in the runtime's own terms afterwards. */
export type StepResult = {
	readonly target: ActionTarget;
	readonly outcome: 'done' | 'gone' | 'failed' | 'unknown';
	/** One sentence without a full stop. */
	readonly text: string;
};

/** A change under way or ended. */
export type Change = {
	readonly id: number;
	readonly verb: ActionVerb;
	readonly targets: readonly ActionTarget[];
	readonly graceSeconds: number | undefined;
	readonly startedAtMs: number;
	/** undefined while it runs. */
	readonly endedAtMs: number | undefined;
	/** Targets that are being worked on now, with the time their turn came. */
	readonly current: readonly { readonly target: ActionTarget; readonly startedAtMs: number }[];
	/** What its work said last, where it says anything while it goes on. Not sanitised. */
	readonly note?: string | undefined;
	readonly results: readonly StepResult[];
};

/** The open confirmation dialog and the changes of this session, oldest first. */
export type ActionsState = {
	readonly dialog: ActionDialog | undefined;
	readonly changes: readonly Change[];
	readonly lastId: number;
};

export type ActionsEvent =
	| {
			readonly kind: 'dialogOpened';
			readonly dialog: Omit<ActionDialog, 'focus' | 'scroll' | 'graceSeconds' | 'excludedKinds'>;
	  }
	| { readonly kind: 'dialogClosed' }
	| { readonly kind: 'dialogFocusMoved' }
	| { readonly kind: 'dialogScrolled'; readonly delta: number; readonly limit: number }
	| { readonly kind: 'graceTyped'; readonly seconds: number }
	| { readonly kind: 'kindToggled'; readonly target: TargetKind }
	| {
			readonly kind: 'changeStarted';
			readonly id: number;
			readonly verb: ActionVerb;
			readonly targets: readonly ActionTarget[];
			readonly graceSeconds: number | undefined;
			readonly atMs: number;
	  }
	| {
			readonly kind: 'stepStarted';
			readonly id: number;
			readonly target: ActionTarget;
			readonly atMs: number;
	  }
	| { readonly kind: 'stepTold'; readonly id: number; readonly note: string }
	| { readonly kind: 'stepEnded'; readonly id: number; readonly result: StepResult }
	| { readonly kind: 'changeEnded'; readonly id: number; readonly atMs: number }
	| { readonly kind: 'endedChangesCleared' };

/** No dialog, nothing under way. */
export const initialActions: ActionsState = { dialog: undefined, changes: [], lastId: 0 };

/** Changes that have ended and are remembered for the list of tasks. */
const keptChanges = 50;

function changed(state: ActionsState, id: number, change: (before: Change) => Change): ActionsState {
	return { ...state, changes: state.changes.map((one) => (one.id === id ? change(one) : one)) };
}

function inDialog(state: ActionsState, change: Partial<ActionDialog>): ActionsState {
	return state.dialog ? { ...state, dialog: { ...state.dialog, ...change } } : state;
}

function toggled(kinds: readonly TargetKind[], kind: TargetKind): readonly TargetKind[] {
	return kinds.includes(kind) ? kinds.filter((other) => other !== kind) : [...kinds, kind];
}

/** Applies one event. A dialog always opens on Cancel. */
export function updateActions(state: ActionsState, event: ActionsEvent): ActionsState {
	switch (event.kind) {
		case 'dialogOpened':
			return {
				...state,
				dialog: { ...event.dialog, graceSeconds: undefined, excludedKinds: [], focus: 'cancel', scroll: 0 },
			};
		case 'dialogClosed':
			return { ...state, dialog: undefined };
		case 'dialogFocusMoved':
			return inDialog(state, { focus: state.dialog?.focus === 'cancel' ? 'confirm' : 'cancel' });
		case 'dialogScrolled': {
			const scroll = (state.dialog?.scroll ?? 0) + event.delta;
			return inDialog(state, { scroll: Math.max(0, Math.min(event.limit, scroll)) });
		}
		case 'graceTyped':
			return inDialog(state, { graceSeconds: event.seconds });
		case 'kindToggled':
			return inDialog(state, { excludedKinds: toggled(state.dialog?.excludedKinds ?? [], event.target) });
		case 'changeStarted': {
			const { id, verb, targets, graceSeconds, atMs } = event;
			const change: Change = {
				id,
				verb,
				targets,
				graceSeconds,
				startedAtMs: atMs,
				endedAtMs: undefined,
				current: [],
				results: [],
			};
			return { ...state, lastId: Math.max(state.lastId, id), changes: [...state.changes, change] };
		}
		case 'stepStarted':
			return changed(state, event.id, (before) => ({
				...before,
				current: [...before.current, { target: event.target, startedAtMs: event.atMs }],
			}));
		case 'stepTold':
			return changed(state, event.id, (before) => ({ ...before, note: event.note }));
		case 'stepEnded':
			return changed(state, event.id, (before) => ({
				...before,
				note: undefined,
				current: before.current.filter(({ target }) => target !== event.result.target),
				results: [...before.results, event.result],
			}));
		case 'changeEnded': {
			const next = changed(state, event.id, (before) => ({ ...before, endedAtMs: event.atMs, current: [] }));
			const ended = next.changes.filter(({ endedAtMs }) => endedAtMs !== undefined);
			const dropped = new Set(ended.slice(0, Math.max(0, ended.length - keptChanges)));
			return { ...next, changes: next.changes.filter((change) => !dropped.has(change)) };
		}
		case 'endedChangesCleared':
			return { ...state, changes: state.changes.filter(({ endedAtMs }) => endedAtMs === undefined) };
	}
}
