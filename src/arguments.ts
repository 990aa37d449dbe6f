import { parseArgs } from 'node:util';
import { parseEndpoint } from './cri/endpoint-address.ts';

/** What the command line asks for. */
export type ProgramOptions = {
	readonly runtimeEndpoint: string | undefined;
	readonly imageEndpoint: string | undefined;
	/** criscope's own configuration file. */
	readonly config: string | undefined;
	readonly readOnly: boolean;
	readonly theme: string | undefined;
	readonly ascii: boolean;
	readonly mouse: boolean;
	readonly once: boolean;
	readonly json: boolean;
	readonly plain: boolean;
	readonly help: boolean;
	readonly version: boolean;
};

/** The arguments are wrong: one sentence, exit code 64. */
export class UsageError extends Error {
	override readonly name = 'UsageError';
}

const flags = {
	'runtime-endpoint': { type: 'string', short: 'r' },
	'image-endpoint': { type: 'string', short: 'i' },
	config: { type: 'string' },
	'read-only': { type: 'boolean' },
	theme: { type: 'string' },
	ascii: { type: 'boolean' },
	mouse: { type: 'boolean' },
	once: { type: 'boolean' },
	json: { type: 'boolean' },
	plain: { type: 'boolean' },
	help: { type: 'boolean', short: 'h' },
	version: { type: 'boolean', short: 'v' },
} as const;

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
