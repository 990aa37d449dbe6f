/** The mounts of a container's spec: those that each container has, those of the request over them. Source: CRI-O 1.36. */
import path from 'node:path';
import type { OciMount } from './model.ts';
import { allowedAnnotation } from './spec-annotations.ts';
import type { ContainerSpecInput } from './spec-input.ts';
import { processArgs, runsSystemd } from './spec-process.ts';

const cgroupDir = '/sys/fs/cgroup';

/** All of them in the order in which they are to be mounted; a mount of the request takes the place of one of ours. */
export function specMounts(input: ContainerSpecInput): readonly OciMount[] {
	const requested = sortByDepth(input.mounts);
	const taken = new Set(
		requested.map(({ destination }) => path.posix.normalize(destination).replace(/(.)\/$/, '$1')),
	);
	const ours = byDestination(
		input.container.security.privileged ? privileged(baseMounts(input)) : baseMounts(input),
	);
	return [
		...ours.filter(({ destination }) => !isTaken(destination, taken)),
		// The last one of a place counts, as the last mount hides those before.
		...byDestination(requested),
	];
}

/** A requested /dev or /sys comes with everything below it; what else we put there would end up underneath. */
function isTaken(destination: string, taken: ReadonlySet<string>): boolean {
	if (taken.has(destination)) return true;
	return ['/dev', '/sys'].some((top) => taken.has(top) && destination.startsWith(`${top}/`));
}

function byDestination(mounts: readonly OciMount[]): readonly OciMount[] {
	const kept = new Map<string, OciMount>();
	for (const mount of mounts) {
		kept.delete(mount.destination);
		kept.set(mount.destination, mount);
	}
	return [...kept.values()];
}

/** Folders before what lies in them, else as they came. */
export function sortByDepth(mounts: readonly OciMount[]): readonly OciMount[] {
	const depth = ({ destination }: OciMount) =>
		path.posix
			.normalize(destination)
			.split('/')
			.filter((part) => part !== '').length;
	return [...mounts].sort((a, b) => depth(a) - depth(b));
}

function baseMounts(input: ContainerSpecInput): readonly OciMount[] {
	const { container, files, extras } = input;
	const isReadOnly = container.security.readonlyRootfs || extras?.settings?.readOnly === true;
	const access = isReadOnly ? 'ro' : 'rw';
	const fileOptions = [access, 'bind', 'nodev', 'nosuid', 'noexec'];
	const mounts: OciMount[] = [
		mount('/proc', 'proc', 'proc', ['nosuid', 'noexec', 'nodev']),
		mount('/dev', 'tmpfs', 'tmpfs', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
		mount('/dev/pts', 'devpts', 'devpts', [
			'nosuid',
			'noexec',
			'newinstance',
			'ptmxmode=0666',
			'mode=0620',
			'gid=5',
		]),
		mount('/dev/mqueue', 'mqueue', 'mqueue', ['nosuid', 'noexec', 'nodev']),
		mount('/sys', 'sysfs', 'sysfs', ['nosuid', 'noexec', 'nodev', 'ro']),
		mount(cgroupDir, 'cgroup', 'cgroup', [
			'nosuid',
			'noexec',
			'nodev',
			'relatime',
			cgroupIsWritable(input) ? 'rw' : 'ro',
		]),
		mount('/dev/shm', 'bind', files.shm, ['rw', 'bind']),
	];
	if (extras?.settings?.readOnly === true) mounts.push(...writableFolders());
	if (files.resolvConf !== '') mounts.push(mount('/etc/resolv.conf', 'bind', files.resolvConf, fileOptions));
	if (files.hostname !== '') mounts.push(mount('/etc/hostname', 'bind', files.hostname, fileOptions));
	if (extras?.containerEnvPath) {
		mounts.push(mount('/run/.containerenv', 'bind', extras.containerEnvPath, fileOptions));
	}
	if (container.security.namespaces.network === 'node') {
		// Read-only, other than CRI-O's: it is the host's own file.
		mounts.push(mount('/etc/hosts', 'bind', '/etc/hosts', ['ro', 'bind', 'nodev', 'nosuid', 'noexec']));
	}
	return runsSystemd(processArgs(container, input.image)) ? withSystemd(mounts, input) : mounts;
}

function mount(destination: string, type: string, source: string, options: readonly string[]): OciMount {
	return { destination, type, source, options };
}

/** Source: CRI-O's annotation cgroup2-mount-hierarchy-rw. */
function cgroupIsWritable({ sandbox, handler, limits }: ContainerSpecInput): boolean {
	if (limits.cgroupVersion !== 2) return false;
	return allowedAnnotation(sandbox.annotations, 'cgroup2ReadWrite', handler.allowedAnnotations) === 'true';
}

/** Programs count on these even where the root is read-only for everybody. */
function writableFolders(): readonly OciMount[] {
	const options = ['rw', 'noexec', 'nosuid', 'nodev', 'tmpcopyup'];
	return [
		mount('/run', 'tmpfs', 'tmpfs', [...options, 'mode=0755']),
		mount('/tmp', 'tmpfs', 'tmpfs', [...options, 'mode=1777']),
		mount('/var/tmp', 'tmpfs', 'tmpfs', [...options, 'mode=1777']),
	];
}

/** A privileged container may write wherever the host may; /sys follows the host's mounts. */
function privileged(mounts: readonly OciMount[]): readonly OciMount[] {
	return mounts.map((one) => {
		const options = (one.options ?? []).map((option) => (option === 'ro' ? 'rw' : option));
		const follows = one.destination === '/sys' || one.destination === cgroupDir;
		return { ...one, options: follows ? [...options, 'rslave'] : options };
	});
}

/** systemd wants /run and /tmp of its own, and to write its own part of the cgroups. */
function withSystemd(mounts: readonly OciMount[], { limits, extras, mounts: asked }: ContainerSpecInput) {
	const requested = new Set(asked.map(({ destination }) => destination));
	const options = ['rw', 'rprivate', 'noexec', 'nosuid', 'nodev', 'tmpcopyup'];
	const present = new Set(mounts.map(({ destination }) => destination));
	const folders = ['/run', '/run/lock', '/tmp', '/var/log/journal']
		.filter((folder) => !present.has(folder) && !requested.has(folder))
		.map((folder) => mount(folder, 'tmpfs', 'tmpfs', options));
	// Ahead of our files in /run, which would be hidden otherwise.
	const files = mounts.filter(({ destination }) => destination.startsWith('/run/'));
	const others = mounts.filter((one) => !files.includes(one));
	if (limits.cgroupVersion === 2) {
		const rest = others.filter(({ destination }) => destination !== cgroupDir);
		return [...rest, mount(cgroupDir, 'cgroup', 'cgroup', ['private', 'rw']), ...folders, ...files];
	}
	const hierarchy = `${cgroupDir}/systemd`;
	const bound = ['/sys', '/sys/fs', cgroupDir].some((folder) => requested.has(folder));
	const own =
		extras?.host?.systemdHierarchy === true && !bound
			? [mount(hierarchy, 'bind', hierarchy, ['bind', 'nodev', 'noexec', 'nosuid'])]
			: [];
	return [...others, ...own, ...folders, ...files];
}
