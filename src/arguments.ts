import { parseArgs } from 'node:util';
import { UsageError } from './cli/usage-error.ts';
import { parseEndpoint } from './cri/endpoint-address.ts';

/** What the command line asks for. */
export type ProgramOptions = {
	readonly runtimeEndpoint: string | undefined;
	readonly imageEndpoint: string | undefined;
	/** criscope's own configuration file. */
	readonly config: string | undefined;
	readonly readOnly: boolean;
	/** Opened at login: read-only until the person lifts it. */
	readonly fromBanner: boolean;
	readonly theme: string | undefined;
	readonly ascii: boolean;
	readonly mouse: boolean;
	readonly once: boolean;
	readonly json: boolean;
	readonly plain: boolean;
	readonly help: boolean;
	readonly version: boolean;
};

const flags = {
	'runtime-endpoint': { type: 'string', short: 'r' },
	'image-endpoint': { type: 'string', short: 'i' },
	config: { type: 'string' },
	'read-only': { type: 'boolean' },
	'from-banner': { type: 'boolean' },
	theme: { type: 'string' },
	ascii: { type: 'boolean' },
	mouse: { type: 'boolean' },
	once: { type: 'boolean' },
	json: { type: 'boolean' },
	plain: { type: 'boolean' },
	help: { type: 'boolean', short: 'h' },
	version: { type: 'boolean', short: 'v' },
} as const;

/** Flags that verbs take too, before the verb or after it; each but `help` has a value. */
const verbFlags = ['runtime-endpoint', 'image-endpoint', 'config', 'timeout', 'help'];
const verbLetters: Readonly<Record<string, string>> = {
	r: 'runtime-endpoint',
	i: 'image-endpoint',
	c: 'config',
	t: 'timeout',
	h: 'help',
};

/** A command: its word, what stood before it and what follows it. */
export type Command = {
	readonly word: string;
	readonly before: readonly string[];
	readonly after: readonly string[];
};

/**
 * Finds the command among the arguments: the first word that is neither a flag nor a flag's value.
 * @returns undefined where there is none, which is the inspector
 * @throws UsageError for a flag before it that only the inspector has.
 */
export function findCommand(args: readonly string[]): Command | undefined {
	const inspectorOnly: string[] = [];
	for (let index = 0; index < args.length; index++) {
		const word = args[index] ?? '';
		if (!word.startsWith('-') || word === '-') {
			const [first] = inspectorOnly;
			if (first !== undefined) {
				throw new UsageError(`flag "${first}" is for the inspector only, not for "criscope ${word}"`);
			}
			return { word, before: args.slice(0, index), after: args.slice(index + 1) };
		}
		if (word === '--') return undefined;
		const [, dashes, name = '', inline] = /^(--?)([^=]*)(=.*)?$/su.exec(word) ?? [];
		const long = dashes === '--' ? name : (verbLetters[name.charAt(0)] ?? (flagOf(name) && name));
		const attached = inline !== undefined || (dashes === '-' && name.length > 1 && long !== name);
		const isTheirs = long !== undefined && verbFlags.includes(long);
		const known = isTheirs || flagOf(name) !== undefined || (dashes === '-' && name.startsWith('v'));
		// Nobody's: the inspector's parser knows what to say of it.
		if (!known) return undefined;
		if (!isTheirs) inspectorOnly.push(word);
		const takesValue = isTheirs ? long !== 'help' : flagOf(long ?? '')?.type === 'string';
		if (takesValue && !attached) index++;
	}
	return undefined;
}

function flagOf(name: string): { readonly type: string } | undefined {
	return Object.hasOwn(flags, name) ? flags[name as keyof typeof flags] : undefined;
}

function knownFlags(): string {
	return Object.keys(flags)
		.map((name) => `--${name}`)
		.join(', ');
}

function checkEndpoint(name: string, endpoint: string): void {
	try {
		parseEndpoint(endpoint);
	} catch (error) {
		throw new UsageError(`${error instanceof Error ? error.message : error} (flag --${name})`);
	}
}

/**
 * Reads the arguments (without node and script).
 * @throws UsageError naming the flag or word that is wrong.
 */
export function parseArguments(args: readonly string[]): ProgramOptions {
	let parsed: ReturnType<typeof parseArgs<{ options: typeof flags; allowPositionals: true }>>;
	try {
		parsed = parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
	} catch (error) {
		const code = error instanceof Error && 'code' in error ? error.code : undefined;
		const message = error instanceof Error ? error.message : String(error);
		if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
			const flag = /'(-[^']*)'/u.exec(message)?.[1] ?? message;
			throw new UsageError(`unknown flag "${flag}"; there are ${knownFlags()}`);
		}
		throw new UsageError(message.split('\n')[0] ?? message);
	}
	const { values, positionals } = parsed;
	if (positionals.length > 0) {
		throw new UsageError(`unknown command "${positionals[0]}"; run criscope without one for the inspector`);
	}
	for (const name of ['runtime-endpoint', 'image-endpoint', 'config', 'theme'] as const) {
		if (values[name] === '') throw new UsageError(`flag --${name} needs a value`);
	}
	for (const name of ['runtime-endpoint', 'image-endpoint'] as const) {
		const endpoint = values[name];
		if (endpoint !== undefined) checkEndpoint(name, endpoint);
	}
	const themes = ['auto', 'dark', 'light', 'mono', 'ansi16'];
	if (values.theme !== undefined && !themes.includes(values.theme)) {
		throw new UsageError(`unknown theme "${values.theme}"; there are ${themes.join(', ')}`);
	}
	if (values.plain && (values.once || values.json)) {
		throw new UsageError('--plain goes on asking, --once and --json print once: choose one');
	}
	return {
		runtimeEndpoint: values['runtime-endpoint'],
		imageEndpoint: values['image-endpoint'],
		config: values.config,
		readOnly: values['read-only'] ?? false,
		fromBanner: values['from-banner'] ?? false,
		theme: values.theme,
		ascii: values.ascii ?? false,
		mouse: values.mouse ?? false,
		once: values.once ?? false,
		json: values.json ?? false,
		plain: values.plain ?? false,
		help: values.help ?? false,
		version: values.version ?? false,
	};
}
