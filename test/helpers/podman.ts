import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from './child-process.ts';
import { mountPointsBelow, unmountBelow } from './mounts.ts';

/** An image as `podman images --format json` tells it; more fields are there. */
export type PodmanImage = {
	readonly Id: string;
	readonly Names?: readonly string[] | null;
	readonly Digest: string;
	readonly RepoDigests?: readonly string[] | null;
	readonly Size: number;
	readonly Dangling?: boolean;
};

/** What `podman image inspect` tells, as far as tests look at it. */
export type PodmanInspection = {
	readonly Id: string;
	readonly Digest: string;
	readonly RepoTags: readonly string[];
	readonly RepoDigests: readonly string[];
	readonly Architecture: string;
	readonly Os: string;
	readonly Size: number;
	readonly ManifestType: string;
	readonly RootFS: { readonly Type: string; readonly Layers: readonly string[] };
	readonly Config: Readonly<Record<string, unknown>>;
	readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> };
};

/** Podman on a store of its own: root, state, locks, events, home. Nothing is shared with the machine's or another's. */
export type Podman = {
	readonly dir: string;
	readonly graphRoot: string;
	readonly runRoot: string;
	/** What its processes get; skopeo on the same store needs it too. */
	readonly env: Readonly<Record<string, string>>;
	/** Runs `podman …args`. @returns standard output. @throws Error with standard error */
	run(...args: readonly string[]): Promise<string>;
	/** All images, also those without a name. */
	images(): Promise<readonly PodmanImage[]>;
	inspect(image: string): Promise<PodmanInspection>;
	/** @returns what it names: ids or names. */
	load(file: string): Promise<string>;
	/** Over plain HTTP. @returns the image's id. */
	pull(image: string, ...flags: readonly string[]): Promise<string>;
	/** Over plain HTTP. */
	push(image: string, destination: string, ...flags: readonly string[]): Promise<void>;
	rmi(...images: readonly string[]): Promise<void>;
	/** Runs a container to its end and removes it. @returns its standard output. */
	runContainer(image: string, command: readonly string[], ...flags: readonly string[]): Promise<string>;
	/** Mounts an image, read only, for as long as `look` takes. */
	withMounted<T>(image: string, look: (rootDir: string) => T | Promise<T>): Promise<T>;
	/**
	 * Uses everything of the store once, as Podman sees it: lists, inspects, creates a container of each image and
	 * removes it, mounts it and reads every file.
	 *
	 * @returns the ids that it saw
	 * @throws Error with what Podman could not do
	 */
	checkStore(): Promise<readonly string[]>;
	/** Ends containers, takes mounts away, and removes the folder where this call made it. Safe to repeat. */
	stop(): Promise<void>;
};

/** What Podman takes here (requires.ts). */
export const podmanRequirements = ['root', 'podman', 'runc', 'conmon'] as const;

/**
 * Sets up Podman in a folder. Nothing runs until it is asked for something.
 *
 * @param options.dir parent of everything of Podman's own; a new one below /var/tmp where it is absent
 * @param options.graphRoot a store that somebody else (criscope) uses too
 * @param options.runRoot as `graphRoot`; both or none
 * @param options.program another Podman than the machine's
 */
