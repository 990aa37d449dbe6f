import type { ContainerState, ContainerStatus } from '../../cri/model.ts';
import type { ContainerFacts } from '../resources/facts.ts';
import type { ContainerRow } from '../resources/rows.ts';

/** What a container's summary is written from, whatever is known of it by now. */
export type ContainerSubject = {
	readonly state: ContainerState;
	readonly stateText: string;
	/** undefined while it is not known how it ended. */
	readonly exitCode: number | undefined;
	readonly reason: string;
	readonly message: string;
	readonly attempt: number;
	readonly createdAtNanos: bigint | undefined;
	readonly startedAtNanos: bigint | undefined;
	readonly finishedAtNanos: bigint | undefined;
	readonly memoryLimitBytes: number | undefined;
	readonly logPath: string;
};

const stateWords: Readonly<Record<ContainerState, string>> = {
	running: 'Running',
	created: 'Created',
	exited: 'Exited',
	unknown: 'Unknown',
};

/** Joins the verbose answer, the facts fetched for the list, and the list row: the newest that is there counts. */
export function containerSubject(
	row: ContainerRow | undefined,
	status: ContainerStatus | undefined,
): ContainerSubject | undefined {
	const container = status ?? row?.container;
	if (!container) return undefined;
	const facts: Partial<ContainerFacts> = row?.facts?.state === container.state ? row.facts : {};
	const limit = status?.resources?.memoryLimitBytes;
	return {
		state: container.state,
		stateText: `${stateWords[container.state]}${row?.departed ? ', and gone from the runtime since' : ''}`,
		exitCode: container.state === 'exited' ? (status?.exitCode ?? facts.exitCode) : undefined,
		reason: status?.reason ?? facts.reason ?? '',
		message: status?.message ?? facts.message ?? '',
		attempt: container.metadata.attempt,
		createdAtNanos: container.createdAtNanos,
		startedAtNanos: status?.startedAtNanos ?? facts.startedAtNanos,
		finishedAtNanos: status?.finishedAtNanos ?? facts.finishedAtNanos,
		memoryLimitBytes: limit && limit > 0n ? Number(limit) : facts.memoryLimitBytes,
		logPath: status?.logPath ?? facts.logPath ?? '',
	};
}
