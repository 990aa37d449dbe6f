/**
 * Starts the embedded runtime when a session needs one. It is a process of its own, shared by all sessions, and leaves by
 * itself when nobody has needed it for a while. A login must not change the node by surprise: see `planEmbedded`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { isSea } from 'node:sea';
import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedSocketPath, formatEndpoint } from './cri/endpoint-address.ts';
import type { EndpointChoice } from './cri/endpoints.ts';
import { probeEndpoint } from './cri/socket-probe.ts';
import { readKubelet } from './node/kubelet.ts';

/** Where it listens, as an endpoint. */
export const embeddedEndpoint: string = formatEndpoint({ kind: 'unix', path: embeddedSocketPath });

/** What the person reads meanwhile. */
export const startingSentence = 'Starting the embedded runtime …';

const logDir = '/var/log/criscope';
const logFile = `${logDir}/serve.log`;
/** A log that is larger when a runtime starts is put aside, in bytes. */
const logLimitBytes = 8 * 2 ** 20;
const idleExit = '10m';
const startTimeoutMs = 10_000;
const lookAgainMs = 50;
const tryAgainMs = 1_000;
/** A service manager has this long to bring its runtime back before we do. */
const patienceMs = 2_000;

/** Who asks. */
export type EmbeddedRequest = {
	readonly env: NodeJS.ProcessEnv;
	/** A session that promised to change nothing starts nothing. */
	readonly readOnly: boolean;
};

/** What a choice of the endpoint means for the embedded runtime. */
export type EmbeddedPlan =
	/** The choice holds as it is. */
	| { readonly kind: 'leave' }
	/** Nobody listens, and it may be started. */
	| { readonly kind: 'start' }
	/** It would be started, were it not for this. One sentence. */
	| { readonly kind: 'refused'; readonly why: string };

/**
 * It is started where somebody names it, and where this machine has no runtime at all: no socket of any, not even one that
 * nobody listens on, and no kubelet. A node whose runtime is down for a moment must not find another one in its place.
 */
export async function planEmbedded(choice: EndpointChoice, request: EmbeddedRequest): Promise<EmbeddedPlan> {
	if (request.env['CRISCOPE_EMBEDDED'] === 'off') return { kind: 'leave' };
	if (!(await isMeant(choice))) return { kind: 'leave' };
	if (request.readOnly) {
		return { kind: 'refused', why: 'a read-only session does not start the embedded runtime' };
	}
	if (process.getuid?.() !== 0) {
		return {
			kind: 'refused',
			why: 'the embedded runtime needs root: run sudo criscope, or sudo criscope serve beside it',
		};
	}
	return { kind: 'start' };
}

async function isMeant(choice: EndpointChoice): Promise<boolean> {
	if (choice.kind === 'denied') return false;
	if (choice.kind === 'chosen') {
		if (choice.runtimeEndpoint !== embeddedEndpoint || choice.origin.kind === 'found') return false;
		return !(await isListening());
	}
	const isFree = choice.tried.every(
		({ path, probe }) =>
			probe.kind === 'missing' || (path === embeddedSocketPath && probe.kind === 'refused'),
	);
	return isFree && !(await readKubelet()).running;
}

/**
 * Starts it and waits until it answers. Two sessions may do so at once: the second runtime finds the store in use and ends,
 * and both sessions get the first.
 * @throws Error in one sentence, with the last words of its log
 */
