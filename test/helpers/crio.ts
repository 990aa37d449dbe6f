/** A CRI-O of one's own, where its program is on this machine. Nobody installs it for a test or a measurement. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, runProgram, stopProcess } from './child-process.ts';
import { openCriWire } from './cri-wire.ts';
import { unmountBelow } from './mounts.ts';

/** Where it may lie besides the search path. */
const usualPlaces = ['/usr/local/bin/crio', '/usr/bin/crio', '/tmp/tools/crio/crio'];

/** CRI-O's programs: `$CRIO`, the search path, or where helpers build it; undefined where there is none. */
export function findCrio(): { readonly crio: string; readonly pinns: string } | undefined {
	const { CRIO, PATH = '' } = process.env;
	const onPath = PATH.split(':').map((folder) => path.join(folder, 'crio'));
	const crio = (CRIO === undefined ? [...onPath, ...usualPlaces] : [CRIO]).find((file) => existsSync(file));
	if (crio === undefined) return undefined;
	const pinns = [path.join(path.dirname(crio), 'pinns'), '/usr/bin/pinns', '/usr/local/bin/pinns'].find(
		(file) => existsSync(file),
	);
	return pinns === undefined ? undefined : { crio, pinns };
}

/** A running one. Disposing of it ends it and takes its mounts away; its folder is the caller's. */
export type Crio = AsyncDisposable & {
	readonly endpoint: string;
	readonly pid: number;
	/** Runs a subcommand (`check`, `wipe`) on the same configuration. @returns its standard output. @throws Error with standard error */
	command(...args: readonly string[]): Promise<string>;
	log(): string;
	/** SIGKILL; its mounts and conmons stay. */
	kill9(): Promise<void>;
};

/** How to start one. */
export type CrioOptions = {
	readonly dir: string;
	/** A registry over plain HTTP. */
	readonly registryHost: string;
	readonly cniDir: string;
	/** A store that others use too; of its own, below `dir`, where it is absent. */
	readonly store?: { readonly graphRoot: string; readonly runRoot: string } | undefined;
};

/**
 * Starts it with everything in `dir`, on the same networks as its peers, and waits until it answers.
 * @throws Error with the end of its log
 */
export async function startCrio(
	{ crio, pinns }: { readonly crio: string; readonly pinns: string },
	options: CrioOptions,
): Promise<Crio> {
	const { dir, registryHost } = options;
	mkdirSync(dir, { recursive: true });
	const at = (name: string) => path.join(dir, name);
	writeFileSync(at('policy.json'), JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
	writeFileSync(at('registries.conf'), `[[registry]]\nlocation = "${registryHost}"\ninsecure = true\n`);
	mkdirSync(at('registries.conf.d'), { recursive: true });
	writeFileSync(at('crio.conf'), crioConf(at, pinns, options));
	const log = openSync(at('crio.log'), 'a');
	const args = [
		...['--config', at('crio.conf'), '--config-dir', '', '--log-level', 'warn'],
		...['--registries-conf', at('registries.conf'), '--registries-conf-dir', at('registries.conf.d')],
	];
	const env = {
		PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
		HOME: dir,
		CONTAINERS_STORAGE_CONF: '/dev/null',
	};
	const child = spawn(crio, args, { stdio: ['ignore', log, log], detached: true, env });
	const endpoint = `unix://${at('crio.sock')}`;
	const cri = openCriWire(endpoint);
	const end = async () => {
		await stopProcess(child);
		await unmountBelow(dir);
	};
	try {
		await eventually('CRI-O to answer', async () => {
			if (child.exitCode !== null) return true;
			await cri.runtime('Version', {}, { timeoutMs: 2000 });
			return true;
		});
		if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
	} catch (cause) {
		await end();
		const words = readFileSync(at('crio.log'), 'utf8').split('\n').slice(-10).join('\n');
		throw new Error(`cannot start CRI-O: ${String(cause)}\n${words}`, { cause });
	} finally {
		cri.close();
	}
	return {
		endpoint,
		pid: child.pid ?? 0,
		command: (...words) => runProgram(crio, [...args, ...words], { env }),
		log: () => readFileSync(at('crio.log'), 'utf8'),
		async kill9() {
			const gone = once(child, 'exit');
			child.kill('SIGKILL');
			await gone;
		},
		[Symbol.asyncDispose]: end,
	};
}

/** Source: crio.conf(5) 1.36 */
function crioConf(
	at: (name: string) => string,
	pinns: string,
	{ registryHost, cniDir, store = { graphRoot: at('root'), runRoot: at('run') } }: CrioOptions,
): string {
	return `[crio]
root = "${store.graphRoot}"
runroot = "${store.runRoot}"
storage_driver = "overlay"
log_dir = "${at('log')}"
version_file = "${at('version')}"
version_file_persist = ""
clean_shutdown_file = "${at('clean.shutdown')}"
[crio.api]
listen = "${at('crio.sock')}"
stream_port = "0"
[crio.runtime]
default_runtime = "runc"
cgroup_manager = "cgroupfs"
conmon_cgroup = "pod"
conmon = "/usr/bin/conmon"
pinns_path = "${pinns}"
namespaces_dir = "${at('ns')}"
container_exits_dir = "${at('exits')}"
container_attach_socket_dir = "${at('sock')}"
hooks_dir = []
apparmor_profile = ""
selinux = false
[crio.runtime.runtimes.runc]
runtime_path = "/usr/sbin/runc"
runtime_root = "${at('runc')}"
monitor_path = "/usr/bin/conmon"
monitor_cgroup = "pod"
[crio.image]
signature_policy = "${at('policy.json')}"
global_auth_file = ""
pause_image = "${registryHost}/pause:3.9"
[crio.network]
network_dir = "${cniDir}"
plugin_dirs = ["/usr/lib/cni"]
[crio.metrics]
enable_metrics = false
[crio.nri]
enable_nri = false
`;
}
