import { access } from 'node:fs/promises';
import path from 'node:path';
import type { WatchedPath } from './watched-files.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Paths given by a caller; what is not given is looked for where podman looks. */
export type ConfPaths = {
	readonly registriesConf?: string | undefined;
	readonly registriesConfDir?: string | undefined;
	readonly policyPath?: string | undefined;
	readonly shortNameAliases?: string | undefined;
	readonly certsDirs?: readonly string[] | undefined;
};

async function exists(file: string): Promise<boolean> {
	return access(file).then(
		() => true,
		() => false,
	);
}

/** `~/.config/containers`, which counts for root too. */
function userFolder({ XDG_CONFIG_HOME, HOME }: Environment): string | undefined {
	const config = XDG_CONFIG_HOME || (HOME ? path.join(HOME, '.config') : undefined);
	return config === undefined ? undefined : path.join(config, 'containers');
}

/**
 * The registries.conf and its drop-ins, in the order in which they are merged: a user's own file replaces the machine's
 * with its drop-ins, a file named by the caller or $CONTAINERS_REGISTRIES_CONF replaces both.
 *
 * @returns with the file that must be there because somebody named it
 * Source: containers-registries.conf.d(5); go.podman.io/image/v5/pkg/sysregistriesv2.
 */
export async function registriesConfPaths(
	{ registriesConf, registriesConfDir }: ConfPaths,
	env: Environment,
): Promise<{ readonly watched: readonly WatchedPath[]; readonly required: string | undefined }> {
	const { CONTAINERS_REGISTRIES_CONF } = env;
	const named = registriesConf ?? (CONTAINERS_REGISTRIES_CONF || undefined);
	const user = userFolder(env);
	const userConf = user === undefined ? undefined : path.join(user, 'registries.conf');
	const userOnly = named === undefined && userConf !== undefined && (await exists(userConf));
	const main = named ?? (userOnly && userConf !== undefined ? userConf : '/etc/containers/registries.conf');
	const folders =
		registriesConfDir !== undefined
			? [registriesConfDir]
			: [
					...(userOnly ? [] : ['/etc/containers/registries.conf.d']),
					...(user === undefined ? [] : [path.join(user, 'registries.conf.d')]),
				];
	return {
		watched: [{ path: main, folder: false }, ...folders.map((folder) => ({ path: folder, folder: true }))],
		required: named,
	};
}

/** The policy.json that counts. @returns with whether it must be there. */
export async function policyFile(
	{ policyPath }: ConfPaths,
	env: Environment,
): Promise<{ readonly path: string; readonly required: boolean }> {
	if (policyPath !== undefined) return { path: policyPath, required: true };
	const user = userFolder(env);
	const userPolicy = user === undefined ? undefined : path.join(user, 'policy.json');
	if (userPolicy !== undefined && (await exists(userPolicy))) return { path: userPolicy, required: false };
	return { path: '/etc/containers/policy.json', required: false };
}

/** Where podman keeps the answers that people gave to "which registry?". */
export function shortNameAliasesFile({ shortNameAliases }: ConfPaths, env: Environment, uid: number): string {
	if (shortNameAliases !== undefined) return shortNameAliases;
	const { XDG_CACHE_HOME, HOME } = env;
	const cache = uid === 0 ? '/var/cache' : XDG_CACHE_HOME || path.join(HOME ?? '/', '.cache');
	return path.join(cache, 'containers', 'short-name-aliases.conf');
}

/** Folders of certificates; the first that has one for a host is used alone. Source: containers-certs.d(5). */
export function certificateFolders({ certsDirs }: ConfPaths, env: Environment): readonly string[] {
	if (certsDirs !== undefined) return certsDirs;
	const user = userFolder(env);
	return [
		...(user === undefined ? [] : [path.join(user, 'certs.d')]),
		'/etc/containers/certs.d',
		'/etc/docker/certs.d',
	];
}
