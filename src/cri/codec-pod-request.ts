/**
 * The request of RunPodSandbox as the runtime reads it. What is wrong is refused here, before anything is made, with the
 * name of the field. Source: messages RunPodSandboxRequest and PodSandboxConfig; runtime.md section 1.
 */
import { isIP } from 'node:net';
import { readMessage, readNumber, readOptional, readText, type WireMessage } from './codec-fields.ts';
import {
	checkEnum,
	checkInteger,
	checkList,
	checkMap,
	checkPath,
	checkText,
	checkTexts,
	demandMessage,
	demandName,
	hasControl,
	refuse,
} from './codec-request-checks.ts';
import { mapResourcesRequest } from './codec-resources-request.ts';
import { mapSecurityContext } from './codec-security-request.ts';
import type { PodSandboxMetadata } from './model.ts';
import type { DnsConfig, PodSandboxRequest, PortMapping } from './pod-request.ts';

const protocols = new Map<unknown, PortMapping['protocol']>([
	['TCP', 'tcp'],
	['UDP', 'udp'],
	['SCTP', 'sctp'],
]);

/** Source: message PodSandboxConfig. @param field what it is called in errors. @throws InvalidArgumentError */
export function mapPodSandboxRequest(value: unknown, field = 'config'): PodSandboxRequest {
	const wire = demandMessage(value, field);
	const linux = readMessage(wire['linux']);
	return {
		metadata: mapMetadata(wire['metadata'], `${field}.metadata`),
		hostname: mapHostname(wire['hostname'], `${field}.hostname`),
		logDirectory: checkPath(wire['logDirectory'], `${field}.logDirectory`),
		dns: mapDns(wire['dnsConfig'], `${field}.dnsConfig`),
		portMappings: checkList(wire['portMappings'], `${field}.portMappings`, mapPort),
		labels: checkMap(wire['labels'], `${field}.labels`),
		annotations: checkMap(wire['annotations'], `${field}.annotations`),
		cgroupParent: mapCgroupParent(linux['cgroupParent'], `${field}.linux.cgroupParent`),
		sysctls: mapSysctls(linux['sysctls'], `${field}.linux.sysctls`),
		security: mapSecurityContext(linux['securityContext'], `${field}.linux.securityContext`),
		overhead: mapResourcesRequest(linux['overhead'], `${field}.linux.overhead`),
		resources: mapResourcesRequest(linux['resources'], `${field}.linux.resources`),
	};
}

function mapMetadata(value: unknown, field: string): PodSandboxMetadata {
	const wire = demandMessage(value, field);
	return {
		name: demandName(wire['name'], `${field}.name`),
		uid: demandName(wire['uid'], `${field}.uid`),
		namespace: demandName(wire['namespace'], `${field}.namespace`),
		attempt: readNumber(wire['attempt']),
	};
}

/** Source: hostname(7); the kernel takes 64 characters, sethostname(2). */
function mapHostname(value: unknown, field: string): string {
	const name = checkText(value, field);
	if (name === '') return name;
	if (name.length > 64) refuse(field, `"${name}" has ${name.length} characters, and the kernel takes 64`);
	if (/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name)) return name;
	return refuse(field, `${JSON.stringify(name)} is no hostname`);
}

/** Each becomes a word of a line of resolv.conf, and must not become more. Source: resolv.conf(5) */
function mapDns(value: unknown, field: string): DnsConfig | undefined {
	const wire = readOptional(value);
	if (wire === undefined) return undefined;
	const words = (name: string): readonly string[] => {
		const list = checkTexts(wire[name], `${field}.${name}`);
		const wrong = list.findIndex((word) => word === '' || /\s/.test(word) || hasControl(word));
		if (wrong === -1) return list;
		return refuse(`${field}.${name}[${wrong}]`, `${JSON.stringify(list[wrong])} must be one word`);
	};
	const servers = words('servers');
	const wrong = servers.findIndex((server) => isIP(server) === 0);
	if (wrong !== -1) refuse(`${field}.servers[${wrong}]`, `"${servers[wrong]}" is no IP address`);
	return { servers, searches: words('searches'), options: words('options') };
}

function mapPort(wire: WireMessage, field: string): PortMapping {
	const hostIp = readText(wire['hostIp']);
	if (hostIp !== '' && isIP(hostIp) === 0) refuse(`${field}.hostIp`, `"${hostIp}" is no IP address`);
	return {
		protocol: checkEnum(wire['protocol'], `${field}.protocol`, protocols),
		containerPort: Number(checkInteger(wire['containerPort'], `${field}.containerPort`, [1n, 65_535n])),
		hostPort: Number(checkInteger(wire['hostPort'], `${field}.hostPort`, [0n, 65_535n])),
		hostIp,
	};
}

function mapCgroupParent(value: unknown, field: string): string {
	const parent = checkText(value, field);
	if (hasControl(parent) || parent.split('/').includes('..')) {
		refuse(field, `${JSON.stringify(parent)} is no path of a cgroup`);
	}
	return parent;
}

/** Names with dots or slashes; which of them a pod may set depends on its namespaces. Source: sysctl(8) */
function mapSysctls(value: unknown, field: string): PodSandboxRequest['sysctls'] {
	const sysctls = checkMap(value, field);
	const wrong = Object.keys(sysctls).find(
		(key) => !/^[\w-]+([./][\w-]+)+$/.test(key) || hasControl(sysctls[key] ?? ''),
	);
	return wrong === undefined ? sysctls : refuse(`${field}["${wrong}"]`, 'is no kernel parameter');
}
