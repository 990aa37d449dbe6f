import { actionCommands } from './action-commands.ts';
import { appCommands } from './app-commands.ts';
import type { Command } from './command.ts';
import { demoCommands } from './demo-commands.ts';
import { dialogCommands } from './dialog-commands.ts';
import { entryCommands } from './entry-commands.ts';
import { forwardCommands } from './forward-commands.ts';
import { inspectCommands } from './inspect-commands.ts';
import { inspectMoveCommands } from './inspect-move-commands.ts';
import { listCommands } from './list-commands.ts';
import { logCommands } from './log-commands.ts';
import { logMoveCommands } from './log-move-commands.ts';
import { overlayCommands } from './overlay-commands.ts';
import { paneCommands } from './pane-commands.ts';
import { pullCommands } from './pull-commands.ts';
import { readOnlyCommands } from './read-only-commands.ts';
import { sessionCommands } from './session-commands.ts';

/** Every command, in the order in which help lists them and the footer offers them: what is wanted most first. */
export const commands: readonly Command[] = [
	...appCommands,
	...listCommands,
	...logMoveCommands,
	...logCommands,
	...inspectCommands,
	...inspectMoveCommands,
	...actionCommands,
	...demoCommands,
	...dialogCommands,
	...readOnlyCommands,
	...pullCommands,
	...sessionCommands,
	...forwardCommands,
	...paneCommands,
	...overlayCommands,
	...entryCommands,
];
