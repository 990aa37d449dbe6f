/** What `criscope run` is to make, worked out from its flags before anything is asked of a runtime. */
import { isIP } from 'node:net';
import type { ContainerConfig, PodSandboxConfig, ProtocolMessage } from '../../cri/sandbox-config.ts';
import { parsePairs } from '../key-values.ts';
import {
	checkDnsName,
	kubeletContainerLabels,
	kubeletPodLabels,
	type PodName,
	podLogDirectory,
} from '../requests/pod-words.ts';
import { UsageError } from '../usage-error.ts';
import { envsOf } from './env-flags.ts';
import { limitsOf } from './limit-flags.ts';
import { type PublishedPort, parsePublish } from './port-flags.ts';
import { rightsOf } from './right-flags.ts';
import type { RunFlags } from './run-flags.ts';
import { parseMount, parseTmpfs, parseVolume, type Volume } from './volume-flags.ts';

/** Label of every pod of this verb; its value is `rm` where it is to go with its container. */
export const runLabel = 'criscope.run';

/** What comes from outside of the flags. */
export type PlanFacts = {
	readonly uid: string;
	/** A few letters that make a name unique. */
	readonly suffix: string;
	readonly cwd: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly envFiles: readonly { readonly path: string; readonly text: string }[];
};

/** Everything that is to be made; ports without a number and volumes are settled when it is made. */
export type RunPlan = {
	readonly pod: PodName;
	readonly podConfig: PodSandboxConfig;
	readonly containerConfig: ContainerConfig;
	readonly ports: readonly PublishedPort[];
	readonly volumes: readonly Volume[];
	/** Lines of /etc/hosts beyond the usual ones. */
	readonly hosts: readonly { readonly address: string; readonly names: readonly string[] }[];
	readonly stopTimeoutSeconds: number;
};

function namespacesOf(flags: RunFlags): {
	readonly network: string;
	readonly pid: string;
	readonly ipc: string;
} {
	const { network = 'pod', pid = 'private', ipc = 'pod' } = flags;
	if (network === 'none') {
		throw new UsageError(
			"--network none is not possible here: a CRI runtime gives every pod a network, its own or the host's",
		);
	}
	const read = (flag: string, value: string, words: Readonly<Record<string, string>>): string => {
		const mode = words[value];
		if (mode !== undefined) return mode;
		const known = Object.keys(words).join(', ');
		throw new UsageError(`flag --${flag} knows no "${value}"; there are ${known}`);
	};
	const own = { pod: 'POD', private: 'POD', host: 'NODE' };
	return {
		network: read('network', network, { ...own, bridge: 'POD', default: 'POD' }),
		pid: read('pid', pid, { private: 'CONTAINER', container: 'CONTAINER', pod: 'POD', host: 'NODE' }),
		ipc: read('ipc', ipc, { ...own, shareable: 'POD' }),
	};
}

function hostsOf(flags: RunFlags): RunPlan['hosts'] {
	return flags['add-host'].map((text) => {
		const colon = text.indexOf(':');
		const [name, address] = [text.slice(0, colon), text.slice(colon + 1).replace(/^\[(.*)\]$/u, '$1')];
		if (colon < 1 || /\s/u.test(name) || isIP(address) === 0) {
			throw new UsageError(`flag --add-host is NAME:ADDRESS, not "${text}"`);
		}
		return { address, names: [name] };
	});
}

function dnsOf(flags: RunFlags): ProtocolMessage | undefined {
	const { dns, 'dns-search': searches, 'dns-option': options } = flags;
	const wrong = dns.find((server) => isIP(server) === 0);
	if (wrong !== undefined) throw new UsageError(`flag --dns is an IP address, not "${wrong}"`);
	if (dns.length + searches.length + options.length === 0) return undefined;
	return { servers: dns, searches, options };
}

function devicesOf(flags: RunFlags): ProtocolMessage {
	const isCdi = (device: string) => /^[\w.-]+\/[\w.-]+=[^/]+$/u.test(device);
	const devices = flags.device
		.filter((device) => !isCdi(device))
		.map((device) => {
			const [hostPath = '', second, third] = device.split(':');
			const isRights = (text: string | undefined) => text !== undefined && /^[rwm]{1,3}$/u.test(text);
			const containerPath = second === undefined || isRights(second) ? hostPath : second;
			const permissions = isRights(second) ? second : (third ?? 'rwm');
			if (!hostPath.startsWith('/') || !containerPath.startsWith('/') || !isRights(permissions)) {
				throw new UsageError(`flag --device is SRC[:DST[:rwm]], not "${device}"`);
			}
			return { hostPath, containerPath, permissions };
		});
	return { devices, CDIDevices: flags.device.filter(isCdi).map((name) => ({ name })) };
}

