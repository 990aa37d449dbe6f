/** Lends a verb the process: its streams, its signals, and the way to the runtime. */

import { access } from 'node:fs/promises';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { Command } from './arguments.ts';
import type { ConnectionFlags } from './cli/connection-flags.ts';
import { ReaderGoneError } from './cli/output/print.ts';
import { runVerb } from './cli/run-verb.ts';
import { chooseEndpoint, describeOrigin, type EndpointChoice } from './cri/endpoints.ts';
import type { CriClient } from './cri/ports.ts';
import { localTerminal } from './local-terminal.ts';
import { connectRuntime, type EndpointDefaults, restartPatienceMs, settleChoice } from './runtime-access.ts';

type Defaults = EndpointDefaults & { readonly readOnly: boolean };

type Options = { readonly signal: AbortSignal };

/** The command line for the sudo advice, without what nobody else should read. */
function printableCommandLine(args: readonly string[]): string {
	const shown = args.map((arg, index) => {
		const secret = /^--?(?:creds|auth)$/u.test(args[index - 1] ?? '');
		return secret ? '…' : arg.replace(/^(--?(?:creds|auth))=.*$/su, '$1=…');
	});
	return ['criscope', ...shown].join(' ');
}

/** What criscope's own configuration says of the runtime; nothing where there is no such file, as nearly everywhere. */
async function readDefaults(config: string | undefined): Promise<Defaults> {
	const own = config?.endsWith('.toml') ? config : undefined;
	const none = { endpoint: undefined, imageEndpoint: undefined, readOnly: false };
	// A file of crictl's that was asked for is the only one that counts.
	if (config !== undefined && own === undefined) return none;
	const { XDG_CONFIG_HOME: xdg, HOME: home } = process.env;
	const user = xdg?.startsWith('/') ? xdg : `${home ?? ''}/.config`;
	const usual = ['/etc/criscope/config.toml', `${user}/criscope/config.toml`];
	const found = await Promise.all(
		usual.map((path) =>
			access(path).then(
				() => true,
				() => false,
			),
		),
	);
	if (own === undefined && !found.includes(true)) return none;
	// The reader knows the inspector's keys and columns, and brings them along.
	const [{ readConfig }, { parseArguments }] = await Promise.all([
		import('./read-config.ts'),
		import('./arguments.ts'),
	]);
	const { runtime, ui } = await readConfig({ ...parseArguments([]), config: own });
	return { ...runtime, readOnly: ui.readOnly };
}

/** Chooses as the inspector does. An image endpoint that was named suffices where no runtime is found. */
async function choose(
	flags: ConnectionFlags,
	defaults: Defaults,
	{ signal }: Options,
): Promise<Extract<EndpointChoice, { readonly kind: 'chosen' }>> {
	const { env } = process;
	const { config } = flags;
	const request = {
		flags: {
			runtimeEndpoint:
				flags['runtime-endpoint'] ?? (env['CONTAINER_RUNTIME_ENDPOINT'] ? undefined : defaults.endpoint),
			imageEndpoint:
				flags['image-endpoint'] ?? (env['IMAGE_SERVICE_ENDPOINT'] ? undefined : defaults.imageEndpoint),
			configPath: config?.endsWith('.toml') ? undefined : config,
		},
		env,
		commandLine: printableCommandLine(process.argv.slice(2)),
		patienceMs: restartPatienceMs,
	};
	const choice = await chooseEndpoint(request, { signal });
	const image = request.flags.imageEndpoint ?? env['IMAGE_SERVICE_ENDPOINT'];
	if (choice.kind === 'none' && image) {
		const flagsForImages = { ...request.flags, runtimeEndpoint: image };
		const alone = await chooseEndpoint({ ...request, flags: flagsForImages }, { signal });
		if (alone.kind === 'chosen') return alone;
		throw new Error(alone.message);
	}
	const again = () => chooseEndpoint(request, { signal });
	return settleChoice(choice, again, { env, readOnly: defaults.readOnly }, { signal });
}

