/** Flags of Podman and Docker that no CRI runtime can act on: each is refused with its reason, never ignored. */
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

const noSuchField = 'the CRI has no way to ask a runtime for it';

const reasons = {
	ulimit: noSuchField,
	'shm-size': `${noSuchField}; mount a tmpfs at /dev/shm: --tmpfs /dev/shm:size=1g`,
	'pids-limit': `${noSuchField}; a limit for all pods is the runtime's own setting`,
	'blkio-weight': noSuchField,
	'device-read-bps': noSuchField,
	'device-write-bps': noSuchField,
	'memory-reservation': noSuchField,
	gpus: 'name the device by --device vendor.com/class=name (CDI)',
	userns: 'user namespaces are for the kubelet to hand out',
	uts: "a pod has its own hostname; --network host has the host's",
	ip: 'the network plugin gives out addresses',
	ip6: 'the network plugin gives out addresses',
	'mac-address': 'the network plugin gives out addresses',
	'network-alias': 'pods find each other by address; --add-host gives one a name',
	link: 'pods find each other by address; --add-host gives one a name',
	expose: 'every port of a pod can be reached at its address; --publish opens one on the host',
	'health-cmd': "nothing watches it; probes are the kubelet's",
	'health-interval': "nothing watches it; probes are the kubelet's",
	'log-driver': 'the runtime writes the log; see criscope logs',
	'log-opt': 'the runtime writes the log; see criscope logs',
	pod: 'every run has a pod of its own; criscope create puts a container into another one',
	'volumes-from': 'name the folders by --volume',
	'cgroup-parent': "the runtime places its pods; runp's configuration has cgroup_parent",
	cgroupns: noSuchField,
	'storage-opt': noSuchField,
	secret: 'mount a file by --volume FILE:/run/secrets/NAME:ro',
} as const;

const refusedSwitches = {
	init: 'no runtime of the CRI adds one; put tini into the image',
	'publish-all': 'name each port: --publish 8080:80',
	replace: 'remove the old one first: criscope rmp -f NAME',
	'no-healthcheck': "nothing watches it; probes are the kubelet's",
	'oom-kill-disable': noSuchField,
} as const;

type Reasons = typeof reasons & typeof refusedSwitches;
const all: Reasons = { ...reasons, ...refusedSwitches };

type Refused<Kind extends 'text' | 'switch'> = Kind extends 'text'
	? { readonly kind: 'text'; readonly value: string; readonly help: string; readonly hidden: true }
	: { readonly kind: 'switch'; readonly help: string; readonly hidden: true; readonly short?: string };

const texts = Object.fromEntries(
	Object.entries(reasons).map(([name, help]) => [name, { kind: 'text', value: 'VALUE', help, hidden: true }]),
) as { readonly [Name in keyof typeof reasons]: Refused<'text'> };

const switches = Object.fromEntries(
	Object.entries(refusedSwitches).map(([name, help]) => [
		name,
		{ kind: 'switch', help, hidden: true, ...(name === 'publish-all' && { short: 'P' }) },
	]),
) as { readonly [Name in keyof typeof refusedSwitches]: Refused<'switch'> };

/** The specs of all of them, not shown in the help. */
export const refusedFlags = { ...texts, ...switches } satisfies FlagSpecs;

/** @throws UsageError with the reason, where one of them was given. */
export function refuseWhatCannotBe(given: ReadonlySet<string>): void {
	for (const [name, reason] of Object.entries(all)) {
		if (given.has(name)) throw new UsageError(`--${name} is not possible here: ${reason}`);
	}
}
