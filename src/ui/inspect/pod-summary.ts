import type { PodSandboxStatus } from '../../cri/model.ts';
import { type JsonObject, parseVerboseInfo } from '../../cri/verbose-info.ts';
import { healthToken } from '../resources/cells.ts';
import { exitCodeText } from '../resources/health.ts';
import type { ContainerRow, PodRow } from '../resources/rows.ts';
import type { Line } from '../theme/tokens.ts';
import type { Document } from './document.ts';
import { endingText } from './exit-reason.ts';
import { listAt, objectAt, textAt, textsAt, verboseObject } from './field.ts';
import { momentText } from './moment.ts';
import { namespaceLines, portText } from './pod-parts.ts';
import { createSummary, type Summary } from './summary.ts';

/** What is known about a pod, secrets hidden already unless the person asked for them. */
export type PodKnowledge = {
	readonly row: PodRow | undefined;
	readonly status: PodSandboxStatus | undefined;
	/** Other sandboxes of the same pod, newest first. */
	readonly otherSandboxes: readonly PodRow[];
	readonly nowMs: number;
};

/** The newest attempt that is worst off: what the pod's state is about. */
function worstOf(row: PodRow | undefined): ContainerRow | undefined {
	const newest = row?.containers.filter((container) => !container.superseded) ?? [];
	return newest.find(({ health }) => health === 'fail') ?? newest.find(({ health }) => health === 'warn');
}

function writeWhy(out: Summary, { row, status, nowMs }: PodKnowledge): void {
	const worst = worstOf(row);
	const state = status?.state ?? row?.pod.state;
	out.section('Why it is in this state');
	if (row) out.fact('State', row.stateText, healthToken[row.health]);
	if (row?.departed)
		out.item([{ text: 'The runtime no longer lists it: what follows is the last it said.', token: 'warn' }]);
	if (state === 'notReady')
		out.item('Its sandbox is not ready: it was stopped, or its network or pause process is gone.');
	if (state === 'unknown') out.item('The runtime does not know the state of its sandbox.');
	if (worst) {
		const { facts } = worst;
		const what: Line =
			facts?.state === 'exited'
				? [
						{
							text: endingText({
								exitCode: facts.exitCode,
								reason: facts.reason,
								oomKillSeen: false,
								kernelLogRead: false,
							}),
						},
					]
				: [{ text: `It is ${worst.stateText.toLowerCase()}.` }];
		out.item([{ text: `Container ${worst.name}: `, token: healthToken[worst.health], bold: true }, ...what]);
		out.fact('Message', facts?.message);
		if (facts?.finishedAtNanos) out.fact('Finished', momentText(facts.finishedAtNanos, nowMs));
		if (worst.container.metadata.attempt > 0) out.fact('Attempt', worst.container.metadata.attempt);
	} else if (row && row.containers.length === 0) {
		out.item(
			'It has no containers: an image that cannot be pulled, an admission that failed, or one just begun.',
		);
	} else if (state === 'ready') out.item('Its sandbox is ready and no container of it is in trouble.');
	const created = status?.createdAtNanos ?? row?.pod.createdAtNanos;
	out.fact('Created', momentText(created, nowMs));
}

function containerLine(row: ContainerRow): Line {
	const { facts } = row;
	const ports = (facts?.ports ?? []).map(portText).join(' ');
	const exit =
		facts?.state === 'exited' && row.container.state === 'exited'
			? `, exit code ${exitCodeText(facts.exitCode)}`
			: '';
	return [
		{ text: `${row.name} `, token: row.superseded ? 'muted' : 'accent' },
		{ text: `${row.stateText}${exit}`, token: healthToken[row.health] },
		{ text: `, attempt ${row.container.metadata.attempt}${ports ? `, ports ${ports}` : ''}`, token: 'muted' },
	];
}

