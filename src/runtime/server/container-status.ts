import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { StringMap } from '../../cri/model.ts';
import { remembered } from '../../cri/remember.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import type { ContainerRecord } from '../store/model.ts';
import { containerState } from '../store/states.ts';
import { describeContainerStatus } from './container-describe.ts';
import { findContainer, type PodParts } from './pod-parts.ts';

/** RPC ContainerStatus. @throws NotFoundError */
export function createContainerStatus(parts: PodParts): ServedRuntime['containerStatus'] {
	const describe = remembered((record: ContainerRecord) => describeContainerStatus(record));
	return (id, { verbose }) => {
		const record = findContainer(parts, id, 'read the status of container');
		if (!verbose) return describe(record);
		return verboseInfo(parts, record).then((info) => describeContainerStatus(record, info));
	};
}

/** Source: cri-o 1.36, containerInfo */
async function verboseInfo({ paths }: PodParts, record: ContainerRecord): Promise<StringMap> {
	const { bundleDir } = paths.containerPaths(record.id, record.logPath);
	// After a reboot the bundle is gone, and the record is all there is.
	const text = await readFile(path.join(bundleDir, 'config.json'), 'utf8').catch(() => '{}');
	return {
		info: JSON.stringify({
			sandboxID: record.podSandboxId,
			pid: containerState(record) === 'exited' ? 0 : (record.init?.pid ?? 0),
			runtimeSpec: JSON.parse(text) as unknown,
			privileged: record.request.security.privileged,
		}),
	};
}
