/** Makes a sandbox. Its record is written first: whatever happens from then on can be undone by its id. */
import { mkdir } from 'node:fs/promises';
import { errorMessage, FailedPreconditionError, InvalidArgumentError } from '../../cri/errors.ts';
import type { PodSandboxRequest } from '../../cri/pod-request.ts';
import { isGvisor } from '../oci/runtime-cli.ts';
import { podSysctls } from '../oci/sysctls.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { newObjectId, podSandboxName } from '../store/names.ts';
import { emitEvent } from './emit-event.ts';
import type { PodParts } from './pod-parts.ts';
import {
	detachRequest,
	dismantleSandbox,
	ownPodCgroup,
	podCgroupParent,
	podCgroupPath,
} from './sandbox-dismantle.ts';
import { makeSandboxFiles, sandboxHostname } from './sandbox-files.ts';
import { startInfra } from './sandbox-infra.ts';
import { together } from './together.ts';

/** @returns the id. On failure nothing is left. */
export async function makeSandbox(
	parts: PodParts,
	request: PodSandboxRequest,
	runtimeHandler: string,
	signal: AbortSignal,
): Promise<string> {
	const { namespaces } = request.security;
	demandNetwork(parts, request);
	const id = newObjectId();
	const record: PodSandboxRecord = {
		version: 1,
		id,
		name: podSandboxName(request.metadata),
		phase: 'creating',
		request,
		runtimeHandler,
		handler: parts.handlers.demand(runtimeHandler),
		bootId: parts.bootId,
		createdAtNanos: parts.now(),
		stoppedAtNanos: undefined,
		network: undefined,
		networkStopped: namespaces.network === 'node',
		hostname: sandboxHostname(request, id),
		cgroupParent: podCgroupParent(parts, request.cgroupParent, id),
		infra: undefined,
	};
	await using undo = new AsyncDisposableStack();
	await parts.sandboxes.add(record);
	undo.defer(async () => void (await dismantleSandbox(parts, id)));

	let pinned: Awaited<ReturnType<typeof parts.namespaces.pin>> | undefined;
	await together(signal, [
		() => makeSandboxFiles(parts, record),
		async (signal) => {
			pinned = await parts.namespaces.pin(
				{
					id,
					network: namespaces.network !== 'node',
					ipc: namespaces.ipc !== 'node',
					uts: true,
					hostname: record.hostname,
					sysctls: podSysctls(request.sysctls, {
						hostNetwork: namespaces.network === 'node',
						hostIpc: namespaces.ipc === 'node',
						defaults: parts.settings.defaultSysctls,
					}),
				},
				{ signal },
			);
		},
		async () => {
			const own = ownPodCgroup(record);
			if (own !== undefined) parts.cgroups.create(own);
			// Rotated and read by others, as the kubelet's own pod folders are.
			if (request.logDirectory !== '') await mkdir(request.logDirectory, { recursive: true, mode: 0o755 });
		},
	]);
	const paths = pinned ?? { network: undefined, ipc: undefined, uts: undefined };

	let network: PodSandboxRecord['network'];
	let infra: PodSandboxRecord['infra'];
	await together(signal, [
		async (signal) => {
			if (paths.network !== undefined) network = await attach(parts, record, paths.network, signal);
		},
		async (signal) => {
			if (sharesProcesses(parts, record)) infra = await startInfra(parts, record, paths, signal);
		},
	]);
	signal.throwIfAborted();
	await parts.sandboxes.update(id, { phase: 'complete', network, infra });
	undo.move();
	emitEvent(parts, 'created', id, id);
	emitEvent(parts, 'started', id, id);
	return id;
}

/** Containers of gVisor cannot: each has a kernel of its own. */
function sharesProcesses({ handlers, log }: PodParts, record: PodSandboxRecord): boolean {
	const { id, request } = record;
	if (request.security.namespaces.pid !== 'pod') return false;
	const handler = handlers.of(record);
	if (!isGvisor(handler)) return true;
	log('info', 'containers of this handler share no processes, each has its own', {
		object: id,
		handler: handler.name,
	});
	return false;
}

/** A pod with an address needs a network to have it from. @throws FailedPreconditionError */
function demandNetwork({ network }: PodParts, { metadata, security }: PodSandboxRequest): void {
	if (security.namespaces.network === 'node') return;
	const cause = network.notReady();
	if (cause === undefined) return;
	throw new FailedPreconditionError(
		`cannot run pod sandbox "${metadata.name}": the network is not ready: ${cause.message}`,
	);
}

async function attach(parts: PodParts, record: PodSandboxRecord, netnsPath: string, signal: AbortSignal) {
	const { request } = record;
	try {
		return await parts.network.attach(
			{
				...detachRequest(parts, record),
				netnsPath,
				portMappings: request.portMappings,
				annotations: request.annotations,
				cgroupPath: podCgroupPath(parts, record),
			},
			{ signal },
		);
	} catch (cause) {
		signal.throwIfAborted();
		const what = `cannot run pod sandbox "${request.metadata.name}"`;
		if (cause instanceof InvalidArgumentError)
			throw new InvalidArgumentError(`${what}: ${cause.message}`, { cause });
		throw new FailedPreconditionError(`${what}: ${errorMessage(cause)}`, { cause });
	}
}
