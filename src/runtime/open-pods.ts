/** Puts the pod half of the runtime together, and takes over what an earlier run left. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, FailedPreconditionError } from '../cri/errors.ts';
import type { ContainerEvent } from '../cri/model.ts';
import type { ServedRuntime } from '../cri/transport/served-runtime.ts';
import { readBootId } from '../node/boot-id.ts';
import type { CgroupLayout } from '../node/cgroup-layout.ts';
import { openCgroups } from './cgroup/host-cgroups.ts';
import { createPodNetwork } from './cni/cni-pod-network.ts';
import { networkUsersDir } from './cni/network-users.ts';
import type { LiveConfig } from './config/live-config.ts';
import { createHandlers } from './handlers.ts';
import type { Log } from './log.ts';
import { createContainerProcesses } from './oci/container-processes.ts';
import { watchExits } from './oci/exit-watcher.ts';
import { createHybridCrun } from './oci/hybrid-crun.ts';
import type { HostLimits } from './oci/spec-input.ts';
import { readSpecHost } from './oci/spec-settings.ts';
import { recover } from './recover.ts';
import { createContainerEnds } from './server/container-end.ts';
import { createContainerHalts } from './server/container-halt.ts';
import { removeContainer } from './server/container-remove.ts';
import { describeLimits } from './server/limits.ts';
import { createMonitorPlaces } from './server/monitor-places.ts';
import { createContainerSpecs } from './server/oci-specs.ts';
import { createRuntimeService } from './server/pod-services.ts';
import { reconcileUntil } from './server/reconcile.ts';
import { createRunningExecs } from './server/running-execs.ts';
import { removeSandbox } from './server/sandbox-remove.ts';
import { createStreamingBackend } from './server/streaming-backend.ts';
import { createUsageSamples } from './server/usage-samples.ts';
import type { Store } from './storage/model.ts';
import { createCreations } from './store/creations.ts';
import { createEventFanout } from './store/event-fanout.ts';
import type { ContainerRecord, PodSandboxRecord } from './store/model.ts';
import { createObjectTable } from './store/object-table.ts';
import { createOperationQueue } from './store/operation-queue.ts';
import { createRecordFiles } from './store/record-files.ts';
import { claimNamespacesDir, claimRunDir } from './store/run-claim.ts';
import { type RuntimePaths, runtimePaths } from './store/runtime-paths.ts';
import { containerState, isListed, podSandboxState } from './store/states.ts';
import { createPodDialer } from './streaming/pod-dialer.ts';
import { createStreamingServer } from './streaming/streaming-server.ts';
import { createChildWaits } from './sys/child-waits.ts';
import { readHostFacts } from './sys/host-limits.ts';
import { loadLibc } from './sys/libc.ts';
import { loadContainerCalls } from './sys/libc-containers.ts';
import { loadSpawnCalls } from './sys/libc-spawn.ts';
import { createNamespaces } from './sys/namespaces-linux.ts';
import { startBySpawn } from './sys/program-start.ts';
import { createTurns } from './turns.ts';

/**
 * How many containers are prepared at once, all of it on one thread: two, so that one waits for the disk while the other is
 * prepared. One that takes longer, as on a hung network filesystem, gives its turn up.
 */
const bundlesAtOnce = 2;
const bundlePatienceMs = 250;

/** What serves pods and containers. Disposing of it leaves them running. */
export type OpenPods = AsyncDisposable & {
	readonly runtime: ServedRuntime;
	/** True while a pod is ready: whoever made it may want to hear of what happens to it. */
	isNeeded(): boolean;
	/** Ends the streams of events, which would never end by themselves. */
	endEvents(reason: Error): void;
	/** How many there are, by state. */
	counts(): {
		readonly podSandboxes: ReadonlyMap<string, number>;
		readonly containers: ReadonlyMap<string, number>;
	};
};

