import type { CommandContext } from '../commands/command.ts';

/** What one purpose of a typed line does: on each change, when accepted, when left, and with up and down. */
export type Entry = {
	/** Follows the text while it is typed. */
	readonly change?: (context: CommandContext, value: string) => void;
	/** Enter. Must close the entry, or refuse the value with a reason. */
	readonly submit: (context: CommandContext, value: string) => void;
	/** Escape; the entry is closed already. */
	readonly cancel?: (context: CommandContext) => void;
	/** Up and down while typing; absent: they go through the history. */
	readonly move?: (context: CommandContext, delta: -1 | 1) => void;
};
