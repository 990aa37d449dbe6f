/** One pod's status as crictl prints it. Source: cri-tools v1.36 cmd/crictl/sandbox.go. */
import { readMessage, readStringMap, readText } from '../../cri/codec-fields.ts';
import { mapPodSandboxStatus } from '../../cri/codec-pod-sandbox.ts';
import type { ProtocolJson } from '../../cri/protocol-json.ts';
import { withAbsentFields } from '../containers/container-status.ts';
import { goTime, rfc3339Nano } from '../output/go-time.ts';
import { infoLine, mapLines, type ParagraphLine, paragraph } from '../output/paragraph.ts';
import type { StatusEntry } from '../output/status-entry.ts';

/** The document of a PodSandboxStatusResponse. */
export function podStatusEntry(answer: ProtocolJson): StatusEntry {
	const { createdAtNanos } = mapPodSandboxStatus(answer);
	return {
		status: {
			...withAbsentFields('PodSandboxStatus', readMessage(answer['status'])),
			createdAt: rfc3339Nano(createdAtNanos ?? 0n),
		},
		info: readStringMap(answer['info']),
	};
}

/** The lines of `-o table`. */
export function podStatusLines(answer: ProtocolJson, { verbose }: { readonly verbose: boolean }): string {
	const status = mapPodSandboxStatus(answer);
	const { metadata } = status;
	const wire = readMessage(answer['status']);
	return [
		paragraph([
			['ID', status.id],
			metadata.name === '' ? undefined : ['Name', metadata.name],
			metadata.uid === '' ? undefined : ['UID', metadata.uid],
			metadata.namespace === '' ? undefined : ['Namespace', metadata.namespace],
			['Attempt', metadata.attempt],
			['Status', readText(wire['state'])],
			['Created', goTime(status.createdAtNanos ?? 0n)],
			wire['network'] ? ['IP Addresses', status.ip] : undefined,
			...status.additionalIps.map((ip): ParagraphLine => ['Additional IP', ip]),
		]),
		mapLines('Labels', status.labels),
		mapLines('Annotations', status.annotations),
		verbose ? infoLine(status.info) : '',
	].join('');
}