export function openPodman(
	options: {
		readonly dir?: string | undefined;
		readonly graphRoot?: string | undefined;
		readonly runRoot?: string | undefined;
		readonly storageDriver?: 'overlay' | 'vfs' | undefined;
		readonly registriesConf?: string | undefined;
		readonly program?: string | undefined;
		/** More of the `[network]` table of containers.conf. */
		readonly network?: string | undefined;
	} = {},
): Podman {
	const ownsDir = options.dir === undefined;
	const dir = options.dir ?? mkdtempSync('/var/tmp/criscope-podman-');
	const graphRoot = options.graphRoot ?? path.join(dir, 'root');
	const runRoot = options.runRoot ?? path.join(dir, 'run');
	const driver = options.storageDriver ?? 'overlay';
	const { registriesConf, network } = options;
	const env = writeSettings({ dir, graphRoot, runRoot, driver, registriesConf, network });
	const program = options.program ?? 'podman';
	const run = (...args: readonly string[]) => runProgram(program, args, { env });
	const images = async () =>
		JSON.parse(await run('images', '--all', '--format', 'json')) as readonly PodmanImage[];
	const inspect = async (image: string) => {
		const [found] = JSON.parse(await run('image', 'inspect', image)) as readonly PodmanInspection[];
		if (found === undefined) throw new Error(`cannot inspect image "${image}": Podman says nothing`);
		return found;
	};
	const withMounted: Podman['withMounted'] = async (image, look) => {
		const rootDir = (await run('image', 'mount', image)).trim();
		try {
			return await look(rootDir);
		} finally {
			await run('image', 'unmount', '--force', image);
		}
	};
	return {
		dir,
		graphRoot,
		runRoot,
		env,
		run,
		images,
		inspect,
		withMounted,
		load: (file) => run('load', '--quiet', '--input', file),
		pull: async (image, ...flags) =>
			(await run('pull', '--quiet', '--tls-verify=false', ...flags, image)).trim(),
		push: async (image, destination, ...flags) => {
			await run('push', '--quiet', '--tls-verify=false', ...flags, image, `docker://${destination}`);
		},
		rmi: async (...names) => {
			await run('rmi', ...names);
		},
		runContainer: (image, command, ...flags) =>
			run('run', '--rm', '--network=none', '--pull=never', ...flags, image, ...command),
		checkStore: async () => {
			const seen = new Set((await images()).map(({ Id }) => Id));
			for (const id of seen) {
				await inspect(id);
				// The command is never run; an image without one would be refused.
				const container = await run('create', '--network=none', '--pull=never', id, 'true');
				await run('rm', '--force', container.trim());
				await withMounted(id, (rootDir) => readEverything(Buffer.from(rootDir)));
			}
			return [...seen];
		},
		stop: async () => {
			await run('rm', '--all', '--force', '--time=0').catch(() => {});
			await unmountBelow(graphRoot);
			await unmountBelow(runRoot);
			await unmountBelow(dir);
			if (mountPointsBelow(dir).length > 0) throw new Error(`cannot leave Podman in "${dir}": mounts remain`);
			if (ownsDir) rmSync(dir, { recursive: true, force: true });
		},
	};
}

/** Reads every file of a tree, names as bytes. @returns how many entries there are. @throws where one cannot be read. */
export function readEverything(dir: Buffer): number {
	let count = 0;
	for (const entry of readdirSync(dir, { withFileTypes: true, encoding: 'buffer' })) {
		count += 1;
		const child = Buffer.concat([dir, Buffer.from('/'), entry.name]);
		if (entry.isDirectory()) count += readEverything(child);
		else if (entry.isFile()) readFileSync(child);
	}
	return count;
}

/** Podman's settings, so that whatever it would keep for the whole machine lies in `dir`. Returns the environment. */
function writeSettings(place: {
	readonly dir: string;
	readonly graphRoot: string;
	readonly runRoot: string;
	readonly driver: string;
	readonly registriesConf: string | undefined;
	readonly network: string | undefined;
}): Readonly<Record<string, string>> {
	const at = (name: string) => path.join(place.dir, name);
	const quoted = (name: string) => JSON.stringify(at(name));
	for (const name of ['home', 'tmp', 'config']) mkdirSync(at(name), { recursive: true });
	writeFileSync(
		at('containers.conf'),
		`[containers]
# As a machine without CAP_SYS_RESOURCE needs them: no process here can raise its limits.
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "none"
pids_limit = 0
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
events_logfile_path = ${quoted('events.log')}
# The default lies in /dev/shm, one for all.
lock_type = "file"
tmp_dir = ${quoted('libpod')}
volume_path = ${quoted('volumes')}
image_copy_tmp_dir = ${quoted('tmp')}
[network]
network_config_dir = ${quoted('net')}
${place.network ?? ''}
`,
	);
	writeFileSync(
		at('storage.conf'),
		`[storage]
driver = ${JSON.stringify(place.driver)}
graphroot = ${JSON.stringify(place.graphRoot)}
runroot = ${JSON.stringify(place.runRoot)}
`,
	);
	writeFileSync(at('registries.conf'), 'unqualified-search-registries = []\n');
	writeFileSync(at('auth.json'), '{}');
	// Where containers/image looks first; there is no flag for it on most commands.
	mkdirSync(at('home/.config/containers'), { recursive: true });
	writeFileSync(at('home/.config/containers/policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
	return {
		PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
		HOME: at('home'),
		TMPDIR: at('tmp'),
		XDG_CONFIG_HOME: at('config'),
		CONTAINERS_CONF: at('containers.conf'),
		CONTAINERS_STORAGE_CONF: at('storage.conf'),
		CONTAINERS_REGISTRIES_CONF: place.registriesConf ?? at('registries.conf'),
		REGISTRY_AUTH_FILE: at('auth.json'),
	};
}
