import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Command } from '../commands/command.ts';
import type { Surfaces } from '../components/surfaces.ts';
import type { Keymap } from '../keys/keymap.ts';
import type { UiState } from '../store/state.ts';
import type { Store } from '../store/store.ts';
import type { Theme } from '../theme/themes.ts';

/** What every view may use: no data, only the ways to it. */
export type UiContext = {
	readonly store: Store;
	readonly theme: Theme;
	/** Where blocks of text put what they show. */
	readonly surfaces: Surfaces;
	readonly keymap: Keymap;
	readonly commands: readonly Command[];
	/** False where the terminal shows ASCII only: key names are then written out. */
	readonly unicode: boolean;
};

const Context = createContext<UiContext | undefined>(undefined);

/** Gives the context to the views below it. */
export const UiProvider = Context.Provider;

/** The context of the running inspector. */
export function useUiContext(): UiContext {
	const context = useContext(Context);
	if (!context) throw new Error('a view was rendered outside UiProvider');
	return context;
}

/** Reads from the state; the component renders again only when the answer is another object. */
export function useUi<Answer>(selector: (state: UiState) => Answer): Answer {
	const { store } = useUiContext();
	return useSyncExternalStore(store.subscribe, () => selector(store.getShown()));
}