function writeNetwork(out: Summary, { row, status }: PodKnowledge, info: JsonObject | undefined): void {
	const config = objectAt(info, 'config');
	const verbose = parseVerboseInfo(status?.info ?? {});
	const hostNetwork = status ? status.namespaces?.network === 'node' : row?.facts?.hostNetwork;
	const ips = [
		status?.ip ?? row?.facts?.ip ?? '',
		...(status?.additionalIps ?? row?.facts?.additionalIps ?? []),
	];
	out.section('Network');
	out.facts('IP', ips);
	out.fact('Host network', hostNetwork, hostNetwork ? 'warn' : undefined);
	out.fact('Hostname', textAt(config, 'hostname') ?? textAt(objectAt(info, 'runtimeSpec'), 'hostname'));
	const ports = verbose.portMappings.length > 0 ? verbose.portMappings : (row?.facts?.ports ?? []);
	out.facts('Ports', ports.map(portText));
	const dns = objectAt(config, 'dns_config') ?? objectAt(config, 'dnsConfig');
	out.fact('DNS servers', textsAt(dns, 'servers').join(' '));
	out.fact('DNS searches', textsAt(dns, 'searches').join(' '));
	out.fact('DNS options', textsAt(dns, 'options').join(' '));
	out.fact('Namespace', verbose.networkNamespacePath);
	if (textAt(info, 'netNamespaceClosed') === 'true') out.fact('Namespace', 'closed', 'warn');
	const cni = objectAt(info, 'cniResult');
	for (const [name, item] of Object.entries(objectAt(cni, 'Interfaces') ?? {})) {
		const addresses = listAt(objectAt(item), 'IPConfigs').flatMap((entry): readonly string[] => {
			const ip = textAt(objectAt(entry), 'IP');
			const gateway = textAt(objectAt(entry), 'Gateway');
			return ip ? [gateway ? `${ip} via ${gateway}` : ip] : [];
		});
		const mac = textAt(objectAt(item), 'Mac');
		out.fact('CNI interface', [name, addresses.join(', '), mac].filter(Boolean).join('  '));
	}
	for (const route of listAt(cni, 'Routes')) {
		const gateway = textAt(objectAt(route), 'gw');
		out.fact('CNI route', `${textAt(objectAt(route), 'dst') ?? '?'}${gateway ? ` via ${gateway}` : ''}`);
	}
}

/** The human summary of a pod: what is wrong with it, its containers, its network, then the rest. */
export function podSummary(known: PodKnowledge): Document {
	const { row, status, otherSandboxes, nowMs } = known;
	const out = createSummary();
	const pod = status ?? row?.pod;
	if (!pod) return out.lines();
	const info = verboseObject(status?.info);
	const config = objectAt(info, 'config');
	const linux = objectAt(config, 'linux');
	writeWhy(out, known);
	out.section(
		`Containers${row ? ` (${row.readyCount} of ${row.totalCount} ready, ${row.restarts} restarts)` : ''}`,
	);
	for (const container of row?.containers ?? []) out.item(containerLine(container));
	out.section('Pod');
	out.fact('Name', pod.metadata.name);
	out.fact('Namespace', pod.metadata.namespace);
	out.fact('Uid', pod.metadata.uid);
	out.fact('Sandbox', pod.id);
	out.fact('Attempt', pod.metadata.attempt);
	out.facts(
		'Other attempts',
		otherSandboxes.map(
			(other) =>
				`#${other.pod.metadata.attempt} ${other.stateText}, created ${momentText(other.pod.createdAtNanos, nowMs) ?? 'at an unknown time'}`,
		),
	);
	out.fact('Logs', textAt(config, 'log_directory') ?? textAt(config, 'logDirectory'));
	writeNetwork(out, known, info);
	out.section('Labels');
	out.entries(pod.labels);
	out.section('Annotations');
	out.entries(pod.annotations);
	out.section('Isolation');
	const shared = status?.namespaces;
	if (shared) {
		out.fact('Network', shared.network === 'node' ? "the host's" : shared.network);
		out.fact('Processes', shared.pid === 'node' ? "the host's" : shared.pid);
		out.fact('IPC', shared.ipc === 'node' ? "the host's" : shared.ipc);
		out.fact('Users', shared.userns);
	}
	for (const line of namespaceLines(info)) out.fact(...line);
	out.fact('Cgroup parent', textAt(linux, 'cgroup_parent') ?? textAt(linux, 'cgroupParent'));
	out.fact('Cgroup', parseVerboseInfo(status?.info ?? {}).cgroupsPath);
	out.fact('Handler', pod.runtimeHandler || (status ? 'the default' : undefined));
	out.fact('Runtime', textAt(info, 'runtimeType'));
	out.fact('Pause image', textAt(info, 'image'));
	out.fact('Pause pid', textAt(info, 'pid'));
	out.fact('Pause process', textAt(info, 'processStatus'));
	out.entries(
		Object.entries(objectAt(linux, 'sysctls') ?? {}).map(([name, value]) => [name, String(value)] as const),
	);
	return out.lines();
}