/** `--entrypoint` is one word, or a JSON list of them. */
function entrypointOf(text: string | undefined): readonly string[] | undefined {
	if (text === undefined || !text.startsWith('[')) return text === undefined ? undefined : [text];
	try {
		const words: unknown = JSON.parse(text);
		if (Array.isArray(words) && words.every((word) => typeof word === 'string')) return words;
	} catch {
		// Told below.
	}
	throw new UsageError(`flag --entrypoint is a command or a JSON list of words, not "${text}"`);
}

/** A name from an image: `docker.io/library/busybox:1.35` gives `busybox`. */
export function nameFromImage(image: string): string {
	const last = image.replace(/@.*$/u, '').split('/').at(-1) ?? '';
	const plain = last
		.replace(/:[^:]*$/u, '')
		.toLowerCase()
		.replaceAll(/[^a-z0-9-]+/gu, '-')
		.replaceAll(/^-+|-+$/gu, '')
		.slice(0, 40);
	return /^(?:[0-9a-f]{12,})?$/u.test(plain) ? 'run' : plain;
}

function stopSignalOf(text: string): string {
	const name = text.toUpperCase().replace(/^(?:SIG)?/u, 'SIG');
	if (!/^SIG[A-Z0-9+-]{2,12}$/u.test(name))
		throw new UsageError(`flag --stop-signal is a name such as SIGINT, not "${text}"`);
	return name.replace('+', 'PLUS').replace('-', 'MINUS');
}

function stopTimeout(text: string | undefined): number {
	if (text === undefined) return 10;
	if (!/^\d{1,6}$/u.test(text))
		throw new UsageError(`flag --stop-timeout is a number of seconds, not "${text}"`);
	return Number(text);
}

/**
 * Works everything out.
 * @param words the image, then the command
 * @throws UsageError that names the flag.
 */
export function planRun(
	[image = '', ...args]: readonly string[],
	flags: RunFlags,
	facts: PlanFacts,
): RunPlan {
	if (flags.restart !== undefined && flags.restart !== 'no') {
		throw new UsageError(
			`--restart ${flags.restart} is not possible here: no daemon of criscope's stays to start it again`,
		);
	}
	const name = checkDnsName(flags.name ?? `${nameFromImage(image)}-${facts.suffix}`, 'flag --name', 63);
	const namespace = checkDnsName(flags.namespace ?? 'default', 'flag --namespace', 63);
	const pod: PodName = { namespace, name, uid: facts.uid };
	const namespaceOptions = namespacesOf(flags);
	const ports = flags.publish.flatMap(parsePublish);
	const onHost = namespaceOptions.network === 'NODE';
	for (const flag of ['publish', 'hostname', 'dns'] as const) {
		if (onHost && (flags[flag]?.length ?? 0) > 0) {
			throw new UsageError(`--${flag} does not go together with --network host: the host's own is used`);
		}
	}
	const labels = { [runLabel]: flags.rm ? 'rm' : 'keep', ...parsePairs(flags.label, '--label') };
	const annotations = parsePairs(flags.annotation, '--annotation');
	const sysctls = parsePairs(flags.sysctl, '--sysctl');
	const rights = rightsOf(flags, facts.cwd);
	const entrypoint = entrypointOf(flags.entrypoint);
	const resources = limitsOf(flags);
	const podConfig: PodSandboxConfig = {
		metadata: { ...pod, attempt: 0 },
		...(!onHost && { hostname: checkDnsName(flags.hostname ?? name, 'flag --hostname', 63) }),
		logDirectory: podLogDirectory(pod),
		dnsConfig: dnsOf(flags),
		labels: { ...labels, ...kubeletPodLabels(pod) },
		annotations,
		linux: {
			sysctls,
			securityContext: {
				namespaceOptions,
				privileged: flags.privileged,
				seccomp: { profileType: 'RuntimeDefault' },
			},
		},
	};
	const containerConfig: ContainerConfig = {
		metadata: { name, attempt: 0 },
		image: { image },
		...(entrypoint && { command: entrypoint }),
		args,
		workingDir: flags.workdir,
		envs: envsOf(flags.env, facts.envFiles, facts.env),
		...devicesOf(flags),
		labels: { ...labels, ...kubeletContainerLabels(pod, name) },
		annotations,
		logPath: `${name}/0.log`,
		stdin: flags.interactive,
		stdinOnce: flags.interactive && !flags.detach,
		tty: flags.tty,
		...(flags['stop-signal'] !== undefined && { stopSignal: stopSignalOf(flags['stop-signal']) }),
		linux: { ...(resources && { resources }), securityContext: { ...rights, namespaceOptions } },
	} as ContainerConfig;
	return {
		pod,
		podConfig,
		containerConfig,
		ports,
		volumes: [
			...flags.volume.map((text) => parseVolume(text, facts.cwd)),
			...flags.mount.map((text) => parseMount(text, facts.cwd)),
			...flags.tmpfs.map(parseTmpfs),
		],
		hosts: hostsOf(flags),
		stopTimeoutSeconds: stopTimeout(flags['stop-timeout']),
	};
}
