/** One line at the foot of the screen: what was done, or why a key did nothing. */
export type Notice = {
	readonly id: number;
	readonly level: 'plain' | 'ok' | 'warn' | 'fail';
	readonly text: string;
	readonly untilMs: number;
};

export type NoticesState = { readonly current: Notice | undefined; readonly lastId: number };

export type NoticesEvent =
	| { readonly kind: 'noticeRaised'; readonly level: Notice['level']; readonly text: string }
	| { readonly kind: 'noticeDismissed' };

/** No notice on screen. */
export const initialNotices: NoticesState = { current: undefined, lastId: 0 };

/** How long a notice stays: failures long enough to be read twice. */
const lifetimeMs: Readonly<Record<Notice['level'], number>> = {
	plain: 4_000,
	ok: 5_000,
	warn: 8_000,
	fail: 15_000,
};

/** Applies one event at the time of the newest tick. */
export function updateNotices(state: NoticesState, event: NoticesEvent, nowMs: number): NoticesState {
	if (event.kind === 'noticeDismissed') return state.current ? { ...state, current: undefined } : state;
	const id = state.lastId + 1;
	return {
		lastId: id,
		current: { id, level: event.level, text: event.text, untilMs: nowMs + lifetimeMs[event.level] },
	};
}

/** Lets an old notice go. */
export function expireNotices(state: NoticesState, nowMs: number): NoticesState {
	return state.current && nowMs >= state.current.untilMs ? { ...state, current: undefined } : state;
}
