/** The handlers of a machine that configures none. */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { HandlerConfig } from './oci/model.ts';

/** In order of preference; the first that is installed is the default. */
const knownRuntimes = ['runc', 'crun', 'runsc'] as const;

/** Least memory that a container starts in. Source: cri-o 1.36, the defaults of container_min_memory */
const minimumMemoryBytes: Readonly<Record<string, number>> = { runc: 12 * 2 ** 20, crun: 500 * 2 ** 10 };

/**
 * Looks for OCI runtimes and conmon on the search path.
 * @param runDir below it each runtime keeps its own records, apart from those of other programs
 */
export function findHandlers(searchPath: string, runDir: string): readonly HandlerConfig[] {
	const monitorPath = findProgram('conmon', searchPath) ?? 'conmon';
	return knownRuntimes.flatMap((name): readonly HandlerConfig[] => {
		const found = findProgram(name, searchPath);
		if (found === undefined) return [];
		return [
			{
				name,
				path: found,
				root: path.join(runDir, name),
				type: 'oci',
				privilegedWithoutHostDevices: false,
				allowedAnnotations: [],
				monitorPath,
				monitorCgroup: '',
				monitorEnv: [],
				minimumMemoryBytes: minimumMemoryBytes[name] ?? 0,
			},
		];
	});
}

/** The first executable of that name on a search path. */
export function findProgram(name: string, searchPath: string): string | undefined {
	// A service's path leaves out where administrators put programs.
	const folders = [
		...searchPath.split(':'),
		'/usr/local/sbin',
		'/usr/local/bin',
		'/usr/sbin',
		'/usr/bin',
		'/sbin',
		'/bin',
	];
	return folders
		.filter((folder) => folder.startsWith('/'))
		.map((folder) => path.join(folder, name))
		.find((file) => {
			try {
				accessSync(file, constants.X_OK);
				return true;
			} catch {
				return false;
			}
		});
}
