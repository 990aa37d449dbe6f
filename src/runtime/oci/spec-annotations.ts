/** Annotations that change how a container is made. Source: CRI-O 1.36, pkg/annotations/v2 (names and their older forms). */
import type { StringMap } from '../../cri/model.ts';

/** The newer name of each and the older one, which is still read. */
export const specAnnotations = {
	umask: ['umask.crio.io', 'io.kubernetes.cri-o.umask'],
	devices: ['devices.crio.io', 'io.kubernetes.cri-o.Devices'],
	unifiedCgroup: ['unified-cgroup.crio.io', 'io.kubernetes.cri-o.UnifiedCgroup'],
	cgroup2ReadWrite: ['cgroup2-mount-hierarchy-rw.crio.io', 'io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw'],
} as const satisfies Record<string, readonly [string, string]>;

/**
 * The value of a pod's annotation, where the handler allows it.
 * @param containerName for those that are given for one container, after a slash (newer) or a dot (older)
 */
export function allowedAnnotation(
	annotations: StringMap,
	of: keyof typeof specAnnotations,
	allowed: readonly string[],
	containerName?: string,
): string | undefined {
	const names = specAnnotations[of];
	// Either name in the configuration allows both, as with CRI-O.
	if (!allowed.some((entry) => names.some((name) => name === entry))) return undefined;
	const suffixes = containerName === undefined ? [''] : [`/${containerName}`, `.${containerName}`];
	for (const name of names) {
		for (const suffix of suffixes) {
			const value = annotations[`${name}${suffix}`];
			if (value !== undefined) return value;
		}
	}
	return undefined;
}

/**
 * Annotations by which OCI runtimes take orders: properties of the unit, files of the host to read or write, other ways to run it.
 * Source: CRI-O 1.36, pkg/annotations/v2; crun(1), "run.oci."; runc, docs/systemd.md
 */
const orders = [
	'org.systemd.property.',
	'org.criu.config',
	'run.oci.',
	'module.wasm.image/variant',
	'bundle',
];

/** Those of a request without orders to the OCI runtime that the handler does not allow. */
export function withoutOrders(annotations: StringMap, allowed: readonly string[]): StringMap {
	const refused = orders.filter((order) => !allowed.includes(order));
	return Object.fromEntries(
		Object.entries(annotations).filter(
			([key]) => !refused.some((order) => (/[./]$/.test(order) ? key.startsWith(order) : key === order)),
		),
	);
}
