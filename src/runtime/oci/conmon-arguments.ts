/** How conmon is called. Source: conmon(8) 2.1; runtime.md section 3.2 */
import path from 'node:path';
import { minimalEnvironment } from '../sys/process.ts';
import type { ContainerPaths, CreateRequest } from './container-process.ts';
import { globalArguments } from './runtime-cli.ts';

/** Files that conmon and the runtime leave in the bundle with the pids they started. */
export function pidFiles({ bundleDir }: Pick<ContainerPaths, 'bundleDir'>): {
	readonly init: string;
	readonly monitor: string;
} {
	return { init: path.join(bundleDir, 'pidfile'), monitor: path.join(bundleDir, 'conmon-pidfile') };
}

/** The command line for a new container. */
export function conmonArguments(request: CreateRequest): readonly string[] {
	const { id, name, handler, paths } = request;
	const files = pidFiles(paths);
	return [
		...['-b', paths.bundleDir, '-c', id, '-u', id, '-n', name, '-r', handler.path],
		// The manager of cgroups is told by -s, which conmon hands on.
		...globalArguments(handler).flatMap((argument) => ['--runtime-arg', argument]),
		...['-p', files.init, '-P', files.monitor],
		...['--persist-dir', paths.persistDir, '--exit-dir', paths.exitsDir, '-l', paths.logPath],
		...['--socket-dir-path', paths.attachDir, '--log-level', 'info', '--syslog'],
		...(request.systemdCgroup ? ['-s'] : []),
		...(request.terminal ? ['-t'] : []),
		...(request.stdin ? ['-i'] : []),
		...(request.stdin && !request.stdinOnce ? ['--leave-stdin-open'] : []),
		...(request.logSizeMaxBytes >= 0 ? ['--log-size-max', String(request.logSizeMaxBytes)] : []),
	];
}

/** The whole environment; descriptors 3 and 4 are the sync and the start pipe. */
export function conmonEnvironment({ handler }: CreateRequest): NodeJS.ProcessEnv {
	const monitorEnv = handler.monitorEnv.map((entry): [string, string] => {
		const equals = entry.indexOf('=');
		return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
	});
	return {
		...Object.fromEntries(monitorEnv),
		...minimalEnvironment(),
		CRI_O_EXTERNAL: '1',
		_OCI_SYNCPIPE: '3',
		_OCI_STARTPIPE: '4',
	};
}
