/** Makes a container. Its record is written first: whatever happens from then on can be undone by its id. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FailedPreconditionError } from '../../cri/errors.ts';
import type { ContainerRequest } from '../../cri/pod-request.ts';
import type { CreatedProcess } from '../oci/container-process.ts';
import type { HandlerConfig } from '../oci/model.ts';
import { isGvisor } from '../oci/runtime-cli.ts';
import { withoutOrders } from '../oci/spec-annotations.ts';
import type { ContainerRecord, PodSandboxRecord } from '../store/model.ts';
import { containerName, newObjectId } from '../store/names.ts';
import { podSandboxState } from '../store/states.ts';
import { dismantleContainer, imageMountId } from './container-dismantle.ts';
import { type ContainerImage, findContainerImage } from './container-image.ts';
import type { MadeSpec } from './container-spec.ts';
import { emitEvent } from './emit-event.ts';
import { isPlacedLater } from './monitor-places.ts';
import { pidNamespacePath } from './pid-namespace.ts';
import { containerKey, type PodParts } from './pod-parts.ts';
import { shmPath } from './sandbox-files.ts';
import { together } from './together.ts';

/** Logs of pods without a log directory: nobody rotates them, so that conmon has to. */
const ownLogSizeMaxBytes = 16 * 2 ** 20;

/** So long a container waits at most until it is prepared. */
const longestTurnMs = 2000;

/** @returns the id. On failure nothing is left. */
export async function makeContainer(
	parts: PodParts,
	sandbox: PodSandboxRecord,
	request: ContainerRequest,
	signal: AbortSignal,
): Promise<string> {
	const found = await findContainerImage(parts.images, request.image.image, { signal });
	const id = newObjectId();
	const record = newRecord(parts, id, sandbox, request, found);
	await using undo = new AsyncDisposableStack();
	await parts.containers.add(record);
	undo.defer(() => parts.queue.run(containerKey(id), async () => void (await dismantleContainer(parts, id))));

	const { made, created } = await makeAndCreate(parts, sandbox, record, found, signal);
	signal.throwIfAborted();
	demandStillReady(parts, sandbox.id, request);
	const { uid, gid, additionalGids } = made.user;
	const user = { uid, gid, additionalGids };
	await parts.containers.update(id, { phase: 'complete', ...created, user, mounts: made.mounts });
	undo.move();
	emitEvent(parts, 'created', id, sandbox.id);
	return id;
}

/** What of a spec outlives it. */
type Made = Pick<MadeSpec, 'user' | 'mounts'>;

/** conmon is started, and put into its cgroup where that must not wait, while the bundle is made. On failure neither goes on. */
async function makeAndCreate(
	parts: PodParts,
	sandbox: PodSandboxRecord,
	record: ContainerRecord,
	found: ContainerImage,
	signal: AbortSignal,
): Promise<{ readonly made: Made; readonly created: CreatedProcess }> {
	const { id, request } = record;
	const paths = parts.paths.containerPaths(id, record.logPath);
	const handler = parts.handlers.of(record);
	const { path: monitorCgroup } = parts.cgroups.pathsFor(sandbox.request.cgroupParent, 'monitor', id);
	const later = isPlacedLater(parts.cgroups, handler);
	mkdirSync(paths.bundleDir, { recursive: true, mode: 0o700 });
	mkdirSync(path.dirname(record.logPath), { recursive: true, mode: 0o755 });
	const bundle = Promise.withResolvers<Made>();
	const created = Promise.withResolvers<CreatedProcess>();
	const begun = Promise.withResolvers<void>();
	await together(signal, [
		async (signal) => {
			const make = () => {
				begun.resolve();
				return makeBundle(parts, sandbox, record, found, signal);
			};
			const turn = { longestWaitMs: longestTurnMs, signal };
			// Also where the signal ends the wait: the other one must not wait for ever.
			bundle.resolve(await parts.bundleTurns.run(make, turn).finally(begun.resolve));
		},
		async (signal) => {
			await begun.promise;
			const processes = await parts.processes.create(
				{
					id,
					name: record.name,
					handler,
					paths,
					terminal: request.tty,
					stdin: request.stdin,
					stdinOnce: request.stdinOnce,
					systemdCgroup: parts.cgroups.driver === 'systemd',
					placeMonitor: later ? undefined : (pid) => parts.cgroups.addMonitor(monitorCgroup, pid),
					bundle: bundle.promise,
					logSizeMaxBytes: isOwnLog(parts, record) ? ownLogSizeMaxBytes : parts.settings.logSizeMaxBytes,
					timeoutMs: parts.settings.createTimeoutMs,
				},
				{ signal },
			);
			if (later) parts.monitors.place(id, monitorCgroup, processes.monitor);
			created.resolve(processes);
		},
	]);
	return { made: await bundle.promise, created: await created.promise };
}

