/** Colours of the screen; `auto` asks the terminal and the environment. */
export const themes = ['auto', 'dark', 'light', 'mono', 'ansi16'] as const;

/** How log lines show their time. */
export const timestampModes = ['off', 'local', 'utc', 'relative'] as const;

/** What the configuration files say, with the defaults for what they do not. */
export type Config = {
	/** Commands bound to other keys than the shipped ones, by id; an empty list unbinds. */
	readonly keys: ReadonlyMap<string, readonly string[]>;
	readonly ui: {
		readonly theme: (typeof themes)[number];
		readonly mouse: boolean;
		/** Undefined: by the locale of the terminal. */
		readonly ascii: boolean | undefined;
		readonly refreshIntervalMs: number;
		readonly statsIntervalMs: number;
		/** Columns to show and their order, by kind of object; a kind that is absent shows its own choice. */
		readonly columns: ReadonlyMap<string, readonly string[]>;
		readonly readOnly: boolean;
		readonly timestamps: (typeof timestampModes)[number];
	};
	readonly runtime: {
		readonly endpoint: string | undefined;
		readonly imageEndpoint: string | undefined;
		/** Undefined: what crictl's file says, or else ten seconds. */
		readonly timeoutMs: number | undefined;
	};
	readonly pull: {
		/** Images remembered by the prompt. */
		readonly historySize: number;
		/** File with registry credentials, instead of the usual places. */
		readonly authFile: string | undefined;
	};
	/** The files that were read, the one with more authority last. */
	readonly files: readonly string[];
};

/** What holds when nothing is configured. */
export const defaultConfig: Config = {
	keys: new Map(),
	ui: {
		theme: 'auto',
		mouse: false,
		ascii: undefined,
		refreshIntervalMs: 2000,
		statsIntervalMs: 5000,
		columns: new Map(),
		readOnly: false,
		timestamps: 'off',
	},
	runtime: { endpoint: undefined, imageEndpoint: undefined, timeoutMs: undefined },
	pull: { historySize: 50, authFile: undefined },
	files: [],
};

/** A configuration file that cannot be used; the message is one sentence for the person who wrote it. */
export class ConfigError extends Error {
	readonly file: string;
	/** Counted from 1; undefined when the file as a whole is meant. */
	readonly line: number | undefined;

	constructor(file: string, line: number | undefined, cause: string, options?: ErrorOptions) {
		super(
			`cannot use configuration "${file}"${line === undefined ? '' : ` line ${line}`}: ${cause}`,
			options,
		);
		this.name = 'ConfigError';
		this.file = file;
		this.line = line;
	}
}
