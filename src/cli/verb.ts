/** What a verb of the command line is: data in a table (verbs.ts), one file each. */
import type { Readable, Writable } from 'node:stream';
import type { CriClient } from '../cri/ports.ts';

/** What a verb may use; nothing else of the process. */
export type VerbContext = {
	readonly stdin: Readable;
	readonly stdout: Writable;
	readonly stderr: Writable;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Columns of the terminal at stderr, where progress is drawn; undefined where it is none. */
	readonly terminalColumns: () => number | undefined;
	readonly stdinIsTerminal: boolean;
	readonly stdoutIsTerminal: boolean;
	/** Aborted by SIGINT and SIGTERM. */
	readonly signal: AbortSignal;
	/** Connects by the rules of the inspector (flags, environment, crictl.yaml, well-known sockets), once. */
	readonly connect: () => Promise<CriClient>;
};

/** One verb, such as `pull`. */
export type Verb = {
	readonly name: string;
	readonly aliases: readonly string[];
	/** One line for the list of verbs. */
	readonly summary: string;
	/** `pull [flags] IMAGE…` */
	readonly usage: string;
	/** Text of `criscope VERB --help`, after the usage line. */
	readonly help: string;
	/**
	 * @param args what follows the verb's name
	 * @returns the exit code
	 * @throws UsageError for wrong arguments, anything else for a failure; both become one sentence
	 */
	readonly run: (args: readonly string[], context: VerbContext) => Promise<number>;
};