/** What it is opened with. */
export type PodsContext = {
	readonly log: Log;
	/** Of this program. */
	readonly version: string;
	/** Nanoseconds since 1970. */
	readonly now: () => bigint;
	readonly config: LiveConfig;
	readonly cgroupLayout: CgroupLayout;
};

/** @throws FailedPreconditionError naming what this machine lacks */
export async function openPods(
	images: Store,
	{ log, version, now, config, cgroupLayout }: PodsContext,
): Promise<OpenPods> {
	await using undo = new AsyncDisposableStack();
	// What is taken here is what counts until a restart; the rest is asked of `config` each time.
	const { cgroupDriver, namespacesDir, network: networks, streaming: streams } = config.current();
	const { builtinSubnets, ...networking } = networks;
	const usual = runtimePaths(images.graphRoot, images.runRoot);
	const paths = { ...usual, namespacesDir: namespacesDir ?? usual.namespacesDir };
	const sys = loadLibc();
	demandSystemd(cgroupDriver);
	const claimed = [paths.bundlesDir, paths.sandboxesDir];
	undo.use(await claimRunDir(sys, paths.runDir, images.graphRoot, claimed));
	if (paths.namespacesDir !== usual.namespacesDir) {
		undo.use(await claimNamespacesDir(sys, paths.namespacesDir, images.graphRoot));
	}
	await makeFolders(paths);
	const cgroups = openCgroups(cgroupLayout, cgroupDriver);
	const limits: HostLimits = { ...readHostFacts(), cgroupVersion: cgroups.version };
	const onThisHost = createHybridCrun(paths.programsDir);
	const handlers = createHandlers(() => config.handlers(paths.runDir).map(onThisHost), {
		config: config.current,
	});
	const problem = handlers.problem();
	if (problem !== undefined) log('warn', 'there are no containers until this is mended', { error: problem });
	const noteEnd = (id: string): void => {
		parts.ends
			.note(id)
			.catch((error: unknown) =>
				log('error', 'cannot take note of an end', { object: id, error: errorMessage(error) }),
			);
	};
	const calls = loadContainerCalls();
	const waits = undo.use(createChildWaits(calls));
	const start = startBySpawn(loadSpawnCalls(), waits);
	const processes = undo.use(
		createContainerProcesses({ sys: calls, waits, start, log, onMonitorEnd: noteEnd }),
	);
	const namespaces = undo.use(createNamespaces({ dir: paths.namespacesDir, sys, log }));
	const network = undo.use(
		createPodNetwork({
			...networking,
			cacheDir: paths.networkCacheDir,
			usersDir: networkUsersDir,
			builtin:
				builtinSubnets?.length === 0
					? undefined
					: { dir: path.join(paths.runDir, 'cni'), subnets: builtinSubnets },
			start,
			log,
		}),
	);
	const sandboxFiles = createRecordFiles<PodSandboxRecord>(paths.sandboxRecordsDir, sys);
	const containerFiles = createRecordFiles<ContainerRecord>(paths.containerRecordsDir, sys);
	const events = createEventFanout<ContainerEvent>(() =>
		log('warn', 'a reader of events is too slow, and loses some'),
	);
	const abandon = (id: string) => {
		log('info', 'nobody asked for an object that was made; it is removed', { object: id });
		const removed =
			parts.containers.get(id) === undefined
				? removeSandbox(parts, halts, id)
				: removeContainer(parts, halts, id);
		removed.catch((error: unknown) =>
			log('warn', 'cannot remove it', { object: id, error: errorMessage(error) }),
		);
	};
	const withoutEnds = {
		images,
		layers: images.containerLayers,
		processes,
		network,
		namespaces,
		cgroups,
		sys,
		limits,
		handlers,
		specs: createContainerSpecs({
			limits,
			host: readSpecHost(cgroups.version),
			settings: () => ({ ...config.current().specs, graphRoot: images.graphRoot }),
			log,
		}),
		settings: {
			get logSizeMaxBytes() {
				return config.current().logSizeMaxBytes;
			},
			get pidsLimit() {
				return config.current().specs.pidsLimit;
			},
			get includedMetrics() {
				return config.current().includedMetrics;
			},
			get defaultSysctls() {
				return config.current().defaultSysctls;
			},
			createTimeoutMs: 240_000,
		},
		paths,
		sandboxes: createObjectTable('pod sandbox', sandboxFiles),
		containers: createObjectTable('container', containerFiles),
		queue: createOperationQueue(),
		bundleTurns: createTurns({ atOnce: bundlesAtOnce, patienceMs: bundlePatienceMs }),
		monitors: undo.use(createMonitorPlaces(cgroups, processes, { log })),
		creations: undo.use(createCreations(abandon)),
		execs: createRunningExecs(),
		events,
		samples: createUsageSamples(),
		// Without one nothing tells a reboot, and processes are known by their start time all the same.
		bootId: (await readBootId()) ?? '',
		log,
		now,
	};
	const parts = { ...withoutEnds, ends: createContainerEnds(withoutEnds) };
	const halts = createContainerHalts(parts);
	await recover(parts, { sandboxes: await sandboxFiles.load(), containers: await containerFiles.load() });

	const exits = undo.use(watchExits(paths.exitsDir, { log }));
	exits.onExit(noteEnd);
	const dialer = undo.use(createPodDialer());
	const backend = createStreamingBackend(parts, halts, dialer.connect);
	const streaming = undo.use(
		await createStreamingServer({
			backend,
			log,
			host: streams.host,
			port: streams.port,
			limits: streams.idleTimeoutMs === undefined ? {} : { idleTimeoutMs: streams.idleTimeoutMs },
		}),
	);
	undo.defer(() => events.close());
	const ending = new AbortController();
	const reconciling = reconcileUntil(parts, ending.signal);
	undo.defer(async () => {
		ending.abort();
		await parts.creations.settled();
		await reconciling;
	});
	const facts = { config: () => ({ streaming: streaming.baseUrl }), limits: describeLimits(limits, cgroups) };
	for (const { sentence } of facts.limits) log('info', sentence);
	const runtime = createRuntimeService({ ...parts, halts, streaming, facts, version });
	const opened = undo.move();
	return {
		runtime,
		isNeeded: () => parts.sandboxes.all().some((sandbox) => podSandboxState(sandbox) === 'ready'),
		endEvents: events.close,
		counts: () => ({
			podSandboxes: countBy(parts.sandboxes.all().filter(isListed), podSandboxState),
			containers: countBy(parts.containers.all().filter(isListed), containerState),
		}),
		[Symbol.asyncDispose]: () => opened.disposeAsync(),
	};
}

/** Without it every pod would fail, each in the words of its OCI runtime. Source: sd_booted(3) */
function demandSystemd(driver: 'cgroupfs' | 'systemd'): void {
	if (driver === 'cgroupfs' || existsSync('/run/systemd/system')) return;
	throw new FailedPreconditionError(
		'cannot use cgroup_manager "systemd": systemd does not run on this machine; set it to "cgroupfs", for a kubelet too',
	);
}

function countBy<Kept>(
	records: readonly Kept[],
	stateOf: (record: Kept) => string,
): ReadonlyMap<string, number> {
	const counts = new Map<string, number>();
	for (const record of records) counts.set(stateOf(record), (counts.get(stateOf(record)) ?? 0) + 1);
	return counts;
}

async function makeFolders(paths: RuntimePaths): Promise<void> {
	const { sandboxRecordsDir, containerRecordsDir, bundlesDir, exitsDir, attachDir, sandboxesDir } = paths;
	for (const dir of [sandboxRecordsDir, containerRecordsDir, bundlesDir, exitsDir, attachDir]) {
		await mkdir(dir, { recursive: true, mode: 0o700 });
	}
	await mkdir(sandboxesDir, { recursive: true, mode: 0o711 });
}
