import type { ActionEffects } from './action-effects.ts';
import type { InspectEffects } from './inspect-effects.ts';
import type { LogEffects } from './log-effects.ts';
import type { PullEffects } from './pull-effects.ts';
import type { SessionEffects } from './session-effects.ts';

/** What concerns the program as a whole. */
export type AppEffects = {
	/** Leaves the inspector with that exit code, the terminal restored. */
	readonly quit: (exitCode?: number) => void;
	/** Gives the terminal back to the shell until `fg`. */
	readonly suspend: () => void;
	/** Draws the whole screen anew. */
	readonly redraw: () => void;
	/** Asks the runtime for everything now. */
	readonly refresh: () => void;
	/** Puts text on the person's clipboard by OSC 52. */
	readonly copy: (text: string, what: string) => void;
	/** Leaves the current runtime and connects to another endpoint. */
	readonly connect: (endpoint: string) => void;
	/** Looks for sockets again, for the picker. */
	readonly findEndpoints: () => void;
	readonly setMouse: (on: boolean) => void;
};

/** Everything that commands can set in motion outside the state. Each part lives in its own file. */
export type Effects = {
	readonly app: AppEffects;
	readonly logs: LogEffects;
	readonly inspect: InspectEffects;
	readonly actions: ActionEffects;
	readonly pulls: PullEffects;
	readonly sessions: SessionEffects;
};
