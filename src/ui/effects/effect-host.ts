import type { CriClient } from '../../cri/ports.ts';
import type { Dispatch } from '../store/events.ts';
import type { UiState } from '../store/state.ts';

/** What every effect is made of: the way into the state, and the runtime that is connected now. */
export type EffectHost = {
	readonly getState: () => UiState;
	readonly dispatch: Dispatch;
	/** Announces the state now, for answers to a key. */
	readonly flush: () => void;
	/** undefined while no runtime is chosen; replaced when the person picks another. */
	readonly client: () => CriClient | undefined;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Ends everything when the inspector ends. */
	readonly signal: AbortSignal;
};
