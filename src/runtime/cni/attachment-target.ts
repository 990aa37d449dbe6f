/** Whose interface plugins are told to make or unmake. */
import { statfsSync } from 'node:fs';
import type { Attachment, AttachmentRecord } from './attachment-cache.ts';
import type { CniTarget } from './plugin-call.ts';

/** Linux names pods' interfaces so, and so do all runtimes. */
export function interfaceName(index: number): string {
	return `eth${index}`;
}

/** What plugins are told for an attachment. The namespace is looked at each time: it may be gone by now. */
export function targetOf(record: AttachmentRecord, attachment: Attachment): CniTarget {
	const args = {
		IgnoreUnknown: '1',
		K8S_POD_NAMESPACE: record.podNamespace,
		K8S_POD_NAME: record.podName,
		K8S_POD_INFRA_CONTAINER_ID: record.podSandboxId,
		K8S_POD_UID: record.podUid,
	};
	// The form knows no escapes.
	const pairs = Object.entries(args).map(([name, value]) => `${name}=${value.replace(/[;=]/g, '_')}`);
	return {
		containerId: record.podSandboxId,
		netns: openNetns(record.netnsPath),
		interface: attachment.interface,
		args: pairs.join(';'),
	};
}

/** The path where it is a namespace, else ''. Source: linux/magic.h, NSFS_MAGIC and PROC_SUPER_MAGIC */
export function openNetns(netnsPath: string): string {
	try {
		return [0x6e736673, 0x9fa0].includes(statfsSync(netnsPath).type) ? netnsPath : '';
	} catch {
		return '';
	}
}