export async function startEmbedded(
	{ env }: Pick<EmbeddedRequest, 'env'>,
	{ signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
	const fromBytes = rotateLog();
	let attempt = watchServe(env);
	const deadline = performance.now() + startTimeoutMs;
	for (;;) {
		const { kind } = await probeEndpoint({ kind: 'unix', path: embeddedSocketPath }, { signal });
		if (kind === 'open') return;
		const log = readFileSync(logFile).subarray(fromBytes).toString('utf8');
		const { failure, endedAtMs } = attempt.state();
		// Another session was faster, and its runtime is about to answer; or one that leaves has not quite gone.
		const isSecond = /is using it|another server answers/.test(log);
		if (failure !== undefined || (endedAtMs !== undefined && !isSecond)) {
			throw new Error(
				`cannot start the embedded runtime: ${failure?.message ?? lastWords(log)} (log: ${logFile})`,
			);
		}
		const now = performance.now();
		if (now > deadline) {
			const seconds = startTimeoutMs / 1000;
			throw new Error(
				`cannot start the embedded runtime: no answer within ${seconds} s; its last word: ${lastWords(log)} (log: ${logFile})`,
			);
		}
		if (endedAtMs !== undefined && now - endedAtMs > tryAgainMs) attempt = watchServe(env);
		await sleep(lookAgainMs, undefined, { signal });
	}
}

/** Starts one, and tells what became of the process. */
function watchServe(env: NodeJS.ProcessEnv) {
	const child = spawnServe(env);
	let endedAtMs: number | undefined;
	let failure: Error | undefined;
	child.once('exit', () => {
		endedAtMs = performance.now();
	});
	child.once('error', (error) => {
		failure = error;
	});
	return { state: () => ({ failure, endedAtMs }) };
}

/** True where somebody answers on its socket, or holds it. */
export async function isListening(): Promise<boolean> {
	const { kind } = await probeEndpoint({ kind: 'unix', path: embeddedSocketPath });
	return kind !== 'missing' && kind !== 'refused';
}

/** True where it has crashed: it left a socket on which nobody listens, and nobody brought it back. */
export async function hasCrashed(signal?: AbortSignal): Promise<boolean> {
	await sleep(patienceMs, undefined, { signal });
	return (await probeEndpoint({ kind: 'unix', path: embeddedSocketPath }, { signal })).kind === 'refused';
}

/** A session of its own, without the terminal: it outlives the one who started it. */
function spawnServe(env: NodeJS.ProcessEnv): ChildProcess {
	const log = openSync(logFile, 'a', 0o600);
	try {
		const program = isSea() ? [] : [...process.execArgv, process.argv[1] ?? ''];
		const child = spawn(process.execPath, [...program, 'serve', '--idle-exit', idleExit, '--own-cgroup'], {
			cwd: '/',
			detached: true,
			stdio: ['ignore', log, log],
			env: serviceEnvironment(env),
		});
		child.unref();
		return child;
	} finally {
		closeSync(log);
	}
}

const kept =
	/^(?:PATH|HOME|USER|LANG|LC_.*|TZ|TMPDIR|(?:https?|all|no)_proxy|CONTAINERS_.*|REGISTRY_AUTH_FILE|DOCKER_CONFIG|XDG_CONFIG_HOME|SSL_CERT_.*|NODE_EXTRA_CA_CERTS)$/i;

/** What it needs of the session's environment: the terminal, the agent and the login are none of its business. */
function serviceEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	return Object.fromEntries(Object.entries(env).filter(([name]) => kept.test(name)));
}

/** @returns where in the log the next words will stand */
function rotateLog(): number {
	mkdirSync(logDir, { recursive: true, mode: 0o750 });
	const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
	if (bytes <= logLimitBytes) return bytes;
	renameSync(logFile, `${logFile}.1`);
	return 0;
}

/** The last event of a log, as a sentence. */
function lastWords(log: string): string {
	const lines = log.trimEnd().split('\n');
	// An error may go on for several lines; the sentence is the first of them.
	const line = lines.findLast((one) => /^(?:\{|criscope: )/.test(one)) ?? lines.at(-1) ?? '';
	if (line === '') return 'it said nothing';
	try {
		const { msg, error } = JSON.parse(line) as { readonly msg?: unknown; readonly error?: unknown };
		return [msg, error].filter((part) => typeof part === 'string').join(': ');
	} catch {
		return line.replace(/^criscope: /, '');
	}
}
