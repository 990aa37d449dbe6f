/** The flags of `criscope run`: those of Podman and Docker, and those of crictl's own run. Data only. */
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { createPullFlags } from '../requests/pull-flags.ts';
import { refusedFlags } from './refused-flags.ts';

const terminalFlags = {
	interactive: { kind: 'switch', short: 'i', help: 'keep standard input open' },
	tty: { kind: 'switch', short: 't', help: 'give it a terminal' },
	detach: { kind: 'switch', short: 'd', help: 'print the id and leave it running' },
	'detach-keys': { kind: 'text', value: 'KEYS', help: 'keys that leave it running (usually ctrl-p,ctrl-q)' },
	rm: { kind: 'switch', help: 'remove it, its pod and its logs when it has ended' },
	'stop-timeout': { kind: 'text', value: 'SECONDS', help: 'grace of a stop before the kill; 10 by default' },
	pull: {
		kind: 'text',
		value: 'WHEN',
		choices: ['always', 'missing', 'never'],
		help: 'always, missing (the default) or never',
	},
	platform: {
		kind: 'text',
		value: 'OS/ARCH[/VARIANT]',
		help: "pull for another platform than the runtime's",
	},
	quiet: { kind: 'switch', short: 'q', help: 'no progress of a pull' },
	cidfile: { kind: 'text', value: 'FILE', help: 'write the id of the container into this new file' },
} as const satisfies FlagSpecs;

const processFlags = {
	name: { kind: 'text', value: 'NAME', help: 'name of the pod and its container' },
	namespace: { kind: 'text', value: 'NAME', help: 'Kubernetes namespace of the pod; default is default' },
	entrypoint: { kind: 'text', value: 'COMMAND', help: "instead of the image's; also a JSON list" },
	env: {
		kind: 'list',
		short: 'e',
		value: 'NAME[=VALUE]',
		help: 'variable; without a value, the one of this shell',
	},
	'env-file': { kind: 'list', value: 'FILE', help: 'file of such lines' },
	workdir: { kind: 'text', short: 'w', value: 'PATH', help: 'folder to start in' },
	user: { kind: 'text', short: 'u', value: 'USER[:GROUP]', help: 'name or number; the group as a number' },
	'group-add': { kind: 'list', value: 'GID', help: 'further group' },
	hostname: { kind: 'text', value: 'NAME', help: 'its hostname; otherwise the name' },
	label: { kind: 'list', short: 'l', value: 'KEY=VALUE', help: 'label of pod and container' },
	annotation: { kind: 'list', value: 'KEY=VALUE', help: 'annotation of pod and container' },
	'stop-signal': { kind: 'text', value: 'SIGNAL', help: 'what asks it to end, instead of SIGTERM' },
} as const satisfies FlagSpecs;

const networkFlags = {
	publish: {
		kind: 'list',
		short: 'p',
		value: '[[IP:]PORT:]PORT[/PROTO]',
		help: 'port of the host, and of the container',
	},
	network: { kind: 'text', aliases: ['net'], value: 'MODE', help: 'pod (the default) or host' },
	dns: { kind: 'list', value: 'ADDRESS', help: 'name server' },
	'dns-search': { kind: 'list', value: 'DOMAIN', help: 'search domain' },
	'dns-option': { kind: 'list', aliases: ['dns-opt'], value: 'OPTION', help: 'option of resolv.conf' },
	'add-host': { kind: 'list', value: 'NAME:ADDRESS', help: 'line of /etc/hosts' },
	pid: { kind: 'text', value: 'MODE', help: 'private (the default), pod or host' },
	ipc: { kind: 'text', value: 'MODE', help: 'pod (the default) or host' },
	sysctl: { kind: 'list', value: 'NAME=VALUE', help: "kernel setting of the pod's namespaces" },
} as const satisfies FlagSpecs;

const storageFlags = {
	volume: {
		kind: 'list',
		short: 'v',
		value: 'SRC:DST[:OPTIONS]',
		help: 'ro, rro, rw, z, Z, rprivate, rslave, rshared; DST alone is an empty folder',
	},
	mount: { kind: 'list', value: 'type=…,src=…,dst=…', help: 'bind, tmpfs or image' },
	tmpfs: { kind: 'list', value: 'DST[:OPTIONS]', help: 'in memory; size=, mode=' },
	device: { kind: 'list', value: 'SRC[:DST[:rwm]]', help: "device of the host, or a CDI device's name" },
	'read-only': { kind: 'switch', help: 'its root filesystem cannot be written' },
} as const satisfies FlagSpecs;

const limitFlags = {
	memory: { kind: 'text', short: 'm', value: 'SIZE', help: 'such as 512m or 2g' },
	'memory-swap': { kind: 'text', value: 'SIZE', help: 'of memory and swap together; -1 for no limit' },
	cpus: { kind: 'text', value: 'NUMBER', help: 'processors it may use, such as 1.5' },
	'cpu-shares': { kind: 'text', short: 'c', value: 'WEIGHT', help: 'weight beside others; 1024 is usual' },
	'cpu-period': { kind: 'text', value: 'MICROSECONDS', help: "length of the scheduler's period" },
	'cpu-quota': { kind: 'text', value: 'MICROSECONDS', help: 'time in each period' },
	'cpuset-cpus': { kind: 'text', value: 'LIST', help: 'processors to run on, such as 0-3' },
	'cpuset-mems': { kind: 'text', value: 'LIST', help: 'memory nodes to use' },
	'oom-score-adj': { kind: 'text', value: 'NUMBER', help: 'from -1000 to 1000' },
} as const satisfies FlagSpecs;

const rightFlags = {
	privileged: { kind: 'switch', help: 'all rights, all devices' },
	'cap-add': { kind: 'list', value: 'CAPABILITY', help: 'add a right; ALL is possible' },
	'cap-drop': { kind: 'list', value: 'CAPABILITY', help: 'take one away; ALL is possible' },
	'security-opt': {
		kind: 'list',
		value: 'OPTION',
		help: 'no-new-privileges, seccomp=unconfined|FILE, apparmor=unconfined|PROFILE',
	},
	runtime: { kind: 'text', value: 'HANDLER', help: "the runtime's handler, such as runc or runsc" },
	restart: { kind: 'text', value: 'POLICY', help: 'no only: nothing restarts what this verb starts' },
} as const satisfies FlagSpecs;

/** Every flag of run. */
export const runFlags = {
	...terminalFlags,
	...processFlags,
	...networkFlags,
	...storageFlags,
	...limitFlags,
	...rightFlags,
	...createPullFlags,
	...refusedFlags,
} as const satisfies FlagSpecs;

/** What was written of them. */
export type RunFlags = FlagValues<typeof runFlags>;
