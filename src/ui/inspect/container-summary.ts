import type { ContainerStatus } from '../../cri/model.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';
import { type ContainerRow, namespaceOf, podNameOf } from '../resources/rows.ts';
import type { InspectEvidence } from '../store/slices/inspect.ts';
import { writeMounts } from './container-mounts.ts';
import { writeResources } from './container-resources.ts';
import { containerSubject } from './container-subject.ts';
import { writeWhy } from './container-why.ts';
import type { Document } from './document.ts';
import { commandText, objectAt, textAt, textsAt, verboseObject } from './field.ts';
import { namespaceLines, portText } from './pod-parts.ts';
import { createSummary, type Summary } from './summary.ts';

/** What is known about a container, secrets hidden already unless the person asked for them. */
export type ContainerKnowledge = {
	readonly row: ContainerRow | undefined;
	readonly status: ContainerStatus | undefined;
	readonly evidence: InspectEvidence | undefined;
	/** Other attempts of the same container, newest first, the ones before it only. */
	readonly earlier: readonly ContainerRow[];
	readonly nowMs: number;
};

function writeImage(out: Summary, status: ContainerStatus | undefined, row: ContainerRow | undefined): void {
	const container = status ?? row?.container;
	if (!container) return;
	const asked = container.image.userSpecifiedImage || container.image.image;
	out.section('Image');
	out.fact('Asked for', asked);
	if (container.image.image !== asked) out.fact('Runtime name', container.image.image);
	out.fact('Resolved to', container.imageRef);
	out.fact('Image id', container.imageId);
	out.fact('Handler', container.image.runtimeHandler);
}

/** Environment as pairs, from the OCI spec, or from the configuration where there is no spec. */
function environment(info: ReturnType<typeof verboseObject>): readonly (readonly [string, string])[] {
	const process = objectAt(info, 'runtimeSpec', 'process');
	const fromSpec = textsAt(process, 'env').map((item): readonly [string, string] => {
		const sign = item.indexOf('=');
		return sign < 0 ? [item, ''] : [item.slice(0, sign), item.slice(sign + 1)];
	});
	if (fromSpec.length > 0) return fromSpec;
	const envs = objectAt(info, 'config')?.['envs'];
	return Array.isArray(envs)
		? envs.map((item: unknown) => [
				textAt(objectAt(item), 'key') ?? '',
				textAt(objectAt(item), 'value') ?? '',
			])
		: [];
}

function writeProcess(out: Summary, { status, row }: ContainerKnowledge): void {
	const info = verboseObject(status?.info);
	const verbose = parseVerboseInfo(status?.info ?? {});
	const config = objectAt(info, 'config');
	const process = objectAt(info, 'runtimeSpec', 'process');
	const configured = [...textsAt(config, 'command'), ...textsAt(config, 'args')];
	const args = verbose.args.length > 0 ? verbose.args : configured;
	out.section('Process');
	out.fact('Command', commandText(args.length > 0 ? args : (row?.facts?.command ?? [])));
	out.fact('Working dir', textAt(process, 'cwd'));
	const user = status?.user;
	const specUser = objectAt(process, 'user');
	const uid = user?.uid ?? textAt(specUser, 'uid');
	const gid = user?.gid ?? textAt(specUser, 'gid');
	const groups = user?.supplementalGroups ?? (specUser?.['additionalGids'] as unknown);
	out.fact(
		'User',
		uid === undefined
			? undefined
			: `${uid}:${gid ?? '?'}${`${uid}` === '0' ? ' (root)' : ''}${
					Array.isArray(groups) && groups.length > 0 ? `, groups ${groups.join(' ')}` : ''
				}`,
	);
	out.fact('Pid on host', verbose.pid ?? row?.facts?.pid);
	out.fact('Stop signal', status?.stopSignal);
	out.fact('Terminal', process?.['terminal'] === true ? true : undefined);
	const effective = textsAt(objectAt(process, 'capabilities'), 'effective');
	out.fact('Capabilities', effective.map((name) => name.replace(/^CAP_/u, '').toLowerCase()).join(' '));
	out.fact('Privileged', textAt(info, 'privileged'));
	out.fact('No new privs', textAt(process, 'noNewPrivileges'));
	out.fact('AppArmor', textAt(process, 'apparmorProfile'));
	out.fact('SELinux', textAt(process, 'selinuxLabel'));
	out.fact('Read-only root', textAt(objectAt(info, 'runtimeSpec', 'root'), 'readonly'));
	out.section('Environment');
	out.entries(environment(info));
}

/** The human summary of a container: first why it is in its state, then everything one asks next. */
export function containerSummary(known: ContainerKnowledge): Document {
	const { row, status, evidence, earlier, nowMs } = known;
	const out = createSummary();
	const subject = containerSubject(row, status);
	if (!subject) return out.lines();
	const info = verboseObject(status?.info);
	writeWhy(out, subject, evidence, earlier, nowMs);
	out.section('Container');
	out.fact('Name', status?.metadata.name ?? row?.container.metadata.name);
	out.fact('Pod', row && podNameOf(row) ? `${podNameOf(row)} in ${namespaceOf(row)}` : undefined);
	out.fact('Id', status?.id ?? row?.id);
	out.fact('Sandbox', status?.podSandboxId ?? row?.container.podSandboxId);
	out.facts('Ports', (row?.facts?.ports ?? []).map(portText));
	out.fact('Log', subject.logPath);
	writeImage(out, status, row);
	writeResources(out, known);
	writeProcess(out, known);
	writeMounts(out, status?.mounts, info);
	out.section('Labels');
	out.entries(status?.labels ?? row?.container.labels ?? {});
	out.section('Annotations');
	out.entries(status?.annotations ?? row?.container.annotations ?? {});
	out.section('Isolation');
	for (const line of namespaceLines(info)) out.fact(...line);
	out.fact(
		'Cgroup',
		textAt(objectAt(info, 'runtimeSpec', 'linux'), 'cgroupsPath') ?? row?.facts?.cgroupsPath,
	);
	out.fact('Runtime', textAt(info, 'runtimeType'));
	out.fact('Handler', row?.pod?.runtimeHandler || undefined);
	out.fact('Snapshotter', textAt(info, 'snapshotter'));
	out.fact('Snapshot', textAt(info, 'snapshotKey'));
	return out.lines();
}
