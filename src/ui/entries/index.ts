import type { EntryKind } from '../store/slices/entry.ts';
import { confirmNameEntry } from './confirm-name.ts';
import type { Entry } from './entry.ts';
import { forwardPortsEntry } from './forward-ports.ts';
import { graceSecondsEntry } from './grace-seconds.ts';
import { inspectSaveEntry } from './inspect-save.ts';
import { inspectSearchEntry } from './inspect-search.ts';
import { listFilterEntry } from './list-filter.ts';
import { logFilterEntry } from './log-filter.ts';
import { logSaveEntry } from './log-save.ts';
import { logSearchEntry } from './log-search.ts';
import { logTimeEntry } from './log-time.ts';
import { paletteEntry } from './palette.ts';
import { pullImageEntry } from './pull-image.ts';
import { pullPasswordEntry } from './pull-password.ts';
import { pullUsernameEntry } from './pull-username.ts';

/** What each purpose of a typed line does, one line each. */
const table: Readonly<Record<EntryKind, Entry>> = {
	listFilter: listFilterEntry,
	palette: paletteEntry,
	logSearch: logSearchEntry,
	logFilter: logFilterEntry,
	logTime: logTimeEntry,
	logSave: logSaveEntry,
	inspectSearch: inspectSearchEntry,
	inspectSave: inspectSaveEntry,
	confirmName: confirmNameEntry,
	graceSeconds: graceSecondsEntry,
	forwardPorts: forwardPortsEntry,
	pullImage: pullImageEntry,
	pullUsername: pullUsernameEntry,
	pullPassword: pullPasswordEntry,
};

/** The behaviour of a purpose. */
export function entryOf(kind: EntryKind): Entry {
	return table[kind];
}
