import type { JsonObject, PortMapping } from '../../cri/verbose-info.ts';
import { listAt, objectAt, textAt } from './field.ts';

/** A port as one reads it: `18080 on the host → 8080/tcp`. */
export function portText({ containerPort, hostPort, hostIp, protocol }: PortMapping): string {
	const inner = `${containerPort}/${protocol.toLowerCase()}`;
	return hostPort ? `${hostIp ? `${hostIp}:` : ''}${hostPort} on the host → ${inner}` : inner;
}

/** Namespaces of the OCI spec that are shared with others (those with a path), and those that are its own. */
export function namespaceLines(info: JsonObject | undefined): readonly (readonly [string, string])[] {
	const spec = objectAt(info, 'runtimeSpec', 'linux');
	if (!spec) return [];
	const namespaces = listAt(spec, 'namespaces').map((item) => objectAt(item));
	const own = namespaces
		.filter((item) => item && textAt(item, 'path') === undefined)
		.map((item) => textAt(item, 'type') ?? '?');
	const joined = namespaces.filter((item) => item && textAt(item, 'path') !== undefined);
	const present = new Set(namespaces.map((item) => textAt(item, 'type')));
	// A kind that the spec leaves out is the host's.
	const host = ['network', 'pid', 'ipc', 'uts', 'mount'].filter((kind) => !present.has(kind));
	return [
		...(own.length > 0 ? [['Own', own.join(' ')] as const] : []),
		...joined.map(
			(item, index) =>
				[index === 0 ? 'Joined' : '', `${textAt(item, 'type') ?? '?'} at ${textAt(item, 'path')}`] as const,
		),
		...(host.length > 0 ? [["Host's", host.join(' ')] as const] : []),
	];
}
