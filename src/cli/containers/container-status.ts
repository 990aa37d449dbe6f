/** One container's status as crictl prints it. Source: cri-tools v1.36 cmd/crictl/container.go. */
import { mapContainerStatus } from '../../cri/codec-container.ts';
import { readMessage, readStringMap, readText } from '../../cri/codec-fields.ts';
import { fieldsOf, type ProtocolJson } from '../../cri/protocol-json.ts';
import { rfc3339Nano, zeroTime } from '../output/go-time.ts';
import { agoText } from '../output/human-duration.ts';
import { infoLine, mapLines, paragraph } from '../output/paragraph.ts';
import type { StatusEntry } from '../output/status-entry.ts';

/** A message with every field of the definition: absent messages are null, unlike elsewhere. */
export function withAbsentFields(type: string, json: ProtocolJson): ProtocolJson {
	return { ...Object.fromEntries(fieldsOf(type).map((field) => [field, null])), ...json };
}

/** The document of a ContainerStatusResponse: times as people read them, those that have not come yet as Go's zero. */
export function containerStatusEntry(answer: ProtocolJson): StatusEntry {
	const status = readMessage(answer['status']);
	const { state, createdAtNanos, startedAtNanos, finishedAtNanos } = mapContainerStatus(answer);
	const ended = state === 'exited' || (state === 'unknown' && finishedAtNanos !== undefined);
	return {
		status: {
			...withAbsentFields('ContainerStatus', status),
			createdAt: rfc3339Nano(createdAtNanos ?? 0n),
			startedAt: state === 'created' ? zeroTime : rfc3339Nano(startedAtNanos ?? 0n),
			finishedAt: ended ? rfc3339Nano(finishedAtNanos ?? 0n) : zeroTime,
		},
		info: readStringMap(answer['info']),
	};
}

/** The lines of `-o table`. */
export function containerStatusLines(
	answer: ProtocolJson,
	{ verbose, nowMs }: { readonly verbose: boolean; readonly nowMs: number },
): string {
	const status = mapContainerStatus(answer);
	const { metadata, state, startedAtNanos, finishedAtNanos } = status;
	const exited = state === 'exited';
	return [
		paragraph([
			['ID', status.id],
			metadata.name === '' ? undefined : ['Name', metadata.name],
			metadata.attempt === 0 ? undefined : ['Attempt', metadata.attempt],
			['State', readText(readMessage(answer['status'])['state'])],
			['Created', agoText(status.createdAtNanos, nowMs)],
			state === 'created' ? undefined : ['Started', agoText(startedAtNanos, nowMs)],
			exited && finishedAtNanos !== undefined ? ['Finished', agoText(finishedAtNanos, nowMs)] : undefined,
			exited ? ['Exit Code', status.exitCode] : undefined,
		]),
		mapLines('Labels', status.labels),
		mapLines('Annotations', status.annotations),
		verbose ? infoLine(status.info) : '',
	].join('');
}
