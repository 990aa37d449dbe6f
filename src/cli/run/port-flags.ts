/** Published ports as Podman and Docker write them: `8080:80`, `127.0.0.1:53:53/udp`, `[::1]:8000-8002:80-82`. */
import { isIP } from 'node:net';
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { UsageError } from '../usage-error.ts';

/** One published port. */
export type PublishedPort = {
	readonly protocol: 'TCP' | 'UDP' | 'SCTP';
	readonly containerPort: number;
	/** undefined: any free one. */
	readonly hostPort: number | undefined;
	/** '' for all addresses. */
	readonly hostIp: string;
};

const mostPorts = 1000;

function rangeOf(text: string, written: string): readonly [first: number, last: number] {
	const [, from = '', to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/u.exec(text) ?? [];
	const [first, last] = [Number(from), Number(to)];
	if (from === '' || first < 1 || last > 65_535 || last < first) {
		throw new UsageError(`flag --publish needs ports from 1 to 65535, not "${text}" in "${written}"`);
	}
	if (last - first >= mostPorts)
		throw new UsageError(`flag --publish takes up to ${mostPorts} ports, not "${text}"`);
	return [first, last];
}

/** Reads one `--publish`. @throws UsageError that quotes it. */
export function parsePublish(written: string): readonly PublishedPort[] {
	const usage = (): never => {
		throw new UsageError(`flag --publish is [[IP:]PORT:]PORT[/PROTO], not "${written}"`);
	};
	const [, address, protocol = 'tcp'] = /^([^/]+)(?:\/(tcp|udp|sctp))?$/iu.exec(written) ?? usage();
	const [, bracketed, plain, ports = ''] =
		/^(?:\[([^\]]+)\]:|(\d+\.\d+\.\d+\.\d+):)?(.+)$/u.exec(address ?? '') ?? usage();
	const hostIp = bracketed ?? plain ?? '';
	if (hostIp !== '' && isIP(hostIp) === 0) {
		throw new UsageError(`flag --publish: "${hostIp}" is no IP address, in "${written}"`);
	}
	const parts = ports.split(':');
	if (parts.length > 2) return usage();
	const [first, last] = rangeOf(parts.at(-1) ?? '', written);
	// `IP::80` and a bare `80` leave the choice to us.
	const host = parts.length === 2 && parts[0] !== '' ? rangeOf(parts[0] ?? '', written) : undefined;
	if (host && host[1] - host[0] !== last - first) {
		throw new UsageError(`flag --publish needs as many ports on both sides, not "${written}"`);
	}
	return Array.from({ length: last - first + 1 }, (_, index) => ({
		protocol: protocol.toUpperCase() as PublishedPort['protocol'],
		containerPort: first + index,
		hostPort: host && host[0] + index,
		hostIp,
	}));
}

/** The protocol's form. @param freePort finds a port where none was asked for */
export async function portMappingsOf(
	ports: readonly PublishedPort[],
	freePort: () => Promise<number>,
): Promise<readonly ProtocolMessage[]> {
	const mappings: ProtocolMessage[] = [];
	for (const { hostPort, ...port } of ports)
		mappings.push({ ...port, hostPort: hostPort ?? (await freePort()) });
	return mappings;
}
