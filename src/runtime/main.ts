/**
 * The embedded runtime as a process: opens the store, listens, and ends in order. Everything that an earlier run left
 * half-done (staging folders, incomplete layers, a dead socket) is cleaned up by the parts when they are opened.
 */
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorMessage, PermissionError } from '../cri/errors.ts';
import { startCriServer } from '../cri/transport/server.ts';
import { createLog, type Log } from './log.ts';
import { openImages } from './open-images.ts';
import { type OpenPods, openPods } from './open-pods.ts';
import type { ServeOptions } from './options.ts';
import { createImageSummaries } from './server/image-summaries.ts';
import { createInstrument } from './server/instrument.ts';
import { createServices } from './server/services.ts';
import { listenForShutdown } from './shutdown-signals.ts';
import type { Store } from './storage/model.ts';

/** What of the process the runtime uses. */
export type ServeContext = {
	readonly env: NodeJS.ProcessEnv;
	/** Where the log goes. */
	readonly stderr: Writable & { readonly isTTY?: boolean };
	/** Of this program. */
	readonly version: string;
};

/** How long calls under way have after the first signal, in milliseconds. */
const shutdownGraceMs = 10_000;

/**
 * Runs until a signal ends it.
 * @returns the exit code
 * @throws Error in one sentence where it cannot start
 */
export async function serve(options: ServeOptions, context: ServeContext): Promise<number> {
	if (process.getuid?.() !== 0) {
		throw new PermissionError(
			'cannot serve: the store keeps files with their owners, which only root can; run it as sudo criscope serve',
		);
	}
	// Folders and sockets that others are to reach must not depend on who started this.
	process.umask(0o022);
	// A log that nobody reads any more must not end the runtime.
	context.stderr.on('error', () => undefined);
	const log = createLog(context.stderr, {
		level: options.logLevel,
		format: options.logFormat ?? (context.stderr.isTTY === true ? 'text' : 'json'),
	});
	reportFaults(log);
	return run(options, context, log);
}

async function run(options: ServeOptions, context: ServeContext, log: Log): Promise<number> {
	using signals = listenForShutdown(() =>
		log('info', 'SIGHUP: nothing to do, configuration files are read anew when they change'),
	);
	const starting = new AbortController();
	const stopStarting = signals.first.then((signal) => starting.abort(new Error(`ended by ${signal}`)));
	let images: Awaited<ReturnType<typeof openImages>>;
	try {
		images = await openImages(options, { env: context.env, log }, { signal: starting.signal });
	} catch (error) {
		if (!starting.signal.aborted) throw error;
		return 0;
	}
	await using _ = images;
	const { store, transfers } = images;
	const summaries = createImageSummaries(store, (image, error) =>
		log('warn', 'image left out of the list', { image: image.id, error: errorMessage(error) }),
	);
	const now = () => BigInt(Date.now()) * 1_000_000n;
	let pods: OpenPods;
	try {
		pods = await openPods(store, { env: context.env, log, version: context.version, now });
	} catch (error) {
		if (!starting.signal.aborted) throw error;
		return 0;
	}
	await using _pods = pods;
	const services = createServices({ store, transfers, summaries, log, now }, pods.runtime);
	const server = await startCriServer({
		...services,
		socketPath: options.socketPath,
		observe: createInstrument(log),
	});
	log('info', 'serving', {
		listen: `unix://${options.socketPath}`,
		root: store.graphRoot,
		runroot: store.runRoot,
		driver: store.driver,
		version: context.version,
		pid: process.pid,
	});
	const ending = new AbortController();
	const looking = lookOver(store, log, ending.signal);

	const signal = await signals.first;
	await stopStarting;
	log('info', 'stopping', { signal });
	ending.abort();
	await server.stop({ graceMs: shutdownGraceMs, signal: signals.second });
	// What does not end by itself now is cleaned up by the next start.
	if (signals.second.aborted) process.exit(128 + constants.signals[signal]);
	await looking;
	await pods[Symbol.asyncDispose]();
	await images[Symbol.asyncDispose]();
	log('info', 'stopped');
	return 0;
}

/**
 * Names what is wrong with the store, and measures it, so that the first ImageFsInfo, for which clients wait two seconds,
 * has little left to measure.
 */
async function lookOver(store: Store, log: Log, signal: AbortSignal): Promise<void> {
	try {
		// The first calls come first.
		await sleep(50, undefined, { signal });
		for (const { kind, id, cause } of await store.check({ signal })) {
			log('warn', `damaged ${kind}`, { id, cause, remedy: remedies[kind] });
		}
		await store.usage({ signal });
	} catch (error) {
		if (!signal.aborted) log('error', 'the store cannot be looked over', { error: errorMessage(error) });
	}
}

const remedies = {
	image: 'pull the image again',
	layer: 'pull an image that has it again',
	record: 'another program must not be writing it; restore the file from a backup',
} as const;

/** A fault that nobody caught leaves the process in a state that nobody knows: it is told, and ended. */
function reportFaults(log: Log): void {
	const report = (error: unknown) => {
		const stack = error instanceof Error ? error.stack : undefined;
		log('error', 'a fault of criscope', { error: errorMessage(error), stack });
		process.exit(1);
	};
	process.on('uncaughtException', report);
	process.on('unhandledRejection', report);
}
