import { readFile } from 'node:fs/promises';
import { FailedPreconditionError, PermissionError } from '../../../cri/errors.ts';
import {
	formatImageReference,
	type ImageReference,
	isShortName,
	parseImageReference,
} from '../../../cri/image-reference.ts';
import type { AuthConfig } from '../../../cri/model.ts';
import { type AuthAccess, hostAuthAccess } from '../../../cri/registry-credentials.ts';
import type { Repository } from '../model.ts';
import type { PullCandidate, Registries } from '../registry.ts';
import type { HttpSettings } from '../registry-client/http-client.ts';
import { openRegistryHost, type RegistryHost } from '../registry-client/registry-host.ts';
import { openRepository } from '../registry-client/repository.ts';
import {
	defaultPatience,
	type Patience,
	sleep as realSleep,
	type Sleep,
} from '../registry-client/retry-after.ts';
import { systemTrustOnce } from '../registry-client/trust.ts';
import type { RegistriesConf } from './conf-model.ts';
import { type ConfPaths, certificateFolders, policyFile, shortNameAliasesFile } from './conf-paths.ts';
import { findRegistry, pullSources } from './find-registry.ts';
import { openRegistriesConf } from './load-conf.ts';
import { archiveRefusal, type Policy, PolicyRefusedError, parsePolicy, policyRefusal } from './policy.ts';
import type { RegistriesLog } from './registries-log.ts';
import { aliasOf, readShortNameAliases, resolveName } from './short-names.ts';
import { callerLogin, sourceCredentials } from './source-credentials.ts';
import { cachedFromFiles } from './watched-files.ts';

/** Where configuration is read, and what tests put in place of the world. */
export type RegistriesOptions = ConfPaths & {
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly log: RegistriesLog;
	/** Asked before all other files of credentials: CRI-O's global_auth_file. */
	readonly authFile?: string | undefined;
	readonly authAccess?: AuthAccess | undefined;
	readonly patience?: Patience | undefined;
	readonly sleep?: Sleep | undefined;
	readonly now?: (() => number) | undefined;
};

/**
 * Opens the registries of this machine. Files are read when they are first needed and when they change.
 * Disposing of it closes connections; transfers under way fail.
 */
