import { didYouMean } from '../../text/suggest.ts';
import { findKeyClashes } from '../keys/clashes.ts';
import { formatChord } from '../keys/display.ts';
import type { KeyBinding } from '../keys/keymap.ts';
import { isPlainLowerCase, parseChord } from '../keys/parse.ts';
import type { Scope } from '../keys/scope.ts';
import { describe, type Fail, isTable } from './values.ts';

/** What the configuration needs to know of a command. */
export type ConfigurableCommand = {
	readonly id: string;
	/** The shipped chords. */
	readonly keys: readonly string[];
	readonly scope: Scope | readonly Scope[];
	/** True for a command that changes the node: it may not get a plain small letter. */
	readonly changesNode?: boolean | undefined;
};

/**
 * Reads the `[keys]` table: ids of commands to lists of chords, or to one chord. Ids have dots, which TOML reads as
 * tables within tables unless they are quoted; both ways of writing are understood.
 */
export function readKeys(
	table: Readonly<Record<string, unknown>>,
	commands: readonly ConfigurableCommand[],
	fail: Fail,
): ReadonlyMap<string, { readonly keys: readonly string[]; readonly path: readonly string[] }> {
	const byId = new Map(commands.map((command) => [command.id, command]));
	const bound = new Map<string, { keys: readonly string[]; path: readonly string[] }>();
	const visit = (values: Readonly<Record<string, unknown>>, path: readonly string[]) => {
		for (const [name, value] of Object.entries(values)) {
			const own = [...path, name];
			if (isTable(value)) visit(value, own);
			else {
				const id = own.slice(1).join('.');
				const command = byId.get(id);
				if (command === undefined)
					fail(own, `there is no command "${id}"${didYouMean(id, [...byId.keys()])}`);
				bound.set(id, { keys: readChords(command, value, own, fail), path: own });
			}
		}
	};
	visit(table, ['keys']);
	return bound;
}

function readChords(
	command: ConfigurableCommand,
	value: unknown,
	path: readonly string[],
	fail: Fail,
): readonly string[] {
	const list: readonly unknown[] = Array.isArray(value) ? value : [value];
	return list.map((written) => {
		if (typeof written !== 'string') {
			return fail(
				path,
				`keys of "${command.id}" must be a list of texts, such as ["ctrl+d"], not ${describe(written)}`,
			);
		}
		let chord: readonly string[];
		try {
			chord = parseChord(written);
		} catch (error) {
			return fail(path, error instanceof Error ? error.message : String(error));
		}
		if (command.changesNode && isPlainLowerCase(chord)) {
			return fail(
				path,
				`"${command.id}" changes the node and cannot be bound to the plain key "${formatChord(chord)}"; use a capital letter`,
			);
		}
		return chord.join(' ');
	});
}

/**
 * Refuses keys that two commands want. Clashes among the shipped keys alone are not the user's to mend and are passed
 * over; so is a pane's own meaning for a global key, unless one of the two was rebound.
 */
export function refuseClashes(
	commands: readonly ConfigurableCommand[],
	rebound: ReadonlyMap<string, { readonly keys: readonly string[]; readonly path: readonly string[] }>,
	fail: Fail,
): void {
	const keys = new Map([...rebound].map(([id, binding]) => [id, binding.keys]));
	for (const clash of findKeyClashes(applyKeys(commands, keys))) {
		const [first, second] = clash.commandIds;
		// The later line of the file is the one to point at when both were rebound.
		const path = rebound.get(second)?.path ?? rebound.get(first)?.path;
		if (path === undefined) continue;
		const mine = rebound.has(second) ? second : first;
		const other = mine === second ? first : second;
		fail(
			path,
			`key "${formatChord(clash.keys, { unicode: false })}" of "${mine}" is already bound to "${other}"`,
		);
	}
}

/**
 * Puts the configured keys in place of the shipped ones.
 * @returns bindings for `createKeymap`, in the order of the commands.
 */
export function applyKeys(
	commands: readonly ConfigurableCommand[],
	keys: ReadonlyMap<string, readonly string[]>,
): readonly KeyBinding[] {
	return commands.map(({ id, keys: shipped, scope }) => ({
		commandId: id,
		keys: keys.get(id) ?? shipped,
		scope,
	}));
}
