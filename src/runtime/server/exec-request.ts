/** What a further command of a container is run as: as its own, with other arguments. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExecRequest } from '../oci/container-process.ts';
import type { OciProcess, OciSpec } from '../oci/model.ts';
import type { ContainerRecord } from '../store/model.ts';
import type { PodParts } from './pod-parts.ts';

/** Reads the container's own config.json: whoever it was made for, the command gets the same rights. */
export async function execRequest(
	parts: Pick<PodParts, 'paths' | 'handlers' | 'cgroups'>,
	record: ContainerRecord,
	command: readonly string[],
	terminal: boolean,
): Promise<ExecRequest> {
	const paths = parts.paths.containerPaths(record.id, record.logPath);
	const text = await readFile(path.join(paths.bundleDir, 'config.json'), 'utf8');
	return {
		id: record.id,
		handler: parts.handlers.of(record),
		paths,
		process: execProcess((JSON.parse(text) as OciSpec).process, command, terminal),
		systemdCgroup: parts.cgroups.driver === 'systemd',
	};
}

/** Source: cri-o 1.36, prepareProcessExec. Pure. */
export function execProcess(own: OciProcess, command: readonly string[], terminal: boolean): OciProcess {
	const hasTerm = own.env.some((entry) => entry.startsWith('TERM='));
	// A pseudo-terminal's size belongs to the client, who tells it.
	const { consoleSize: _size, ...process } = own as OciProcess & { readonly consoleSize?: unknown };
	return {
		...process,
		args: command,
		terminal,
		env: terminal && !hasTerm ? [...own.env, 'TERM=xterm'] : own.env,
	};
}