function newRecord(
	parts: PodParts,
	id: string,
	sandbox: PodSandboxRecord,
	request: ContainerRequest,
	{ image, imageRef, config }: ContainerImage,
): ContainerRecord {
	const { logDirectory } = sandbox.request;
	const isLogged = logDirectory !== '' && request.logPath !== '';
	return {
		version: 1,
		id,
		name: containerName(request.metadata, sandbox.request.metadata),
		podSandboxId: sandbox.id,
		phase: 'creating',
		request,
		runtimeHandler: sandbox.runtimeHandler,
		handler: parts.handlers.of(sandbox),
		bootId: parts.bootId,
		imageId: image.id,
		imageRef,
		createdAtNanos: parts.now(),
		startedAtNanos: undefined,
		finishedAtNanos: undefined,
		exitCode: 0,
		reason: '',
		message: '',
		init: undefined,
		monitor: undefined,
		logPath: isLogged ? path.join(logDirectory, request.logPath) : ownLogPath(parts, id),
		cgroupPath: parts.cgroups.pathsFor(sandbox.cgroupParent, 'container', id).path,
		user: undefined,
		stopSignal: request.stopSignal || config.stopSignal || 'SIGTERM',
		mounts: undefined,
	};
}

function ownLogPath({ paths }: Pick<PodParts, 'paths'>, id: string): string {
	return path.join(paths.containerRecordsDir, id, 'container.log');
}

function isOwnLog(parts: PodParts, { id, logPath }: ContainerRecord): boolean {
	return logPath === ownLogPath(parts, id);
}

/** Mounts the rootfs and writes config.json. */
async function makeBundle(
	parts: PodParts,
	sandbox: PodSandboxRecord,
	record: ContainerRecord,
	{ image, config }: ContainerImage,
	signal: AbortSignal,
): Promise<Made> {
	const { id, request } = record;
	const { metadata } = sandbox.request;
	const { bundleDir } = parts.paths.containerPaths(id, record.logPath);
	await parts.layers.create(
		{
			id,
			names: [record.name],
			imageId: image.id,
			metadata: {
				podName: sandbox.name,
				podId: sandbox.id,
				imageName: request.image.userSpecifiedImage || request.image.image,
				imageId: image.id,
				containerName: record.name,
				metadataName: request.metadata.name,
				uid: metadata.uid,
				namespace: metadata.namespace,
				attempt: request.metadata.attempt,
				isPod: false,
				privileged: request.security.privileged,
			},
		},
		{ signal },
	);
	const rootfsPath = await parts.layers.mount(id, { signal });
	const pinned = parts.namespaces.pathsOf(sandbox.id);
	const { namespaces } = sandbox.request.security;
	const files = parts.paths.sandboxFiles(sandbox.id);
	const { cgroupsPath } = parts.cgroups.pathsFor(sandbox.cgroupParent, 'container', id);
	const handler = parts.handlers.of(record);
	const made = await parts.specs.make(
		{
			id,
			podSandboxId: sandbox.id,
			sandbox: sandbox.request,
			container: withOwnProcesses(request, sandbox),
			image: config,
			handler,
			rootfsPath,
			bundleDir,
			namespacePaths: {
				network: namespaces.network === 'node' ? undefined : pinned.network,
				ipc: namespaces.ipc === 'node' ? undefined : pinned.ipc,
				uts: pinned.uts,
				pid: await pidNamespacePath(parts, sandbox, request),
			},
			cgroupsPath,
			hostname: sandbox.hostname,
			files: {
				resolvConf: files.resolvConf,
				hostname: files.hostname,
				shm: shmPath(parts, sandbox.id, sandbox.request),
				containerEnv: files.containerEnv,
			},
			imageMounts: await mountImages(parts, record, signal),
			annotations: { ...annotationsOf(handler, record), ...scopeAnnotations(parts, sandbox, record) },
		},
		{ signal },
	);
	writeFileSync(path.join(bundleDir, 'config.json'), JSON.stringify(made.spec), { mode: 0o600 });
	return made;
}

