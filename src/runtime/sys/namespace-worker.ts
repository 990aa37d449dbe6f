/**
 * The thread that makes namespaces: it moves itself into new ones, sets them up, binds them to files, and moves back.
 * Everything between leaving and coming back is synchronous, so that no thread or process is started meanwhile that would
 * inherit a pod's namespaces. Other threads never leave the host's. Source: namespaces(7), unshare(2)
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { errnoCode } from './errno.ts';
import { loadLibc } from './libc.ts';
import { loadNamespaceCalls } from './libc-namespaces.ts';
import { namespaceKinds, type PinFailure, type PinJob, type PinReply } from './namespace-job.ts';
import { SyscallError } from './sys.ts';

/** Source: linux/mount.h */
const msBind = 4096;

const sys = loadLibc();
const calls = loadNamespaceCalls();
const home = namespaceKinds.map((kind) => ({
	kind,
	descriptor: openSync(`/proc/thread-self/ns/${kind}`, 'r'),
}));

parentPort?.on('message', (job: PinJob) => {
	let failure: PinFailure | undefined;
	try {
		calls.unshare(job.pins.map(({ kind }) => kind));
		setUp(job);
	} catch (error) {
		failure = failureOf(error);
	}
	// A thread that cannot come back must not take another job: what this throws ends it.
	for (const { kind, descriptor } of home) calls.enter(descriptor, kind);
	const reply: PinReply = { number: job.number, failure };
	parentPort?.postMessage(reply);
});
parentPort?.postMessage('loaded');

function setUp({ pins, hostname, sysctls }: PinJob): void {
	if (hostname !== undefined) calls.setHostname(hostname);
	if (pins.some(({ kind }) => kind === 'net')) calls.raiseLoopback();
	for (const sysctl of sysctls) writeSysctl(sysctl);
	for (const { kind, path } of pins) sys.mount(`/proc/thread-self/ns/${kind}`, path, '', msBind, '');
}

class SysctlFailure extends Error {
	readonly failure: PinFailure;
	constructor(failure: PinFailure) {
		super();
		this.failure = failure;
	}
}

/** The kernel shows each thread the values of its own namespaces. Source: proc(5) */
function writeSysctl({ name, path, value }: PinJob['sysctls'][number]): void {
	try {
		const descriptor = openSync(path, 'w');
		try {
			writeSync(descriptor, value);
		} finally {
			closeSync(descriptor);
		}
	} catch (error) {
		const code = errnoCode(error);
		const reason = code === 'ENOENT' ? 'there is no such sysctl in a pod' : (code ?? String(error));
		throw new SysctlFailure({ kind: 'sysctl', name, value, reason });
	}
}

function failureOf(error: unknown): PinFailure {
	if (error instanceof SysctlFailure) return error.failure;
	if (error instanceof SyscallError) {
		return { kind: 'syscall', syscall: error.syscall, errno: error.errno, path: error.path };
	}
	return { kind: 'other', message: error instanceof Error ? error.message : String(error) };
}