async function connect(flags: ConnectionFlags, options: Options): Promise<CriClient> {
	const defaults = await readDefaults(flags.config);
	const choice = await choose(flags, defaults, options);
	if (choice.others.length > 0) {
		const others = choice.others.map(({ endpoint }) => endpoint).join(', ');
		process.stderr.write(
			`criscope: using ${choice.runtimeEndpoint} (${describeOrigin(choice.origin)}); also found ${others}\n`,
		);
	}
	// 0 is crictl's way to say "as usual".
	const timeoutMs = flags.timeout || defaults.timeoutMs || choice.timeoutMs;
	const { imageEndpoint } = choice;
	return connectRuntime(choice.runtimeEndpoint, { imageEndpoint, timeoutMs, patienceMs: restartPatienceMs });
}

/** The size of the terminal at stderr; some terminals do not tell theirs. */
function terminalSize() {
	if (!process.stderr.isTTY) return undefined;
	const [columns, rows] = process.stderr.getWindowSize();
	return { columns: columns || 80, rows: rows || 24 };
}

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What else is sent to programs on purpose; a verb that runs one passes all of them on. */
const passedSignals = [...endingSignals, 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Runs a verb to its end.
 * @returns the exit code: the verb's, 128+N after signal N, 0 where nobody reads any more
 * @throws UsageError, and the failure of the verb.
 */
export async function startVerb({ word, before, after }: Command): Promise<number> {
	const ending = new AbortController();
	let signalNumber = 0;
	const end = (name: NodeJS.Signals): void => {
		const number = constants.signals[name];
		// Asked twice: whatever hangs is not waited for. The cursor must come back all the same.
		if (ending.signal.aborted) {
			if (process.stderr.isTTY) process.stderr.write('\x1b[?25h');
			process.exit(128 + number);
		}
		signalNumber = number;
		ending.abort();
	};
	for (const name of endingSignals) process.on(name, end);
	const takeSignals = (listener: (name: NodeJS.Signals) => void): Disposable => {
		for (const name of endingSignals) process.off(name, end);
		for (const name of passedSignals) process.on(name, listener);
		return {
			[Symbol.dispose]() {
				for (const name of passedSignals) process.off(name, listener);
				for (const name of endingSignals) process.on(name, end);
			},
		};
	};
	let stdinOpened = false;
	const openStdin = () => {
		stdinOpened = true;
		return process.stdin;
	};
	// Whoever writes is told by its own callback; nobody else listens.
	process.stdout.on('error', () => undefined);
	process.stderr.on('error', () => undefined);
	const { signal } = ending;
	try {
		return await runVerb(
			word,
			{ before, after },
			{
				stdin: openStdin,
				stdout: process.stdout,
				stderr: process.stderr,
				env: process.env,
				terminalSize,
				stdinIsTerminal: isatty(0),
				stdoutIsTerminal: process.stdout.isTTY === true,
				terminal: isatty(0) ? localTerminal(openStdin) : undefined,
				takeSignals,
				signal,
				connect: (flags) => connect(flags, { signal }),
				now: Date.now,
			},
		);
	} catch (error) {
		if (signal.aborted) return 128 + signalNumber;
		if (error instanceof ReaderGoneError) return 0;
		// Ctrl+C on a terminal whose keys are read one by one is a key, not a signal.
		if (error instanceof Error && error.name === 'AbortError') return 128 + constants.signals.SIGINT;
		throw error;
	} finally {
		for (const name of endingSignals) process.off(name, end);
		// A pipe that stays open would keep the process.
		if (stdinOpened) process.stdin.destroy();
		// So would output that nobody takes; who asks for the end does not wait for that.
		if (signal.aborted && process.stdout.writableLength + process.stderr.writableLength > 0) {
			process.exit(128 + signalNumber);
		}
	}
}