/** What says of a container, to OCI runtimes that care, which pod it is in. */
const membership = /^io\.kubernetes\.cri(-o)?\.(ContainerType|SandboxID|container-type|sandbox-id)$/;

/** For tools that read config.json, in CRI-O's words. */
function annotationsOf(handler: HandlerConfig, { id, request, podSandboxId }: ContainerRecord) {
	const annotations = withoutOrders(request.annotations, handler.allowedAnnotations);
	if (isGvisor(handler)) {
		return Object.fromEntries(Object.entries(annotations).filter(([key]) => !membership.test(key)));
	}
	return {
		...annotations,
		'io.kubernetes.cri-o.ContainerID': id,
		'io.kubernetes.cri-o.SandboxID': podSandboxId,
		'io.kubernetes.cri-o.ContainerType': 'container',
	};
}

/** What the OCI runtime tells systemd, where that makes the cgroup. Source: kubelet's name for the time to end */
function scopeAnnotations(
	{ cgroups, settings }: PodParts,
	{ infra, cgroupParent, id }: PodSandboxRecord,
	{ request }: ContainerRecord,
) {
	return cgroups.annotations({
		endsBefore: infra && cgroups.pathsFor(cgroupParent, 'container', id).path,
		gracePeriodSeconds: request.annotations['io.kubernetes.pod.terminationGracePeriod'],
		pidsLimit: settings.pidsLimit,
	});
}

/** Mounts whole images read-only, for the mounts that ask for one. @returns where, by index */
async function mountImages(
	{ images, layers }: PodParts,
	{ id, request }: ContainerRecord,
	signal: AbortSignal,
): Promise<ReadonlyMap<number, string>> {
	const mounted = new Map<number, string>();
	for (const [index, { image, containerPath }] of request.mounts.entries()) {
		if (image === undefined) continue;
		const found = await images.findImage(image.image, { signal });
		if (found === undefined) {
			throw new FailedPreconditionError(
				`cannot mount image "${image.image}" at "${containerPath}": it is not here, and must be pulled first`,
			);
		}
		mounted.set(index, await layers.mountImage(found.id, imageMountId(id, index), { signal }));
	}
	return mounted;
}

/** A stop that came meanwhile takes this container along. @throws FailedPreconditionError */
function demandStillReady({ sandboxes }: PodParts, id: string, { metadata }: ContainerRequest): void {
	const sandbox = sandboxes.get(id);
	if (sandbox !== undefined && podSandboxState(sandbox) === 'ready') return;
	throw new FailedPreconditionError(
		`cannot create container "${metadata.name}": its pod sandbox was stopped meanwhile`,
	);
}

/** In a pod that shares no processes a container that would join them has its own. Source: cri-o 1.36, PidNsPath */
function withOwnProcesses(request: ContainerRequest, { infra }: PodSandboxRecord): ContainerRequest {
	const { security } = request;
	if (security.namespaces.pid !== 'pod' || infra !== undefined) return request;
	const namespaces = { ...security.namespaces, pid: 'container' as const };
	return { ...request, security: { ...security, namespaces } };
}
