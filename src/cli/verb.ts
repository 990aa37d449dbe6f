/** What a verb of the command line is: data in a table (verbs.ts), one file each. */
import type { Readable, Writable } from 'node:stream';
import type { CriClient } from '../cri/ports.ts';
import type { ConnectionFlags } from './connection-flags.ts';
import type { FlagSpecs, FlagValues } from './flags.ts';

/** Columns and rows of a terminal, in cells. */
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** The terminal at stdin, for a session that takes it over. */
export type LocalTerminal = {
	/** As the terminal at stdout or stderr tells it; undefined where neither is one, or it does not tell. */
	readonly size: () => TerminalSize | undefined;
	/** Calls the listener after each change of the size, until disposed of. */
	readonly onResize: (listener: () => void) => Disposable;
	/**
	 * Hands every key through as it is typed, until disposed of; however the process ends (also by a second signal or an
	 * uncaught error), the terminal is as it was before. For one session at a time.
	 * @param undoText what undoes the modes that the session's output has set; asked for at the end
	 */
	readonly takeOver: (undoText: () => string) => Disposable;
};

/** What a verb may use; nothing else of the process. */
export type VerbContext = {
	/** Standard input, opened when it is first asked for. */
	readonly stdin: () => Readable;
	readonly stdout: Writable;
	readonly stderr: Writable;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Size of the terminal at stderr, where progress is drawn; undefined where it is none. Asked anew at every paint. */
	readonly terminalSize: () => TerminalSize | undefined;
	readonly stdinIsTerminal: boolean;
	readonly stdoutIsTerminal: boolean;
	/** Undefined where stdin is no terminal. */
	readonly terminal?: LocalTerminal | undefined;
	/**
	 * Hands every signal that a program may be sent to the listener, instead of ending the verb, until disposed of. For one
	 * listener at a time.
	 */
	readonly takeSignals: (listener: (name: NodeJS.Signals) => void) => Disposable;
	/** Aborted by SIGINT, SIGTERM and SIGHUP, and when nobody reads stdout any more. */
	readonly signal: AbortSignal;
	/**
	 * Connects by the rules of the inspector (flags, environment, crictl.yaml, well-known sockets), once.
	 * @param instead flags to go by, in the place of this call's own
	 */
	readonly connect: (instead?: ConnectionFlags) => Promise<CriClient>;
	/** What --config says, on whichever side of the verb. */
	readonly configPath?: string | undefined;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
};

/** How many words may follow the flags, and what they are. */
export type Operands = {
	readonly least: number;
	/** Infinity where there is no end. */
	readonly most: number;
	/** As it stands in the usage line: `IMAGE…`, `[IMAGE…]`. */
	readonly words: string;
};

/** Flags and operands of one call. */
export type VerbCall<Specs extends FlagSpecs> = {
	readonly flags: FlagValues<Specs>;
	/** Names of the flags that were written, or set by their variable. */
	readonly given: ReadonlySet<string>;
	readonly operands: readonly string[];
};

/** One verb, such as `pull`. */
export type Verb<Specs extends FlagSpecs = FlagSpecs> = {
	readonly name: string;
	readonly aliases: readonly string[];
	/** For programs, not for people: in no list and no suggestion. */
	readonly hidden?: boolean | undefined;
	/** One line for the list of verbs. */
	readonly summary: string;
	readonly operands: Operands;
	/** Its own flags; those for the connection come to every verb. */
	readonly flags: Specs;
	/** What `criscope VERB --help` says below the flags; '' where they say it all. */
	readonly notes: string;
	/** True where everything after the first operand belongs to somebody else, as the command of `exec`. */
	readonly flagsEndAtFirstOperand?: boolean | undefined;
	/**
	 * @returns the exit code
	 * @throws UsageError for arguments that do not go together, anything else for a failure; both become one sentence
	 */
	run(call: VerbCall<Specs>, context: VerbContext): Promise<number>;
};

/** Writes a verb down, so that its `run` knows the types of its own flags. */
export function defineVerb<const Specs extends FlagSpecs>(verb: Verb<Specs>): Verb {
	// `run` only ever gets what was parsed by these very specs.
	return verb as unknown as Verb;
}
