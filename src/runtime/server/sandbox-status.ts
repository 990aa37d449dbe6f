import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StringMap } from '../../cri/model.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { PodSandboxRecord } from '../store/model.ts';
import { isListed } from '../store/states.ts';
import { describeContainerStatus } from './container-describe.ts';
import { containersOf, findSandbox, type PodParts } from './pod-parts.ts';
import { describeSandboxStatus } from './sandbox-describe.ts';

/** RPC PodSandboxStatus, with the statuses of its containers. @throws NotFoundError */
export function createPodSandboxStatus(parts: PodParts): ServedRuntime['podSandboxStatus'] {
	return (id, { verbose }) => {
		const record = findSandbox(parts, id, 'read the status of pod sandbox');
		const containers = containersOf(parts, record.id).filter(isListed);
		const statuses = containers.map((container) => describeContainerStatus(container));
		if (!verbose) return describeSandboxStatus(record, statuses);
		return verboseInfo(parts, record).then((info) => describeSandboxStatus(record, statuses, info));
	};
}

/** Source: cri-o 1.36, createSandboxInfo; clients look for `info.runtimeSpec` and `info.pid` */
async function verboseInfo({ paths }: PodParts, record: PodSandboxRecord): Promise<StringMap> {
	const config = path.join(paths.infraPaths(record.id).bundleDir, 'config.json');
	const spec: unknown =
		record.infra === undefined ? {} : JSON.parse(await readFile(config, 'utf8').catch(() => '{}'));
	return {
		info: JSON.stringify({
			image: '',
			pid: record.infra?.init.pid ?? 0,
			runtimeSpec: spec,
			networks: record.network?.attachments.map(({ network, interface: name }) => ({
				network,
				interface: name,
			})),
			cgroupParent: record.cgroupParent,
			// As containerd has it: no other answer tells a pod's ports.
			config: {
				port_mappings: record.request.portMappings.map(({ protocol, containerPort, hostPort, hostIp }) => ({
					protocol,
					container_port: containerPort,
					host_port: hostPort,
					host_ip: hostIp,
				})),
			},
		}),
	};
}
