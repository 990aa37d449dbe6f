import { finished } from 'node:stream/promises';
import { DeadlineError, errorMessage } from '../../cri/errors.ts';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { containerFilterFlags, listContainers, parseContainerChoice } from '../containers/container-list.ts';
import { forEachObject, tellFailure } from '../failures.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { findContainer } from '../objects/find.ts';
import { print } from '../output/print.ts';
import {
	readTls,
	type StreamTls,
	tlsFlags,
	transportFlag,
	transportOf,
} from '../streams/connection-options.ts';
import { detachFlag, parseDetachKeys, usualDetachKeys } from '../streams/detach-keys.ts';
import { requireTerminal, streamExitCode } from '../streams/stream-ending.ts';
import { runStream } from '../streams/stream-session.ts';
import { wholeLines } from '../streams/whole-lines.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

const { name, pod, image, state, label, latest, last } = containerFilterFlags;

/** Flags that choose the containers, so that no container is written. */
const filters = {
	name,
	pod,
	image,
	state: { ...state, short: undefined },
	label,
	latest: { ...latest, help: 'in the most recently created container' },
	last: { ...last, help: 'in so many of the most recently created ones; 0 is all' },
} as const satisfies FlagSpecs;

const flags = {
	sync: { kind: 'switch', short: 's', help: 'wait for the end, and print the output then' },
	timeout: {
		kind: 'duration',
		value: 'SECONDS',
		help: 'how long the command may take (default: 0, no limit)',
	},
	tty: { kind: 'switch', short: 't', help: 'on a terminal of its own' },
	interactive: { kind: 'switch', short: 'i', help: 'pass standard input' },
	...transportFlag,
	...filters,
	quiet: { kind: 'switch', short: 'q', help: 'no ids before the output of several containers' },
	'ignore-errors': { kind: 'switch', short: 'e', help: 'exit with 0 whatever came of it' },
	parallel: { kind: 'switch', short: 'x', help: 'in all containers at the same time' },
	...detachFlag,
	...tlsFlags,
} as const satisfies FlagSpecs;

/** What is run, and how. */
type Request = {
	readonly flags: FlagValues<typeof flags>;
	readonly command: readonly string[];
	readonly tls: StreamTls;
	readonly detachKeys: Uint8Array | undefined;
};

/** A container, and how it is called in sentences. */
type Target = { readonly id: ContainerId; readonly what: string };

async function runSync(
	client: CriClient,
	target: Target,
	request: Request,
	context: VerbContext,
): Promise<number> {
	const { command } = request;
	const timeoutSeconds = Math.ceil((request.flags.timeout ?? 0) / 1000);
	const result = await client.runtime.execSync({ containerId: target.id, command, timeoutSeconds }, context);
	await print(context, result.stdout);
	await print({ stdout: context.stderr }, result.stderr);
	return result.exitCode;
}

async function runStreamed(
	client: CriClient,
	target: Target,
	request: Request,
	context: VerbContext,
): Promise<number> {
	const { tty, interactive: stdin, timeout } = request.flags;
	const { command, tls, detachKeys } = request;
	const streams = { tty, stdin, stdout: true, stderr: !tty };
	const limit = timeout ? AbortSignal.timeout(timeout) : undefined;
	const signal = limit ? AbortSignal.any([context.signal, limit]) : context.signal;
	try {
		const end = await runStream(
			{
				open: () => client.runtime.exec({ containerId: target.id, command, ...streams }, { signal }),
				...streams,
				transport: transportOf(request.flags),
				tls,
				detachKeys,
			},
			{ ...context, signal },
		);
		return streamExitCode(end, { what: target.what, purpose: 'run the command in' }, context);
	} catch (error) {
		if (!limit?.aborted || context.signal.aborted) throw error;
		throw new DeadlineError(
			`cannot wait for the command in ${target.what}: it has not ended within ${timeout} ms, and may still run`,
			{ timeoutMs: timeout ?? 0 },
		);
	}
}

