/** The login banner: `criscope banner`, and the snippet that shows it at login. */
import { writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { isatty, WriteStream } from 'node:tty';
import { parseArgs } from 'node:util';
import { makeBanner } from './banner/banner.ts';
import { UsageError } from './cli/usage-error.ts';
import { detectCapabilities } from './text/terminal-capabilities.ts';

/** How long the banner may take in all, in milliseconds. */
const usualLimitMs = 300;
/** What of it goes to the shell in bin/criscope, which watches over it, and to writing and ending. */
const reserveMs = 85;

const usage = `Usage: criscope banner [-r ENDPOINT] [--config FILE]
       criscope banner --install | --uninstall | --print

Says in a few lines who this node is and how it is, within 300 ms; what is not known by then is said to be unknown.

Flags:
  -r, --runtime-endpoint ENDPOINT  as for the inspector
      --config FILE                as for the inspector
      --install                    show it at each interactive login: writes /etc/profile.d/criscope.sh
      --uninstall                  remove that file
      --print                      print that file
  -h, --help                       this text

A user opts out by ~/.hushlogin, by ~/.config/criscope/no-banner or by CRISCOPE_BANNER=off. CRISCOPE_BANNER_LIMIT_MS
gives it another time than 300 ms, for a host that is slow.
`;

type Options = {
	readonly runtimeEndpoint: string | undefined;
	readonly config: string | undefined;
	readonly deed: 'install' | 'uninstall' | 'print' | 'help' | undefined;
	/** Called by the snippet: names the key, and fails at nothing. */
	readonly login: boolean;
};

/** @throws UsageError for what is no argument of the banner */
function readArguments(args: readonly string[]): Options {
	try {
		const { values } = parseArgs({
			args: [...args],
			options: {
				'runtime-endpoint': { type: 'string', short: 'r' },
				// Flags of every command, which a banner has no use for.
				'image-endpoint': { type: 'string', short: 'i' },
				timeout: { type: 'string', short: 't' },
				config: { type: 'string', short: 'c' },
				install: { type: 'boolean' },
				uninstall: { type: 'boolean' },
				print: { type: 'boolean' },
				login: { type: 'boolean' },
				help: { type: 'boolean', short: 'h' },
			},
			strict: true,
			allowPositionals: false,
		});
		const deeds = (['help', 'install', 'uninstall', 'print'] as const).filter((deed) => values[deed]);
		if (deeds.length > 1 && deeds[0] !== 'help') {
			throw new UsageError(`--${deeds[0]} and --${deeds[1]} do not go together`);
		}
		return {
			runtimeEndpoint: values['runtime-endpoint'],
			config: values.config,
			deed: deeds[0],
			login: values.login ?? false,
		};
	} catch (error) {
		if (error instanceof UsageError) throw error;
		const message = error instanceof Error ? error.message : String(error);
		throw new UsageError(`${message.split(/[.\n]/u)[0]}; see criscope banner --help`);
	}
}

/** Columns of the terminal at stdout; some do not tell theirs. */
function columnsOf(isTerminal: boolean): number {
	return (isTerminal && new WriteStream(1).columns) || 80;
}

/** When the banner stops asking, in milliseconds since the start of the process. */
function deadlineOf({ CRISCOPE_BANNER_LIMIT_MS: limit = '' }: NodeJS.ProcessEnv): number {
	return (/^[1-9]\d{2,4}$/u.test(limit) ? Number(limit) : usualLimitMs) - reserveMs;
}

async function show({ runtimeEndpoint, config, login }: Options): Promise<number> {
	const { env } = process;
	const isTerminal = isatty(1);
	const { colors, unicode } = detectCapabilities(env, isTerminal);
	const { text, isReading } = await makeBanner({
		runtimeEndpoint,
		config,
		env,
		hostname: hostname(),
		screen: { colors, unicode, columns: columnsOf(isTerminal) },
		way: login ? 'login' : 'byHand',
		deadlineMs: deadlineOf(env),
	});
	try {
		writeSync(1, text);
	} catch {
		// Nobody reads, or the disk behind a redirection is full: a login has nobody to tell.
		if (!login) return 1;
	}
	// bin/criscope waits for this word and no longer. From then on the terminal is another's: an orderly end would set its modes
	// back to those of our start, and would wait for a read that hangs.
	const parent = Number(env['CRISCOPE_BANNER_PID']);
	const isWatched = parent > 1 && parent === process.ppid;
	if (isWatched) process.kill(parent, 'SIGUSR2');
	if (isWatched || isReading) process.kill(process.pid, 'SIGKILL');
	// Nor may a runtime that hangs keep the process.
	process.exit(0);
}

/**
 * Shows the banner, or installs it.
 * @returns the exit code; 0 at login whatever happens
 * @throws UsageError for wrong arguments, Error in one sentence where the snippet cannot be installed; never at login
 */
export async function startBanner(args: readonly string[]): Promise<number> {
	const isLogin = args.includes('--login');
	try {
		const options = readArguments(args);
		if (options.deed === 'help') {
			process.stdout.write(usage);
			return 0;
		}
		if (options.deed === undefined) return await show(options);
		const { commandBeside, runDeed } = await import('./banner/install.ts');
		const criscope = await commandBeside(process.argv[1] ?? '');
		process.stdout.write(await runDeed(options.deed, { criscope, isRoot: process.getuid?.() === 0 }));
		return 0;
	} catch (error) {
		if (isLogin) return 0;
		throw error;
	}
}
