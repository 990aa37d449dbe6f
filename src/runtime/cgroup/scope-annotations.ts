/**
 * What OCI runtimes shall tell systemd of the scope that they make for a container. They pass on annotations of config.json
 * whose name begins with `org.systemd.property.`, with values as GVariant text. Source: runc, docs/systemd.md; CRI-O 1.36.
 */
import type { StringMap } from '../../cri/model.ts';

const prefix = 'org.systemd.property.';
/** The largest number of 64 bits. Source: org.freedesktop.systemd1(5), TasksMax */
const unlimited = '18446744073709551615';

/** What of a container counts for its scope. */
export type ScopeWishes = {
	/** A kubelet's: how long the container may take to end, in seconds, as a decimal number. */
	readonly gracePeriodSeconds?: string | undefined;
	/** 0 or less: no limit. */
	readonly pidsLimit: number;
	/** The unit that this runtime runs as. */
	readonly service: string | undefined;
};

/** Annotations for config.json. A limit that is not ours is lifted: systemd gives every unit one of its own (DefaultTasksMax). */
export function scopeAnnotations({ gracePeriodSeconds, pidsLimit, service }: ScopeWishes): StringMap {
	const hasGrace = gracePeriodSeconds !== undefined && /^[1-9]\d{0,8}$/.test(gracePeriodSeconds);
	return {
		// At a shutdown they are stopped like services, before the network is and before the runtime, which notes their ends.
		[`${prefix}DefaultDependencies`]: 'true',
		...(service !== undefined && { [`${prefix}After`]: `['${service}']` }),
		...(hasGrace && { [`${prefix}TimeoutStopUSec`]: `uint64 ${gracePeriodSeconds}000000` }),
		...(pidsLimit <= 0 && { [`${prefix}TasksMax`]: `uint64 ${unlimited}` }),
	};
}

/**
 * The service of systemd that a process belongs to, out of its /proc/PID/cgroup; undefined for one of a session, or without
 * systemd. Source: cgroups(7); systemd.unit(5) for what names consist of
 */
export function serviceOf(procCgroup: string): string | undefined {
	for (const line of procCgroup.split('\n')) {
		const service = /^(?:\d+:name=systemd|0:):(?:\/.*)?\/([\w.:@\\-]+\.service)$/.exec(line)?.[1];
		if (service !== undefined) return service;
	}
	return undefined;
}
