/**
 * The embedded runtime as a process: opens the store, listens, and ends in order. Everything that an earlier run left
 * half-done (staging folders, incomplete layers, a dead socket) is cleaned up by the parts when they are opened.
 */
import { constants } from 'node:os';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedSocketPath } from '../cri/endpoint-address.ts';
import { errorMessage, PermissionError, UnavailableError } from '../cri/errors.ts';
import { startCriServer } from '../cri/transport/server.ts';
import { detectCgroupLayout } from '../node/cgroup-layout.ts';
import { enterOwnCgroup, removesEmptyParent } from './cgroup/own-cgroup.ts';
import { createLiveConfig } from './config/live-config.ts';
import { loadRuntimeConfig, type RuntimeConfig } from './config/runtime-config.ts';
import { leaveWhenIdle } from './idle-exit.ts';
import { createLog, type Log, type LogLevel, logLevels } from './log.ts';
import { countPulls } from './metrics/count-pulls.ts';
import { createMetrics } from './metrics/metrics.ts';
import { startMetricsServer } from './metrics/metrics-server.ts';
import { openImages } from './open-images.ts';
import { type OpenPods, openPods } from './open-pods.ts';
import type { ServeOptions } from './options.ts';
import { releaseAfterWork } from './release-memory.ts';
import { createImageSummaries } from './server/image-summaries.ts';
import { createInstrument } from './server/instrument.ts';
import { createServices } from './server/services.ts';
import { createServiceNotices } from './service-notices.ts';
import { listenForShutdown } from './shutdown-signals.ts';
import type { Store } from './storage/model.ts';
import { nowNanos } from './sys/clock.ts';
import { sendDatagram } from './sys/libc-datagram.ts';
import { duplicateDescriptor } from './sys/libc-descriptor.ts';
import { createMemoryRelease } from './sys/unused-memory.ts';

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
	const load = () =>
		loadRuntimeConfig({ file: options.configFile, dir: options.configDir, env: context.env });
	const config = await load();
	const { log, setLevel } = createRuntimeLog(options, context);
	reportFaults(log);
	setLevel(config.logLevel);
	for (const note of config.notes) log('warn', note);
	return run(options, context, { log, config, load, setLevel });
}

/** The log, whose level the configuration may change meanwhile; a flag's stays. */
function createRuntimeLog(options: ServeOptions, { stderr }: ServeContext) {
	const everything = createLog(stderr, {
		level: 'debug',
		format: options.logFormat ?? (stderr.isTTY === true ? 'text' : 'json'),
	});
	let threshold = 0;
	const setLevel = (configured: LogLevel | undefined) => {
		threshold = logLevels.indexOf(options.logLevel ?? configured ?? 'info');
	};
	const log: Log = (level, message, fields) => {
		if (logLevels.indexOf(level) >= threshold) everything(level, message, fields);
	};
	return { log, setLevel };
}

type RunParts = {
	readonly log: Log;
	readonly config: RuntimeConfig;
	readonly load: () => Promise<RuntimeConfig>;
	readonly setLevel: (level: LogLevel | undefined) => void;
};

async function run(options: ServeOptions, context: ServeContext, parts: RunParts): Promise<number> {
	const { log, config, load, setLevel } = parts;
	const live = createLiveConfig(config, { load, log, onChange: ({ logLevel }) => setLevel(logLevel) });
	const notices = createServiceNotices(context.env, { send: sendDatagram, log });
	using signals = listenForShutdown(() => {
		void notices.reload(live.reload);
	});
	const cgroupLayout = await detectCgroupLayout();
	using _parent = removesEmptyParent(cgroupLayout);
	using _own = options.ownCgroup ? await enterOwnCgroup(cgroupLayout, log) : undefined;
	const starting = new AbortController();
	const stopStarting = signals.first.then((signal) => starting.abort(new Error(`ended by ${signal}`)));
	let images: Awaited<ReturnType<typeof openImages>>;
	try {
		images = await openImages(options, { env: context.env, log, config }, { signal: starting.signal });
	} catch (error) {
		if (!starting.signal.aborted) throw error;
		return 0;
	}
	await using _ = images;
	const metrics = createMetrics();
	const { store, aliasOf } = images;
	const transfers = countPulls(images.transfers, metrics.addPulledBytes);
	const summaries = createImageSummaries(store, (image, error) =>
		log('warn', 'image left out of the list', { image: image.id, error: errorMessage(error) }),
	);
	let pods: OpenPods;
	try {
		pods = await openPods(store, {
			log,
			version: context.version,
			now: nowNanos,
			config: live,
			cgroupLayout,
		});
	} catch (error) {
		if (!starting.signal.aborted) throw error;
		return 0;
	}
	await using _pods = pods;
	const services = createServices({ store, transfers, summaries, aliasOf, log, now: nowNanos }, pods.runtime);
	let connections = () => 0;
	const left = Promise.withResolvers<undefined>();
	using idle = leaveWhenIdle(
		{
			isNeeded: () => connections() > 0 || metrics.callsUnderWay() > 0 || pods.isNeeded(),
			afterMs: options.idleExitMs ?? Number.POSITIVE_INFINITY,
		},
		() => left.resolve(undefined),
	);
	using memory = releaseAfterWork(createMemoryRelease());
	const observe = metrics.observe(createInstrument(log));
	const socketPath = options.socketPath ?? config.socketPath ?? embeddedSocketPath;
	const server = await startCriServer({
		...services,
		socketPath,
		observe: (call) => {
			idle.touch();
			memory.touch();
			return observe(call);
		},
		maxReceiveMessageBytes: config.maxReceiveMessageBytes,
		maxSendMessageBytes: config.maxSendMessageBytes,
		duplicate: duplicateDescriptor,
	});
	connections = server.connections;
	const sources = {
		images: async () => (await store.listImages()).length,
		counts: pods.counts,
		connections: server.connections,
	};
	await using scrapes =
		config.metrics && (await startMetricsServer(config.metrics, () => metrics.render(sources), log));
	log('info', 'serving', {
		listen: `unix://${socketPath}`,
		metrics: scrapes?.url,
		configuration: config.files,
		root: store.graphRoot,
		runroot: store.runRoot,
		driver: store.driver,
		version: context.version,
		pid: process.pid,
	});
	notices.ready(`serving unix://${socketPath}`);
	const ending = new AbortController();
	const looking = lookOver(store, log, ending.signal);

	const signal = await Promise.race([signals.first, left.promise]);
	if (signal !== undefined) await stopStarting;
	notices.stopping();
	log('info', 'stopping', { signal: signal ?? 'none: nobody needs it' });
	ending.abort();
	// Who waits for a pull is told at once; a call that ends by itself within the grace is waited for.
	void images.transfers[Symbol.asyncDispose]();
	pods.endEvents(new UnavailableError('criscope is shutting down'));
	await server.stop({ graceMs: shutdownGraceMs, signal: signals.second });
	// What does not end by itself now is cleaned up by the next start.
	if (signals.second.aborted) process.exit(128 + constants.signals[signal ?? 'SIGTERM']);
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
