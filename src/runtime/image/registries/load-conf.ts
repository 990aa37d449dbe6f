import { readFile } from 'node:fs/promises';
import { FailedPreconditionError } from '../../../cri/errors.ts';
import type { Alias, ConfFile, RegistriesConf, RegistryConf } from './conf-model.ts';
import { type ConfPaths, registriesConfPaths } from './conf-paths.ts';
import { parseRegistriesConf } from './parse-conf.ts';
import type { RegistriesLog } from './registries-log.ts';
import { cachedFromFiles } from './watched-files.ts';

/** Stands in credential-helpers for the files of containers-auth.json(5). */
const authFilesHelper = 'containers-auth.json';

/**
 * Merges files, later ones win: lists and modes replace, registries are merged by prefix (within one file the first
 * counts), aliases by name.
 *
 * With no file at all docker.io is searched, as the file says that CRI-O's packages bring; an administrator's file without
 * search registries means that there are none. Nobody can be asked by a daemon, so the mode is `enforcing` unless a file
 * says otherwise: CRI-O's own default.
 */
export function mergeConf(files: readonly ConfFile[]): RegistriesConf {
	const registries = new Map<string, RegistryConf>();
	const aliases = new Map<string, Alias>();
	let searchOrigin = files[0]?.path;
	let searchRegistries: readonly string[] = files.length === 0 ? ['docker.io'] : [];
	let shortNameMode: RegistriesConf['shortNameMode'] = 'enforcing';
	let credentialHelpers: readonly string[] = [];
	for (const file of files) {
		if (file.searchRegistries !== undefined) {
			({ searchRegistries, path: searchOrigin } = { ...file, searchRegistries: file.searchRegistries });
		}
		shortNameMode = file.shortNameMode ?? shortNameMode;
		credentialHelpers = file.credentialHelpers ?? credentialHelpers;
		for (const registry of file.registries.toReversed()) registries.set(registry.prefix, registry);
		for (const [name, target] of file.aliases) aliases.set(name, { target, origin: file.path });
	}
	return {
		searchRegistries,
		searchOrigin,
		shortNameMode,
		credentialHelpers: credentialHelpers.length === 0 ? [authFilesHelper] : credentialHelpers,
		aliases,
		registries: [...registries.values()],
	};
}

/**
 * Opens registries.conf with its drop-ins. The function returned reads them again when they change; a change that makes
 * no sense is logged and what was true before stays true, so that a slip of the pen does not stop all pulls.
 *
 * @throws (the function) FailedPreconditionError that names the file, where no good version was ever read
 */
export function openRegistriesConf(
	paths: ConfPaths,
	env: Readonly<Record<string, string | undefined>>,
	log: RegistriesLog,
): () => Promise<RegistriesConf> {
	let lastGood: RegistriesConf | undefined;
	let required: string | undefined;
	return cachedFromFiles(
		async () => {
			const found = await registriesConfPaths(paths, env);
			required = found.required;
			return found.watched;
		},
		async (files) => {
			try {
				if (required !== undefined && !files.includes(required)) {
					throw new FailedPreconditionError(
						`cannot use registries.conf "${required}": there is no such file`,
					);
				}
				const parsed = await Promise.all(files.map(readConf));
				for (const { path, unknownKeys } of parsed) {
					if (unknownKeys.length > 0)
						log.warning(`registries.conf "${path}" has unknown keys: ${unknownKeys.join(', ')}`);
				}
				if (parsed.length === 0)
					log.warning('there is no registries.conf: short names are taken from docker.io');
				lastGood = mergeConf(parsed);
				return lastGood;
			} catch (error) {
				if (lastGood === undefined) throw error;
				log.warning(`${(error as Error).message}; what it said before stays in force`);
				return lastGood;
			}
		},
	);
}

async function readConf(path: string): Promise<ConfFile> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (error) {
		throw new FailedPreconditionError(`cannot use registries.conf "${path}": ${(error as Error).message}`, {
			cause: error,
		});
	}
	return parseRegistriesConf(text, path);
}
