import type { Effects } from '../effects/effects.ts';
import type { Scope } from '../keys/scope.ts';
import type { Dispatch } from '../store/events.ts';
import type { UiState } from '../store/state.ts';

/** How careful the screen is before a command does its work. */
export type Danger =
	/** Changes nothing on the node. */
	| 'none'
	/** Opens a way into a container or pod: changes nothing by itself, and is refused read-only. */
	| 'session'
	/** Changes the node: opens a dialog whose default is Cancel. */
	| 'confirm';

/** What a command works with. */
export type CommandContext = {
	readonly state: UiState;
	readonly dispatch: Dispatch;
	readonly effects: Effects;
	/** The whole table, for help and palette. */
	readonly commands: readonly Command[];
	/** Runs another command through the same gate as its key: a reason why not becomes a notice. */
	readonly runCommand: (id: string) => void;
};

/**
 * One thing a person can do. Footer, help, palette and docs/keybindings.md are made from the table of these.
 * A command that cannot act right now says why and stays visible.
 */
export type Command = {
	/** `<noun>.<verb>`, what a configuration file rebinds. */
	readonly id: string;
	/** Imperative, for palette and help. */
	readonly title: string;
	/** One or two words for the footer. */
	readonly hint?: string | undefined;
	/** Chords in the notation of keys/parse.ts. */
	readonly keys: readonly string[];
	/** Where its keys work, and the heading it has in help. */
	readonly scopes: readonly Scope[];
	readonly danger: Danger;
	/** True, or the reason why it cannot act now, as a sentence for the person. */
	readonly available?: (state: UiState) => true | string;
	readonly run: (context: CommandContext) => void;
	/** Not offered in the palette: moving about, editing text. */
	readonly silent?: boolean | undefined;
};

/** Names a command for the table; does nothing but check its type. */
export function defineCommand(command: Command): Command {
	return command;
}

/** Why a command cannot act now, or true: read-only comes before the command's own reason. */
export function availability(command: Command, state: UiState): true | string {
	if (command.danger !== 'none' && state.readOnly.enabled) return state.readOnly.reason;
	return command.available?.(state) ?? true;
}