const runOne = (client: CriClient, target: Target, request: Request, context: VerbContext) =>
	(request.flags.sync ? runSync : runStreamed)(client, target, request, context);

/** One after the other; a failure in one leaves the others theirs. @returns the code of the first that failed. */
async function runInTurn(
	client: CriClient,
	targets: readonly Target[],
	request: Request,
	context: VerbContext,
): Promise<number> {
	let exitCode = 0;
	const failed = await forEachObject(targets, context, async (target) => {
		if (!request.flags.quiet) await print(context, `${target.id}:\n`);
		exitCode ||= await runOne(client, target, request, context);
	});
	return exitCode || failed;
}

/** In all of them at once, line by line. */
async function runAtOnce(
	client: CriClient,
	targets: readonly Target[],
	request: Request,
	context: VerbContext,
): Promise<number> {
	const codes = await Promise.all(
		targets.map(async (target) => {
			const own = { stdout: wholeLines(context.stdout), stderr: wholeLines(context.stderr) };
			try {
				return await runOne(client, target, request, { ...context, ...own });
			} catch (error) {
				context.signal.throwIfAborted();
				if (own.stdout.errored) throw own.stdout.errored;
				tellFailure(context, errorMessage(error));
				return 1;
			} finally {
				for (const stream of [own.stdout, own.stderr]) {
					if (!stream.errored) await finished(stream.end());
				}
			}
		}),
	);
	return codes.find((code) => code !== 0) ?? 0;
}

/** `criscope exec` */
export const execVerb = defineVerb({
	name: 'exec',
	aliases: [],
	summary: 'Run a command in a running container',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: '[CONTAINER] COMMAND [ARG…]' },
	flags,
	notes: `A CONTAINER is an id, the beginning of one, or a name. With --name, --pod, --image, --state, --label, --latest or --last
none is written, and the command runs in all running containers that match, one after the other. The exit code is the
command's own (of several, the first that is not 0), 1 where it could not be run.`,
	flagsEndAtFirstOperand: true,
	async run({ flags, given, operands }, context) {
		const { sync, tty, interactive, parallel } = flags;
		const byFilter = Object.keys(filters).some((filter) => given.has(filter));
		const [word = '', ...rest] = operands;
		const command = byFilter ? operands : rest;
		if (command.length === 0)
			throw new UsageError('exec needs a CONTAINER and a COMMAND, or filters and a COMMAND');
		if (sync && (tty || interactive))
			throw new UsageError('--sync goes without -i and -t: nothing can be typed');
		requireTerminal({ tty, stdin: interactive }, context);
		const request: Request = {
			flags,
			command,
			tls: await readTls(flags),
			detachKeys: parseDetachKeys(flags['detach-keys'] ?? usualDetachKeys),
		};
		const choice = byFilter && parseContainerChoice({ ...flags, namespace: undefined, all: false });
		const client = await context.connect();
		const options = { signal: context.signal };
		let exitCode: number;
		try {
			if (!choice) {
				const { id } = await findContainer(client, word, options);
				exitCode = await runOne(client, { id, what: `container "${sanitizeLine(word)}"` }, request, context);
			} else {
				const targets = (await listContainers(client, choice, options)).map(
					({ id, metadata }): Target => ({ id, what: `container "${sanitizeLine(metadata.name)}"` }),
				);
				if (targets.length === 0) throw new Error('cannot run the command: no container matches the filters');
				if (interactive && targets.length > 1) {
					throw new UsageError(`-i needs one container, and ${targets.length} match the filters`);
				}
				exitCode = await (parallel ? runAtOnce : runInTurn)(client, targets, request, context);
			}
		} catch (error) {
			context.signal.throwIfAborted();
			if (!flags['ignore-errors'] || error instanceof UsageError) throw error;
			tellFailure(context, errorMessage(error));
			return 0;
		}
		return flags['ignore-errors'] ? 0 : exitCode;
	},
});
