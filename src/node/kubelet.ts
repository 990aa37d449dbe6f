import { setImmediate } from 'node:timers/promises';
import { type HostOptions, listHostFolder, readHostFile, readHostLine } from './host-file.ts';
import { type EvictionThreshold, type KubeletSettings, parseKubeletSettings } from './kubelet-settings.ts';

/** What can be known of the kubelet on this host without asking it. */
export type KubeletFacts = {
	/** True when a kubelet, or a distribution's process that holds one, runs now. */
	readonly running: boolean;
	readonly pid: number | undefined;
	/** `kubelet`, or the one program that contains it: `k3s-server`, `k3s-agent`, `kubelite` … */
	readonly processName: string | undefined;
	readonly configPath: string | undefined;
	/** The settings below fall back to the kubelet's own defaults where its configuration is silent. */
	readonly containerLogMaxSizeBytes: number;
	readonly containerLogMaxFiles: number;
	readonly evictionHard: readonly EvictionThreshold[];
	readonly staticPodPath: string | undefined;
	/** The flags of the running process as they were typed, one a line; `''` where none runs. */
	readonly commandLine: string;
	/** The socket the kubelet is told to use, as configured, with or without `unix://`. */
	readonly runtimeEndpoint: string | undefined;
};

/** Kernel names (cut to 15 bytes) of processes that are or contain a kubelet. */
const kubeletNames = new Set(['kubelet', 'kubelite', 'k3s', 'k3s-server', 'k3s-agent', 'k0s']);

const configPaths = [
	'/var/lib/kubelet/config.yaml',
	'/etc/kubernetes/kubelet-config.yaml',
	'/etc/kubernetes/kubelet/kubelet-config.json',
	'/etc/kubernetes/kubelet/config.json',
	'/var/lib/rancher/rke2/agent/etc/kubelet.conf.d/00-rke2-defaults.conf',
	'/var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00-k3s-defaults.conf',
	'/var/lib/k0s/kubelet-config.yaml',
];

const flagFiles = [
	'/var/lib/kubelet/kubeadm-flags.env',
	'/etc/default/kubelet',
	'/etc/sysconfig/kubelet',
	'/var/snap/microk8s/current/args/kubelet',
];

/** Unit files and drop-ins of the kubelet, where kubeadm and administrators keep flags; later ones win. */
const unitFolders = [
	'/lib/systemd/system/kubelet.service.d',
	'/usr/lib/systemd/system/kubelet.service.d',
	'/etc/systemd/system/kubelet.service.d',
];

/** /proc is read in portions, so that a host with 30,000 processes does not queue as many reads at once. */
const portion = 64;

/**
 * Looks for a kubelet and for its settings: running process, flags of that process, flag files, configuration file,
 * in that order of authority. Never throws for what is missing or malformed.
 */
export async function readKubelet(options: HostOptions = {}): Promise<KubeletFacts> {
	const running = await findKubelet(options);
	const told =
		running === undefined ? undefined : await readHostFile(`/proc/${running.pid}/cmdline`, options);
	const commandLine = (told ?? '').replaceAll('\0', '\n');
	const flags = new Map<string, string>();
	for (const text of [...(await readKubeletFlagFiles(options)), commandLine])
		for (const [name, value] of parseFlags(text)) flags.set(name, value);

	const { path, settings } = await readSettings(flags.get('config'), options);
	return {
		running: running !== undefined,
		pid: running?.pid,
		processName: running?.name,
		configPath: path,
		containerLogMaxSizeBytes: settings.containerLogMaxSizeBytes,
		containerLogMaxFiles: settings.containerLogMaxFiles,
		evictionHard: settings.evictionHard,
		staticPodPath: flags.get('pod-manifest-path') ?? settings.staticPodPath,
		commandLine,
		runtimeEndpoint: flags.get('container-runtime-endpoint') ?? settings.runtimeEndpoint,
	};
}

/**
 * The files that hold flags of a kubelet, those of least authority first, without their comments. Never throws for a missing file.
 */
export async function readKubeletFlagFiles(options: HostOptions = {}): Promise<readonly string[]> {
	const dropIns = await Promise.all(
		unitFolders.map(async (folder) =>
			((await listHostFolder(folder, options)) ?? [])
				.filter((name) => name.endsWith('.conf'))
				.sort()
				.map((name) => `${folder}/${name}`),
		),
	);
	const files = ['/etc/systemd/system/kubelet.service', ...dropIns.flat(), ...flagFiles];
	const texts = await Promise.all(files.map((file) => readHostFile(file, options)));
	return texts.map((text) => (text ?? '').replaceAll(/^\s*#.*$/gm, ''));
}

/**
 * Whether subscribing to the CRI events of this endpoint could take them from a kubelet. True unless no kubelet runs,
 * or the one that runs is known to use another socket: with some runtimes two subscribers share one channel, and each
 * event reaches only one of them.
 * Source: containerd issue 7318, CRI-O issue 6466.
 */
export function mayBeServedByKubelet(facts: KubeletFacts, endpoint: string): boolean {
	if (!facts.running) return false;
	if (facts.runtimeEndpoint === undefined || facts.runtimeEndpoint === '') return true;
	return socketPath(facts.runtimeEndpoint) === socketPath(endpoint);
}

/** `unix:///var/run/x.sock` and `/run/x.sock` name the same socket: /var/run is a link to /run everywhere. */
function socketPath(endpoint: string): string {
	return endpoint
		.replace(/^unix:\/\//, '')
		.replace(/^unix:/, '')
		.replace(/^\/var\/run\//, '/run/');
}

async function findKubelet(options: HostOptions): Promise<{ pid: number; name: string } | undefined> {
	const pids = ((await listHostFolder('/proc', options)) ?? [])
		.filter((name) => /^\d+$/.test(name))
		.map(Number);
	pids.sort((a, b) => a - b);
	for (let start = 0; start < pids.length; start += portion) {
		// Read at once, thousands of them would keep the event loop, and with it whoever counts the time.
		if (options.atOnce) await setImmediate();
		const names = await Promise.all(
			pids.slice(start, start + portion).map(async (pid) => ({
				pid,
				name: await readHostLine(`/proc/${pid}/comm`, options),
			})),
		);
		for (const { pid, name } of names) {
			if (name !== undefined && kubeletNames.has(name)) return { pid, name };
		}
	}
	return undefined;
}

/** Takes `--name=value` and `--name value` out of flags in any file: env assignments, one a line, or argv. */
function parseFlags(text: string): ReadonlyMap<string, string> {
	const flags = new Map<string, string>();
	for (const match of text.matchAll(/(?:^|[\s"'=])--([a-z][a-z0-9-]*)(?:=|\s+(?!-))([^\s"']+)/g)) {
		if (match[1] !== undefined && match[2] !== undefined) flags.set(match[1], match[2]);
	}
	return flags;
}

async function readSettings(
	flagged: string | undefined,
	options: HostOptions,
): Promise<{ path: string | undefined; settings: KubeletSettings }> {
	for (const path of flagged === undefined ? configPaths : [flagged, ...configPaths]) {
		const text = await readHostFile(path, options);
		if (text !== undefined) return { path, settings: await parseKubeletSettings(text) };
	}
	return { path: undefined, settings: await parseKubeletSettings('') };
}
