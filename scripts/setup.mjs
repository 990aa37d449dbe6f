/**
 * Longer than 300 lines, since everything that runs before npm has been there stands in this one file.
 *
 * Brings a checkout into working order: npm packages, the pinned Node, and for tests the Debian parts. Plain
 * JavaScript for Node 20 with nothing but built-in modules, since it runs before anything is installed.
 *
 * What is done already is recognised by a stamp and by the files themselves, never by asking npm or dpkg, so that
 * set-up costs milliseconds the second time.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The root of the checkout. */
export const rootDir = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** The Node the project brings along; everything but the scripts themselves runs on it. */
export const nodePath = path.join(rootDir, 'node_modules/.bin/node');

const cacheDir = path.join(rootDir, 'node_modules/.cache/criscope');
const stampPath = path.join(cacheDir, 'setup.json');

/** A Debian package is taken for installed when one of its witness files exists (one of several paths each). */
const debianParts = {
	containerd: ['/usr/bin/containerd', '/usr/local/bin/containerd'],
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
};
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
const partsByPurpose = {
	start: [],
	build: [],
	check: ['git'],
	sandbox: sandboxParts,
	test: [
		...sandboxParts,
		...['podman', 'conmon', 'skopeo', 'umoci', 'openssl', 'python3', 'tar', 'gzip', 'util-linux'],
		...['tmux', 'git', 'openssh-server', 'openssh-client', 'rsync', 'dash'],
	],
	bench: [...sandboxParts, 'podman', 'conmon', 'gzip'],
};

/** A problem the person can solve: shown as its message alone, without a stack. */
export class SetupError extends Error {
	name = 'SetupError';
}

/**
 * Makes sure everything `purpose` needs is installed.
 *
 * @param {{purpose: 'start'|'build'|'check'|'test'|'sandbox'|'bench'}} options
 * @throws {SetupError} naming what is missing and the command line that installs it.
 */
export async function ensure({ purpose }) {
	if (npmIsCurrent()) {
		const missing = missingParts(purpose);
		if (missing.length === 0) return;
		// Said before the lock is taken: the checkout may be somebody else's too, which is not what is wrong.
		refuseDebianParts(missing, purpose);
	}
	await withLock(async () => {
		if (!npmIsCurrent()) await installNpmPackages();
		const missing = missingParts(purpose);
		if (missing.length > 0) await installDebianParts(missing, purpose);
	});
}

/**
 * Runs a script's main function: one sentence and exit code 1 for a SetupError, the stack for a bug.
 *
 * @param {() => Promise<number | undefined>} main returns the exit code
 */
export async function runScript(main) {
	try {
		process.exitCode = (await main()) ?? 0;
	} catch (error) {
		console.error(error instanceof SetupError ? error.message : error);
		process.exitCode = 1;
	}
}

/**
 * The environment in which tools are run: the project's own Node and tools come first.
 *
 * @param {Record<string, string | undefined>} [extra]
 */
