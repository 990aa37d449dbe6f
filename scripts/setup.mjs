/**
 * Brings a checkout into working order: npm packages, the pinned Node, and for tests the Debian parts. Plain
 * JavaScript for Node 20 with nothing but built-in modules, since it runs before anything is installed.
 *
 * What is done already is recognised by a stamp and by the files themselves, never by asking npm or dpkg, so that
 * set-up costs milliseconds the second time.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { installDebianParts, missingParts, partsByPurpose, refuseDebianParts } from './debian.mjs';
import {
	nodePath,
	rootDir,
	runLogged,
	runScript,
	SetupError,
	say,
	signalExitCode,
	stopTools,
} from './tools.mjs';

/** So long npm may take before a person begins to wonder. */
const slowMs = 60_000;
/** So long the taking of the lock may last. */
const takingMs = 10_000;
const cacheDir = path.join(rootDir, 'node_modules/.cache/criscope');
const stampPath = path.join(cacheDir, 'setup.json');

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
	const slow = setTimeout(
		() => say('npm is still at work; where it cannot reach its registry, it gives up after some minutes …'),
		slowMs,
	);
	const { exitCode, logPath, output } = await runLogged(
		'npm',
		['ci', '--no-audit', '--no-fund'],
		'npm',
	).finally(() => clearTimeout(slow));
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

// --- one set-up at a time ------------------------------------------------------------------------------------

const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

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
	let stoppedBy;
	const interrupted = (signal) => {
		// The second time, at once.
		if (stoppedBy !== undefined) process.exit(signalExitCode(signal));
		stoppedBy = signal;
		stopTools(signal);
	};
	process.once('exit', release);
	for (const signal of endingSignals) process.on(signal, interrupted);
	try {
		await work();
	} catch (error) {
		if (stoppedBy === undefined) throw error;
	} finally {
		process.off('exit', release);
		for (const signal of endingSignals) process.off(signal, interrupted);
		release();
	}
	if (stoppedBy !== undefined) process.exit(signalExitCode(stoppedBy));
}

function noRight(folder, { code }) {
	if (code === 'ENOSPC') return `cannot set up criscope: the disk of ${folder} is full`;
	const how = 'run it as the owner of the checkout, or clone it to a folder of your own';
	return `cannot set up criscope: no right to write to ${folder} (${code}); ${how}`;
}

function tryLock(lockPath) {
	let descriptor;
	try {
		descriptor = fs.openSync(lockPath, 'wx');
	} catch (error) {
		if (error.code !== 'EEXIST') throw new SetupError(noRight(path.dirname(lockPath), error));
		if (isAbandoned(lockPath)) fs.rmSync(lockPath, { force: true });
		return false;
	}
	try {
		fs.writeSync(descriptor, markOf(process.pid) ?? String(process.pid));
		return true;
	} catch (error) {
		// The disk is full: an empty file would be in everybody's way.
		fs.rmSync(lockPath, { force: true });
		throw new SetupError(noRight(path.dirname(lockPath), error));
	} finally {
		fs.closeSync(descriptor);
	}
}

/** True for a lock whose holder has ended, whoever has its number now. */
function isAbandoned(lockPath) {
	try {
		const mark = fs.readFileSync(lockPath, 'utf8');
		if (mark !== '') return mark !== markOf(Number.parseInt(mark, 10));
		// A lock being taken this moment, unless that moment has passed.
		return Date.now() - fs.statSync(lockPath).mtimeMs > takingMs;
	} catch (error) {
		if (error.code !== 'ENOENT') throw error;
		return false;
	}
}

/** A process's number and when it was started, in ticks since boot; undefined where there is none. Source: proc_pid_stat(5) */
function markOf(pid) {
	try {
		const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
		return `${pid} ${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
	} catch {
		return undefined;
	}
}

function readJson(file) {
	try {
		return JSON.parse(fs.readFileSync(file, 'utf8'));
	} catch {
		return undefined;
	}
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
