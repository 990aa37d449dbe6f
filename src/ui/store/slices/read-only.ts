/** Whether this session may change the node: read-only for good, or until the person lifts it for a while. */

/** How long a lift lasts, in milliseconds. */
export const liftMs = 10 * 60_000;

/** Whether this session may change the node, and if not, the words that say why. */
export type ReadOnly = {
	readonly enabled: boolean;
	readonly reason: string;
	/** Whether the person may lift it: nobody but the login banner asked for it. */
	readonly liftable?: boolean | undefined;
	/** When it comes back, in milliseconds since the epoch; undefined unless it is lifted. */
	readonly liftedUntilMs?: number | undefined;
	/** Which button of the question has the focus; undefined while nobody is asked. */
	readonly asking?: 'cancel' | 'confirm' | undefined;
};

export type ReadOnlyEvent =
	| { readonly kind: 'liftAsked' }
	| { readonly kind: 'liftFocusMoved' }
	| { readonly kind: 'liftAnswered'; readonly lift: boolean }
	| { readonly kind: 'readOnlyRestored' };

/** Applies one event. The question always opens on Cancel. */
export function updateReadOnly(state: ReadOnly, event: ReadOnlyEvent, nowMs: number): ReadOnly {
	switch (event.kind) {
		case 'liftAsked':
			return state.liftable ? { ...state, asking: 'cancel' } : state;
		case 'liftFocusMoved':
			return state.asking ? { ...state, asking: state.asking === 'cancel' ? 'confirm' : 'cancel' } : state;
		case 'liftAnswered': {
			const answered = { ...state, asking: undefined };
			const lifts = event.lift && state.liftable === true && state.asking !== undefined;
			return lifts ? { ...answered, enabled: false, liftedUntilMs: nowMs + liftMs } : answered;
		}
		case 'readOnlyRestored':
			return state.liftedUntilMs === undefined
				? state
				: { ...state, enabled: true, liftedUntilMs: undefined, asking: undefined };
	}
}

/** What a lift comes to as time goes by; the same object while nothing changes. */
export function expireLift(state: ReadOnly, nowMs: number): ReadOnly {
	const { liftedUntilMs } = state;
	// A clock that was set back must not make ten minutes of it an hour.
	const isOver = liftedUntilMs !== undefined && (nowMs >= liftedUntilMs || nowMs < liftedUntilMs - liftMs);
	return isOver ? { ...state, enabled: true, liftedUntilMs: undefined, asking: undefined } : state;
}