export function toolEnv(extra = {}) {
	const binDir = path.join(rootDir, 'node_modules/.bin');
	// Debian keeps runc, iptables and ip in sbin, which a plain user's PATH lacks.
	const searchPath = `${binDir}:${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;
	return { ...process.env, PATH: searchPath, ...extra };
}

/**
 * Runs a tool in the root of the checkout and waits for it.
 *
 * @param {string} file name of a tool in node_modules/.bin or on the PATH
 * @param {readonly string[]} args
 * @param {{capture?: boolean, env?: Record<string, string | undefined>}} [options] capture: keep the output, do not show it
 * @returns {Promise<{exitCode: number, output: string}>} 128 + n for a signal
 */
export function run(file, args, { capture = false, env } = {}) {
	return new Promise((resolve, reject) => {
		const child = spawn(file, args, {
			cwd: rootDir,
			env: toolEnv(env),
			stdio: capture ? ['ignore', 'pipe', 'pipe'] : 'inherit',
		});
		const chunks = [];
		child.stdout?.on('data', (chunk) => chunks.push(chunk));
		child.stderr?.on('data', (chunk) => chunks.push(chunk));
		child.once('error', (error) => {
			reject(new SetupError(`cannot run "${file}": ${error.message}`));
		});
		child.once('close', (code, signal) => {
			resolve({ exitCode: code ?? signalExitCode(signal), output: Buffer.concat(chunks).toString() });
		});
	});
}

/** The shell's exit code for a child that died of a signal. */
export function signalExitCode(signal) {
	const numbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
	return 128 + (numbers[signal] ?? 0);
}

// --- npm -----------------------------------------------------------------------------------------------------

/** True when node_modules is what package-lock.json asks for. Writes the stamp when it finds that out the long way. */
function npmIsCurrent() {
	const lockPath = path.join(rootDir, 'package-lock.json');
	const lockStat = fs.statSync(lockPath);
	if (!fs.existsSync(nodePath)) return false;
	const stamp = readJson(stampPath);
	if (stamp?.lockMtimeMs === lockStat.mtimeMs && stamp.lockSizeBytes === lockStat.size) return true;
	// A git checkout touches the file without changing it: then its hash still agrees.
	const lockText = fs.readFileSync(lockPath, 'utf8');
	const lockSha256 = createHash('sha256').update(lockText).digest('hex');
	if (stamp?.lockSha256 !== lockSha256 && !installedMatches(JSON.parse(lockText))) return false;
	writeStamp({ lockMtimeMs: lockStat.mtimeMs, lockSizeBytes: lockStat.size, lockSha256 });
	return true;
}

/** Compares npm's own record of what it installed with the lock file. */
function installedMatches(lock) {
	const installed = readJson(path.join(rootDir, 'node_modules/.package-lock.json'))?.packages;
	if (installed === undefined) return false;
	for (const [name, entry] of Object.entries(lock.packages)) {
		if (name === '' || (entry.optional && installed[name] === undefined)) continue;
		if (installed[name]?.version !== entry.version) return false;
	}
	return true;
}

function writeStamp(stamp) {
	try {
		fs.mkdirSync(cacheDir, { recursive: true });
		fs.writeFileSync(stampPath, JSON.stringify(stamp));
	} catch (error) {
		// A checkout that belongs to somebody else: set-up is right, only a little slower each time.
		if (error.code !== 'EACCES' && error.code !== 'EROFS') throw error;
	}
}

async function installNpmPackages() {
	if (process.arch !== 'x64' && process.arch !== 'arm64') {
		throw new SetupError(
			`cannot set up criscope: no Node 26 is published for "${process.arch}", only x64 and arm64`,
		);
	}
	say('installing npm packages (once, up to a minute) …');
	const { exitCode, logPath, output } = await runLogged('npm', ['ci', '--no-audit', '--no-fund'], 'npm');
	if (exitCode !== 0) {
		throw new SetupError(
			`cannot install the npm packages: ${npmReason(output)}; the log is ${logPath}, try again with: npm ci`,
		);
	}
	if (!fs.existsSync(nodePath)) {
		throw new SetupError(
			`cannot find ${nodePath} after npm ci: optional packages are switched off, run: npm ci --include=optional`,
		);
	}
	fs.rmSync(stampPath, { force: true });
	npmIsCurrent();
}

function npmReason(output) {
	if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|network/.test(output)) {
		return 'the npm registry cannot be reached (network or proxy)';
	}
	if (/EACCES|EPERM|EROFS/.test(output)) return `no right to write to ${rootDir}`;
	if (/ENOSPC/.test(output)) return 'the disk is full';
	return /npm (?:error|ERR!) (?!code)(.+)/.exec(output)?.[1] ?? 'npm ci failed';
}

// --- Debian --------------------------------------------------------------------------------------------------

function missingParts(purpose) {
	return partsByPurpose[purpose].filter((name) => !debianParts[name].some((file) => fs.existsSync(file)));
}

/** Throws where the parts cannot be installed from here; otherwise the words for when that fails. */
function refuseDebianParts(missing, purpose) {
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

async function installDebianParts(missing, purpose) {
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
	try {
		fs.writeFileSync(policyPath, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
	} catch {
		return () => {};
	}
	const release = () => fs.rmSync(policyPath, { force: true });
	process.once('exit', release);
	return () => {
		process.off('exit', release);
		release();
	};
}

async function runLogged(file, args, name) {
	const { exitCode, output } = await run(file, args, {
		capture: true,
		env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8' },
	});
	const logPath = path.join(rootDir, '.cache', `setup-${name}.log`);
	fs.writeFileSync(logPath, output);
	return { exitCode, output, logPath };
}

// --- one set-up at a time ------------------------------------------------------------------------------------

/** Runs `work` while holding the lock. It lies outside node_modules, which npm ci removes. */
async function withLock(work) {
	const lockPath = path.join(rootDir, '.cache', 'setup.lock');
	try {
		fs.mkdirSync(path.dirname(lockPath), { recursive: true });
	} catch (error) {
		throw new SetupError(noRight(rootDir, error));
	}
	let told = false;
	while (!tryLock(lockPath)) {
		if (!told) say('another set-up is running, waiting for it …');
		told = true;
		await delay(200);
	}
	const release = () => fs.rmSync(lockPath, { force: true });
	const interrupted = (signal) => process.exit(signalExitCode(signal));
	process.once('exit', release);
	process.once('SIGINT', interrupted);
	process.once('SIGTERM', interrupted);
	try {
		await work();
	} finally {
		process.off('exit', release);
		process.off('SIGINT', interrupted);
		process.off('SIGTERM', interrupted);
		release();
	}
}

function noRight(folder, { code }) {
	const how = 'run it as the owner of the checkout, or clone it to a folder of your own';
	return `cannot set up criscope: no right to write to ${folder} (${code}); ${how}`;
}

function tryLock(lockPath) {
	try {
		fs.writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
		return true;
	} catch (error) {
		if (error.code !== 'EEXIST') {
			throw new SetupError(noRight(path.dirname(lockPath), error));
		}
	}
	try {
		const holderPid = Number(fs.readFileSync(lockPath, 'utf8'));
		// An empty file is a lock being taken this moment.
		if (holderPid > 0 && !fs.existsSync(`/proc/${holderPid}`)) fs.rmSync(lockPath, { force: true });
	} catch (error) {
		if (error.code !== 'ENOENT') throw error;
	}
	return false;
}

function readJson(file) {
	try {
		return JSON.parse(fs.readFileSync(file, 'utf8'));
	} catch {
		return undefined;
	}
}

function say(text) {
	console.error(`criscope: ${text}`);
}

// `node scripts/setup.mjs test` sets up for a purpose and does nothing else.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await runScript(async () => {
		const purpose = process.argv[2] ?? 'start';
		if (!(purpose in partsByPurpose)) {
			throw new SetupError(
				`cannot set up for "${purpose}": use one of ${Object.keys(partsByPurpose).join(', ')}`,
			);
		}
		await ensure({ purpose });
		return 0;
	});
}
