/**
 * Scopes of systemd for processes that are not its own, asked for over the system bus by systemd's `busctl`.
 * Source: org.freedesktop.systemd1(5), StartTransientUnit; systemd.scope(5); the properties are those of CRI-O 1.36.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, InternalError } from '../../cri/errors.ts';
import { runCommand } from '../sys/process.ts';
import { readCgroupText } from './cgroup-files.ts';

/** systemd answers once it has queued a job; the job itself takes a few milliseconds. */
const placedWithinMs = 30_000;
const firstPauseMs = 1;
const longestPauseMs = 50;

/** conmon ignores it, and so lives on until its container has ended and it has kept the exit code. Source: signal(7), SIGPIPE */
const ignoredSignal = 13;

/** What of a scope is not the same everywhere. */
export type ScopeTraits = {
	/** A unit that ends after the scope when the machine is shut down. */
	readonly after: string | undefined;
	/** Of the control groups. */
	readonly version: 1 | 2;
};

/**
 * Nothing is forbidden, but systemd then makes groups of the version 1 controller of devices for the slices above. It makes them
 * for the first unit that has a device policy, and moves all that run below into the slice's group: would that unit be a container,
 * it would leave its own group, and with it its limits to devices. Seen with systemd 252 and runc 1.1.5.
 */
const everyDevice = ['DeviceAllow', 'a(ss)', '2', 'char-*', 'rwm', 'block-*', 'rwm'];

/**
 * Puts a process into a new scope, and waits until it is there. The slices above are made by systemd where there are none.
 * @param scopePath below the mounts of the hierarchies, as the kernel will name it: `/a.slice/a-b.slice/name.scope`
 * @throws InternalError in systemd's words, DeadlineError
 */
export async function startScope(scopePath: string, pid: number, traits: ScopeTraits): Promise<void> {
	const fail = (cause: string, options?: ErrorOptions) =>
		new InternalError(
			`cannot put process ${pid} into scope "${path.basename(scopePath)}": ${cause}`,
			options,
		);
	try {
		await runCommand('busctl', scopeCall(scopePath, pid, traits), { timeoutMs: placedWithinMs });
	} catch (cause) {
		throw fail((cause as Error).message, { cause });
	}
	const untilMs = performance.now() + placedWithinMs;
	for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
		const groups = readCgroupText(`/proc/${pid}/cgroup`);
		if (groups === undefined) throw fail('the process has ended');
		if (groups.split('\n').some((line) => line.endsWith(`:${scopePath}`))) return;
		if (performance.now() > untilMs) {
			throw new DeadlineError(
				`cannot put process ${pid} into scope "${path.basename(scopePath)}": systemd is too slow`,
				{
					timeoutMs: placedWithinMs,
				},
			);
		}
		await delay(pauseMs);
	}
}

/** The arguments of busctl, which writes each value behind its D-Bus type. Source: busctl(1), Parameter Formatting */
export function scopeCall(
	scopePath: string,
	pid: number,
	{ after, version }: ScopeTraits,
): readonly string[] {
	const slice = path.basename(path.dirname(scopePath));
	const properties = [
		['Description', 's', 'a monitor of criscope'],
		['Slice', 's', slice === '' ? '-.slice' : slice],
		['PIDs', 'au', '1', String(pid)],
		['Delegate', 'b', 'true'],
		['DefaultDependencies', 'b', 'false'],
		['KillSignal', 'i', String(ignoredSignal)],
		// One whose monitor was killed is forgotten like any other.
		['CollectMode', 's', 'inactive-or-failed'],
		...(version === 1 ? [everyDevice] : []),
		...(after === undefined ? [] : [['After', 'as', '1', after]]),
	];
	return [
		'--system',
		'--quiet',
		'call',
		'org.freedesktop.systemd1',
		'/org/freedesktop/systemd1',
		'org.freedesktop.systemd1.Manager',
		'StartTransientUnit',
		'ssa(sv)a(sa(sv))',
		path.basename(scopePath),
		'replace',
		String(properties.length),
		...properties.flat(),
		'0',
	];
}
