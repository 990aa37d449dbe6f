/** The Debian packages that criscope and its tests need, and how they get there. Plain JavaScript for Node 20. */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { nodePath, runLogged, SetupError, say } from './tools.mjs';

/** A Debian package is taken for installed when one of its witness files exists (one of several paths each). */
const debianParts = {
	containerd: ['/usr/bin/containerd', '/usr/local/bin/containerd'],
	crun: ['/usr/bin/crun', '/usr/local/bin/crun'],
	runc: ['/usr/sbin/runc', '/usr/bin/runc', '/usr/local/sbin/runc'],
	'containernetworking-plugins': ['/usr/lib/cni/bridge'],
	'busybox-static': ['/bin/busybox', '/usr/bin/busybox'],
	'docker-registry': ['/usr/bin/docker-registry'],
	iproute2: ['/sbin/ip', '/usr/sbin/ip', '/bin/ip', '/usr/bin/ip'],
	iptables: ['/usr/sbin/iptables', '/sbin/iptables'],
	procps: ['/bin/ps', '/usr/bin/ps'],
	tmux: ['/usr/bin/tmux'],
	git: ['/usr/bin/git'],
	gzip: ['/bin/gzip', '/usr/bin/gzip'],
	podman: ['/usr/bin/podman'],
	skopeo: ['/usr/bin/skopeo'],
	umoci: ['/usr/bin/umoci'],
	conmon: ['/usr/bin/conmon'],
	openssl: ['/usr/bin/openssl'],
	python3: ['/usr/bin/python3'],
	tar: ['/bin/tar', '/usr/bin/tar'],
	'openssh-server': ['/usr/sbin/sshd'],
	'openssh-client': ['/usr/bin/ssh'],
	'util-linux': ['/usr/bin/setpriv'],
	rsync: ['/usr/bin/rsync'],
	dash: ['/bin/dash', '/usr/bin/dash'],
	'ca-certificates': ['/etc/ssl/certs/ca-certificates.crt'],
	libatomic1: ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/lib64', '/usr/lib'].map(
		(folder) => `${folder}/libatomic.so.1`,
	),
};
/** Node 26 is linked with it, and a small Debian comes without. */
const nodeParts = ['libatomic1'];
const sandboxParts = [
	'containerd',
	'runc',
	'containernetworking-plugins',
	'busybox-static',
	'docker-registry',
	'iproute2',
	'iptables',
	'procps',
];
/** Package names by what they are for. */
export const partsByPurpose = {
	start: nodeParts,
	build: nodeParts,
	check: [...nodeParts, 'git'],
	/** What the embedded runtime runs, pulls and shows its demo with. */
	'embedded runtime': [
		...['runc', 'conmon', 'containernetworking-plugins', 'iptables', 'busybox-static', 'ca-certificates'],
	],
	sandbox: [...nodeParts, ...sandboxParts],
	test: [
		...nodeParts,
		...sandboxParts,
		...['podman', 'conmon', 'crun', 'skopeo', 'umoci', 'openssl', 'python3', 'tar', 'gzip', 'util-linux'],
		...['tmux', 'git', 'openssh-server', 'openssh-client', 'rsync', 'dash'],
	],
	bench: [...nodeParts, ...sandboxParts, 'podman', 'conmon', 'gzip'],
};

/** Names of the packages that `purpose` needs and this machine lacks. */
export function missingParts(purpose) {
	const absent = partsByPurpose[purpose].filter(
		(name) => !debianParts[name].some((file) => fs.existsSync(file)),
	);
	// Other systems keep libraries elsewhere: whether Node starts is what counts.
	return absent.filter((name) => !(nodeParts.includes(name) && nodeStarts()));
}

function nodeStarts() {
	return spawnSync(nodePath, ['--version'], { stdio: 'ignore' }).status === 0;
}

/**
 * Throws where the parts cannot be installed from here; otherwise the words for when that fails.
 * @throws {SetupError} with the command line that installs them
 */
export function refuseDebianParts(missing, purpose) {
	const byHand = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(' ')}`;
	const why = `cannot go on with "${purpose}": missing ${missing.join(', ')}`;
	if (!fs.existsSync('/usr/bin/apt-get')) {
		throw new SetupError(
			`${why}; there is no apt-get here, install the like of these Debian packages by hand`,
		);
	}
	if (process.getuid() !== 0) throw new SetupError(`${why}; install them as root with: ${byHand}`);
	return { byHand, why };
}

/**
 * Installs them by apt-get, without starting what they bring.
 * @throws {SetupError} with the command line to try by hand
 */
export async function installDebianParts(missing, purpose) {
	const { byHand, why } = refuseDebianParts(missing, purpose);
	say(`installing Debian packages: ${missing.join(' ')} …`);
	const release = forbidServiceStart();
	try {
		const aptOptions = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Dpkg::Use-Pty=0'];
		const install = ['install', '-y', '--no-install-recommends', ...missing];
		for (const args of [['update'], install]) {
			const { exitCode, logPath } = await runLogged('apt-get', [...aptOptions, ...args], `apt-${args[0]}`);
			if (exitCode !== 0) {
				throw new SetupError(
					`${why}: apt-get ${args[0]} failed, the log is ${logPath}; try again by hand with: ${byHand}`,
				);
			}
		}
	} finally {
		release();
	}
	const still = missingParts(purpose);
	if (still.length > 0) throw new SetupError(`${why}, although apt-get installed ${still.join(', ')}`);
}

/** Debian starts what it installs (containerd, docker-registry); policy-rc.d is the documented way to say no. */
function forbidServiceStart() {
	const policyPath = '/usr/sbin/policy-rc.d';
	const policy = '#!/bin/sh\n# Of the set-up of criscope, and to be removed when that is over.\nexit 101\n';
	try {
		fs.writeFileSync(policyPath, policy, { mode: 0o755, flag: 'wx' });
	} catch {
		// Ours where a set-up was killed: it would keep services from starting for ever.
		if (!isText(policyPath, policy)) return () => {};
	}
	const release = () => fs.rmSync(policyPath, { force: true });
	process.once('exit', release);
	return () => {
		process.off('exit', release);
		release();
	};
}

function isText(file, text) {
	try {
		return fs.readFileSync(file, 'utf8') === text;
	} catch {
		return false;
	}
}