export function openRegistries(options: RegistriesOptions): Registries {
	const { env, log, authFile, patience = defaultPatience, sleep = realSleep, now = Date.now } = options;
	const access = options.authAccess ?? hostAuthAccess(env);
	const settings: HttpSettings = {
		env,
		certsDirs: certificateFolders(options, env),
		patience,
		trust: systemTrustOnce(env),
	};
	const conf = openRegistriesConf(options, env, log);
	const policy = openPolicy(options);
	const aliasesFile = shortNameAliasesFile(options, env, process.getuid?.() ?? 0);
	const aliases = cachedFromFiles(
		async () => [{ path: aliasesFile, folder: false }],
		() => readShortNameAliases(aliasesFile),
	);
	const hosts = new Map<string, RegistryHost>();

	function hostOf(name: string, insecure: boolean): RegistryHost {
		const key = `${name} ${insecure}`;
		const host = hosts.get(key) ?? openRegistryHost(name, { insecure, settings, sleep, now });
		hosts.set(key, host);
		return host;
	}

	function repositoryOf(
		source: { readonly reference: ImageReference; readonly insecure: boolean; readonly isMirror: boolean },
		named: ImageReference,
		login: AuthConfig | undefined,
		helpers: readonly string[],
		actions: 'pull' | 'pull,push',
	): Repository {
		return openRepository(hostOf(source.reference.domain, source.insecure), {
			path: source.reference.repository,
			isMirror: source.isMirror,
			actions,
			// Shared by all requests of the repository; helpers have a deadline of their own.
			credentials: () =>
				sourceCredentials(source.reference, {
					named,
					login,
					access,
					authFile,
					helpers,
					log,
					signal: new AbortController().signal,
				}),
			patience,
			sleep,
			now,
		});
	}

	function candidateOf(
		reference: ImageReference,
		{ registries, credentialHelpers }: RegistriesConf,
		rules: Policy | undefined,
		login: AuthConfig | undefined,
	): PullCandidate {
		const heading = `cannot pull image "${formatImageReference(reference)}"`;
		const refusal = rules === undefined ? undefined : policyRefusal(rules, reference);
		if (refusal !== undefined) throw new PolicyRefusedError(`${heading}: ${refusal}`);
		const { sources, blockedBy } = pullSources(reference, registries);
		if (sources.length === 0) {
			throw new PermissionError(`${heading}: the registry is blocked in registries.conf ("${blockedBy}")`);
		}
		return {
			reference,
			sources: sources.map((source) => repositoryOf(source, reference, login, credentialHelpers, 'pull')),
		};
	}

	return {
		async pullCandidates(image, { auth }, { signal } = {}) {
			signal?.throwIfAborted();
			const login = callerLogin(auth);
			const [read, rules, recorded] = await Promise.all([conf(), policy(), aliases()]);
			signal?.throwIfAborted();
			const { references, origin } = resolveName(image, read, recorded);
			if (origin !== undefined) {
				log.info(
					`"${image}" stands for ${references.map(formatImageReference).join(' or ')}, says ${origin}`,
				);
			}
			const candidates: PullCandidate[] = [];
			let refusal: unknown;
			for (const reference of references) {
				try {
					candidates.push(candidateOf(reference, read, rules, login));
				} catch (error) {
					if (!(error instanceof PermissionError)) throw error;
					refusal = error;
				}
			}
			if (candidates.length === 0) throw refusal;
			return candidates;
		},
		async pushTarget(destination, { auth }, { signal } = {}) {
			signal?.throwIfAborted();
			const login = callerLogin(auth);
			const reference = parseImageReference(destination);
			const { registries, credentialHelpers } = await conf();
			signal?.throwIfAborted();
			// Mirrors and other locations are for pulls: what is pushed goes where its name says.
			const registry = findRegistry(formatImageReference(reference), registries);
			if (registry?.blocked) {
				throw new PermissionError(
					`cannot push image "${formatImageReference(reference)}": the registry is blocked in registries.conf ` +
						`("${registry.prefix}")`,
				);
			}
			const source = { reference, insecure: registry?.insecure ?? false, isMirror: false };
			return {
				reference,
				repository: repositoryOf(source, reference, login, credentialHelpers, 'pull,push'),
			};
		},
		async admitArchive(transport, { signal } = {}) {
			signal?.throwIfAborted();
			const rules = await policy();
			const refusal = rules === undefined ? undefined : archiveRefusal(rules, transport);
			if (refusal !== undefined) throw new PolicyRefusedError(refusal);
		},
		async aliasOf(name) {
			if (!isShortName(name)) return undefined;
			try {
				const [read, recorded] = await Promise.all([conf(), aliases()]);
				const alias = aliasOf(name, read, recorded);
				return alias && formatImageReference(alias.reference);
			} catch {
				// A pull says what is wrong with the files, or with the name; what is here can be found without them.
				return undefined;
			}
		},
		[Symbol.dispose]() {
			for (const host of hosts.values()) host[Symbol.dispose]();
			hosts.clear();
		},
	};
}

/** @returns what reads the policy when it changed: undefined where there is none, which accepts everything, and says so. */
function openPolicy(options: RegistriesOptions): () => Promise<Policy | undefined> {
	const { env, log } = options;
	return cachedFromFiles(
		async () => [{ path: (await policyFile(options, env)).path, folder: false }],
		async (files) => {
			const file = files[0];
			if (file !== undefined) {
				try {
					return parsePolicy(await readFile(file, 'utf8'), file);
				} catch (error) {
					if (error instanceof FailedPreconditionError) throw error;
					throw new FailedPreconditionError(`cannot use policy "${file}": ${(error as Error).message}`, {
						cause: error,
					});
				}
			}
			const { path, required } = await policyFile(options, env);
			if (required) throw new FailedPreconditionError(`cannot use policy "${path}": there is no such file`);
			log.warning(`there is no policy "${path}": images of all registries are accepted`);
			return undefined;
		},
	);
}
