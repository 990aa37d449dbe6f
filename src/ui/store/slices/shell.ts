/** Shells and attached containers: which are open, what each shows, and who gets the keys. */
import type { Line } from '../../theme/tokens.ts';

/** How far a session has come. */
export type ShellPhase =
	/** An attach that waits for the person's yes. */
	| { readonly kind: 'asking' }
	| { readonly kind: 'opening' }
	| { readonly kind: 'live' }
	/** Over; `text` is a sentence without what comes from outside unsanitised. */
	| { readonly kind: 'ended'; readonly level: 'ok' | 'warn' | 'fail'; readonly text: string };

/** A picture of the emulator behind a session, as wide and high as the pane was. */
export type TerminalScreen = {
	readonly lines: readonly Line[];
	/** Undefined while the program hides it, and while the reader has scrolled it off. */
	readonly cursor: { readonly column: number; readonly row: number } | undefined;
	/** Lines below the last one shown: 0 unless scrolled back. */
	readonly linesBelow: number;
};

/** One shell or attach. Names are as the runtime gave them, not sanitised. */
export type ShellSession = {
	readonly id: number;
	readonly purpose: 'shell' | 'attach';
	readonly containerId: string;
	readonly container: string;
	readonly pod: string;
	readonly phase: ShellPhase;
	/** The shell that was found, or '' before and for an attach. */
	readonly command: string;
	readonly screen: TerminalScreen | undefined;
};

/** Who gets the keys of an open session: the container, the one-key menu, or the scrolling of what went by. */
export type ShellMode = 'keys' | 'menu' | 'scroll';

/** All sessions, oldest first. `currentId` is the one the pane shows, or showed last. */
export type ShellState = {
	readonly sessions: readonly ShellSession[];
	readonly currentId: number | undefined;
	readonly mode: ShellMode;
	/** The pane takes the whole screen, header and footer included. */
	readonly zoomed: boolean;
	/** When the person was last told that leaving ends live sessions. */
	readonly quitAskedAtMs: number | undefined;
};

export type ShellEvent =
	| {
			readonly kind: 'shellOpened';
			readonly session: Pick<ShellSession, 'id' | 'purpose' | 'containerId' | 'container' | 'pod' | 'phase'>;
	  }
	| { readonly kind: 'shellShown'; readonly id: number }
	| { readonly kind: 'shellPhaseChanged'; readonly id: number; readonly phase: ShellPhase }
	| { readonly kind: 'shellCommandFound'; readonly id: number; readonly command: string }
	| { readonly kind: 'shellScreenChanged'; readonly id: number; readonly screen: TerminalScreen }
	| { readonly kind: 'shellModeChanged'; readonly mode: ShellMode }
	| { readonly kind: 'shellZoomToggled' }
	| { readonly kind: 'shellClosed'; readonly id: number }
	| { readonly kind: 'quitAsked'; readonly atMs: number };

/** No session. */
export const initialShell: ShellState = {
	sessions: [],
	currentId: undefined,
	mode: 'keys',
	zoomed: false,
	quitAskedAtMs: undefined,
};

function changed(state: ShellState, id: number, part: Partial<ShellSession>): ShellState {
	if (!state.sessions.some((session) => session.id === id)) return state;
	return {
		...state,
		sessions: state.sessions.map((session) => (session.id === id ? { ...session, ...part } : session)),
	};
}

/** Applies one event; what concerns a session that is gone changes nothing. */
export function updateShell(state: ShellState, event: ShellEvent): ShellState {
	switch (event.kind) {
		case 'shellOpened':
			return {
				...state,
				sessions: [...state.sessions, { ...event.session, command: '', screen: undefined }],
				currentId: event.session.id,
				mode: 'keys',
				zoomed: false,
			};
		case 'shellShown':
			return { ...state, currentId: event.id, mode: 'keys' };
		case 'shellPhaseChanged': {
			const next = changed(state, event.id, { phase: event.phase });
			// The menu of a session that is over offers nothing; scrolling goes on.
			const leavesMenu =
				event.phase.kind === 'ended' && event.id === state.currentId && state.mode === 'menu';
			return leavesMenu ? { ...next, mode: 'keys' } : next;
		}
		case 'shellCommandFound':
			return changed(state, event.id, { command: event.command });
		case 'shellScreenChanged':
			return changed(state, event.id, { screen: event.screen });
		case 'shellModeChanged':
			return event.mode === state.mode ? state : { ...state, mode: event.mode };
		case 'shellZoomToggled':
			return { ...state, zoomed: !state.zoomed, mode: state.mode === 'menu' ? 'keys' : state.mode };
		case 'shellClosed': {
			const sessions = state.sessions.filter(({ id }) => id !== event.id);
			if (sessions.length === state.sessions.length) return state;
			const currentId = event.id === state.currentId ? sessions.at(-1)?.id : state.currentId;
			return { ...state, sessions, currentId, mode: 'keys' };
		}
		case 'quitAsked':
			return { ...state, quitAskedAtMs: event.atMs };
	}
}

/** The session that the pane shows. */
export function currentShell(state: ShellState): ShellSession | undefined {
	return state.sessions.find(({ id }) => id === state.currentId);
}

/** Sessions that would be lost by leaving. */
export function liveShells(state: ShellState): readonly ShellSession[] {
	return state.sessions.filter(({ phase }) => phase.kind === 'live' || phase.kind === 'opening');
}
