/**
 * What OCI runtimes shall tell systemd of the scope that they make for a container. They pass on annotations of config.json
 * whose name begins with `org.systemd.property.`, with values as GVariant text. Source: runc, docs/systemd.md; crun(1); CRI-O 1.36.
 */
import path from 'node:path';
import type { StringMap } from '../../cri/model.ts';

const prefix = 'org.systemd.property.';
/** The largest number of 64 bits. Source: org.freedesktop.systemd1(5), TasksMax */
const unlimited = '18446744073709551615';

/** What of a container counts for its scope. */
export type ScopeWishes = {
	/** A kubelet's: how long the container may take to end, in seconds, as a decimal number. */
	readonly gracePeriodSeconds?: string | undefined;
	/** Ends at SIGKILL alone, and is needed by others until then. */
	readonly ignoresSignals?: boolean | undefined;
	/** What it needs until it has ended: a scope, by its path. */
	readonly endsBefore?: string | undefined;
	/** 0 or less: no limit. */
	readonly pidsLimit: number;
	/** The unit that this runtime runs as. */
	readonly service: string | undefined;
};

/** Annotations for config.json. A limit that is not ours is lifted: systemd gives every unit one of its own (DefaultTasksMax). */
export function scopeAnnotations(wishes: ScopeWishes): StringMap {
	const { ignoresSignals = false, endsBefore, gracePeriodSeconds, pidsLimit, service } = wishes;
	const after = [service, endsBefore && path.basename(endsBefore)].filter((unit) => unit !== undefined);
	const hasGrace = gracePeriodSeconds !== undefined && /^[1-9]\d{0,8}$/.test(gracePeriodSeconds);
	return {
		// crun would put processes and limits one level below the scope, where nobody else looks. Source: crun(1)
		'run.oci.systemd.subgroup': '',
		// At a shutdown it is stopped like a service: what DefaultDependencies would do, which crun keeps to itself.
		[`${prefix}Conflicts`]: "['shutdown.target']",
		[`${prefix}Before`]: "['shutdown.target']",
		...(ignoresSignals && { [`${prefix}KillSignal`]: 'int32 9' }),
		// It ends before the runtime does, which takes note of it, and so before the network.
		...(after.length > 0 && { [`${prefix}After`]: `[${after.map((unit) => `'${unit}'`).join(', ')}]` }),
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
