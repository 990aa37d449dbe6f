/** Makes pods the way a kubelet does: logs, volumes and /etc/hosts on the host, then what the CRI makes. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ContainerId, PodSandboxId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import type { ContainerConfig, PodSandboxConfig, ProtocolMessage } from '../../cri/sandbox-config.ts';
import { isOnThisHost } from '../logs/log-host.ts';
import { type HostsLine, hostsFile } from './hosts-file.ts';
import { letFinish } from './let-finish.ts';
import { recordPod, writePodFile } from './pod-folder.ts';
import { removePod } from './remove-pod.ts';
import { refuseUsedPorts } from './used-ports.ts';

type Options = { readonly signal: AbortSignal; readonly timeoutMs?: number | undefined };

const undoWithinMs = 60_000;

/** A pod that runs, and what containers are made with. */
export type MadePod = {
	readonly id: PodSandboxId;
	readonly config: PodSandboxConfig;
	/** Its addresses; none with the host's network. */
	readonly addresses: readonly string[];
};

/** Undoes a pod that was begun, whatever of it was made; the signal that brought us here does not count. */
export async function undoPod(client: CriClient, { metadata }: PodSandboxConfig): Promise<void> {
	await removePod(client, metadata, 0, { signal: AbortSignal.timeout(undoWithinMs) });
}

/**
 * Runs a sandbox. Whoever calls undoes it with `undoPod` where this or a later step fails.
 * @param config its log directory is made, since not every runtime does
 * @throws Error where a port that is to be published is taken; what the runtime throws
 */
export async function makePod(
	client: CriClient,
	config: PodSandboxConfig,
	runtimeHandler: string,
	{ signal, timeoutMs }: Options,
): Promise<MadePod> {
	const { portMappings = [] } = config;
	if (isOnThisHost(client.runtimeEndpoint)) await refuseUsedPorts(portMappings, { signal });
	await recordPod(config.metadata, client.runtimeEndpoint);
	if (config.logDirectory) await mkdir(config.logDirectory, { recursive: true, mode: 0o755 });
	const whole = { signal: letFinish(signal), timeoutMs };
	const id = await client.runtime.runPodSandbox({ config, runtimeHandler }, whole);
	signal.throwIfAborted();
	const { ip, additionalIps } = await client.runtime.podSandboxStatus(id, { verbose: false }, { signal });
	return { id, config, addresses: [ip, ...additionalIps].filter(Boolean) };
}

/** Writes a pod's /etc/hosts. @returns message Mount that shows it */
export async function hostsMount(
	{ addresses, config }: MadePod,
	lines: readonly HostsLine[],
): Promise<ProtocolMessage> {
	const { hostname } = config;
	const pod = hostname
		? { addresses, names: [hostname] }
		: { ofHost: await readFile('/etc/hosts', 'utf8').catch(() => '') };
	const hostPath = await writePodFile(config.metadata.uid, 'etc-hosts', hostsFile(pod, lines));
	return { containerPath: '/etc/hosts', hostPath, readonly: false, selinuxRelabel: true };
}

/** Creates a container in it. */
export async function makeContainer(
	client: CriClient,
	pod: MadePod,
	config: ContainerConfig,
	{ signal, timeoutMs }: Options,
): Promise<ContainerId> {
	const { logDirectory } = pod.config;
	if (logDirectory && config.logPath) {
		await mkdir(path.dirname(path.join(logDirectory, config.logPath)), { recursive: true, mode: 0o755 });
	}
	const request = { podSandboxId: pod.id, config, sandboxConfig: pod.config };
	const id = await client.runtime.createContainer(request, { signal: letFinish(signal), timeoutMs });
	signal.throwIfAborted();
	return id;
}
