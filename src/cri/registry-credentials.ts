/**
 * Finds the credentials that podman, skopeo, docker or kubelet would use for an image: in their files, and in
 * the credential helpers that these name.
 * Source: containers-auth.json(5); docker config.json; github.com/docker/docker-credential-helpers (protocol).
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageReference } from './image-reference.ts';
import type { AuthConfig } from './model.ts';

/** How files are read and helpers are run; replaced in tests. */
export type AuthAccess = {
	readonly env: Readonly<Record<string, string | undefined>>;
	/** @returns undefined where there is no such file. */
	readonly readText: (path: string, options: { readonly signal: AbortSignal }) => Promise<string | undefined>;
	/** Runs `docker-credential-<name> get`. @returns its standard output; undefined where it knows no credentials. */
	readonly runHelper: (
		name: string,
		server: string,
		options: { readonly signal: AbortSignal },
	) => Promise<string | undefined>;
};

/** What was found, and what could not be read on the way: a broken file may be why a pull is refused. */
export type FoundCredentials = {
	readonly auth: AuthConfig | undefined;
	/** Path of the file, or the helper's name; undefined with `auth`. */
	readonly source: string | undefined;
	readonly problems: readonly string[];
};

const helperDeadlineMs = 15_000;
const longestAnswerBytes = 1 << 20;

type Json = Readonly<Record<string, unknown>>;

function object(value: unknown): Json {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function text(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** The real files and helpers of this machine. */
export function hostAuthAccess(env: Readonly<Record<string, string | undefined>>): AuthAccess {
	return {
		env,
		async readText(path, { signal }) {
			try {
				return await readFile(path, { encoding: 'utf8', signal });
			} catch (error) {
				const { code } = error as NodeJS.ErrnoException;
				if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
				throw error;
			}
		},
		runHelper: (name, server, { signal }) => runHelper(env, name, server, signal),
	};
}

function runHelper(
	env: Readonly<Record<string, string | undefined>>,
	name: string,
	server: string,
	signal: AbortSignal,
): Promise<string | undefined> {
	const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
	const child = spawn(`docker-credential-${name}`, ['get'], {
		env: { ...env },
		stdio: ['pipe', 'pipe', 'ignore'],
		signal: AbortSignal.any([signal, AbortSignal.timeout(helperDeadlineMs)]),
		killSignal: 'SIGKILL',
	});
	let answer = '';
	child.stdout.setEncoding('utf8');
	child.stdout.on('data', (chunk: string) => {
		if (answer.length < longestAnswerBytes) answer += chunk;
	});
	child.stdin.on('error', () => undefined);
	child.stdin.end(`${server}\n`);
	child.on('error', (error) =>
		reject(
			error.name === 'AbortError'
				? new Error(`no answer within ${helperDeadlineMs / 1000} s`, { cause: error })
				: error,
		),
	);
	// A helper that knows nothing says so and exits 1; that is an answer, not a failure.
	child.on('close', (code) => {
		if (code === 0) resolve(answer);
		else if (/credentials not found|no credentials/i.test(answer)) resolve(undefined);
		else reject(new Error(answer.trim().slice(0, 200) || `it ended with exit code ${code}`));
	});
	return promise;
}

/** Files in the order in which they are asked, without repetition. */
function authFiles(
	env: Readonly<Record<string, string | undefined>>,
	configured: string | undefined,
): readonly string[] {
	const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG, HOME } = env;
	const config = XDG_CONFIG_HOME || (HOME ? join(HOME, '.config') : undefined);
	const docker = DOCKER_CONFIG || (HOME ? join(HOME, '.docker') : undefined);
	const runtimeDir = XDG_RUNTIME_DIR
		? join(XDG_RUNTIME_DIR, 'containers')
		: `/run/containers/${process.getuid?.() ?? 0}`;
	const files = [
		configured,
		REGISTRY_AUTH_FILE,
		join(runtimeDir, 'auth.json'),
		config && join(config, 'containers', 'auth.json'),
		docker && join(docker, 'config.json'),
		// What kubelet itself pulls with on nodes that were given registry credentials.
		'/var/lib/kubelet/config.json',
	];
	return [...new Set(files.filter((file): file is string => file !== undefined && file !== ''))];
}

/** Names that mean Docker Hub in these files. */
const hubNames = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/**
 * A key of `auths` without scheme and API version: `https://index.docker.io/v1/` is `index.docker.io`. A folder that
 * is called v1 stays.
 */
function plainKey(key: string): string {
	return key
		.replace(/^https?:\/\//, '')
		.replace(/^([^/]*)\/v[12]\/?$/, '$1')
		.replace(/\/$/, '');
}

/** Keys that apply to a reference, longest first: each folder of the repository, then the registry. */
function scopesOf({ domain, repository }: ImageReference): readonly string[] {
	const parts = repository.split('/');
	const paths = parts.map((_, index) => parts.slice(0, parts.length - index).join('/'));
	const domains = hubNames.includes(domain) ? hubNames : [domain];
	return [...paths.flatMap((path) => domains.map((name) => `${name}/${path}`)), ...domains];
}

function authOf(entry: Json): AuthConfig | undefined {
	const identityToken = text(entry['identitytoken']);
	const registryToken = text(entry['registrytoken']);
	const decoded = Buffer.from(text(entry['auth']), 'base64').toString('utf8').replace(/\0+$/, '');
	const colon = decoded.indexOf(':');
	const username = colon > 0 ? decoded.slice(0, colon) : text(entry['username']);
	const password = colon > 0 ? decoded.slice(colon + 1) : text(entry['password']);
	if (identityToken) return { username, identityToken };
	if (registryToken) return { registryToken };
	return username ? { username, password } : undefined;
}

/** The server's name as Docker writes it for a helper. */
function serverOf(reference: ImageReference): string {
	return hubNames.includes(reference.domain) ? 'https://index.docker.io/v1/' : reference.domain;
}

/** The name becomes part of a program's name: nothing else may come in by it. */
function safeHelper(name: string): string | undefined {
	return /^[\w.-]+$/.test(name) ? name : undefined;
}

function helperOf(config: Json, reference: ImageReference): string | undefined {
	const helpers = object(config['credHelpers']);
	const names = hubNames.includes(reference.domain) ? hubNames : [reference.domain];
	const key = Object.keys(helpers).find((candidate) => names.includes(plainKey(candidate)));
	return safeHelper(text(key === undefined ? config['credsStore'] : helpers[key]));
}

async function askHelper(
	access: AuthAccess,
	name: string,
	server: string,
	problems: string[],
	signal: AbortSignal,
): Promise<AuthConfig | undefined> {
	try {
		const answer = await access.runHelper(name, server, { signal });
		if (answer === undefined) return undefined;
		const parsed = object(JSON.parse(answer));
		const username = text(parsed['Username']);
		const secret = text(parsed['Secret']);
		if (username === '<token>') return { identityToken: secret };
		return username ? { username, password: secret } : undefined;
	} catch (error) {
		signal.throwIfAborted();
		const cause = error instanceof SyntaxError ? 'its answer is not JSON' : (error as Error).message;
		problems.push(`cannot ask docker-credential-${name}: ${cause}`);
		return undefined;
	}
}

type Found = { readonly auth: AuthConfig; readonly source: string };

async function findInFiles(
	reference: ImageReference,
	access: AuthAccess,
	authFile: string | undefined,
	problems: string[],
	signal: AbortSignal,
): Promise<Found | undefined> {
	for (const path of authFiles(access.env, authFile)) {
		let config: Json;
		try {
			const content = await access.readText(path, { signal });
			if (content === undefined) continue;
			config = object(JSON.parse(content));
		} catch (error) {
			signal.throwIfAborted();
			// JSON.parse quotes what it read, which may be a password: only the file is named.
			const cause = error instanceof SyntaxError ? 'it is not JSON' : (error as Error).message;
			problems.push(`cannot read credentials from ${path}: ${cause}`);
			continue;
		}
		const helper = helperOf(config, reference);
		if (helper !== undefined) {
			const auth = await askHelper(access, helper, serverOf(reference), problems, signal);
			if (auth) return { auth, source: `docker-credential-${helper}` };
		}
		const auths = object(config['auths']);
		const byKey = new Map(Object.entries(auths).map(([key, entry]) => [plainKey(key), object(entry)]));
		for (const scope of scopesOf(reference)) {
			const auth = authOf(byKey.get(scope) ?? {});
			if (auth) return { auth, source: path };
		}
	}
	return undefined;
}

/** Stands for the files among the helpers of registries.conf. */
const filesHelper = 'containers-auth.json';

/**
 * Looks for credentials; the first file that has some wins, its helpers before its own entries, the most
 * specific key before the registry's. What cannot be read or asked is a problem in the answer, not an error.
 *
 * @param options.helpers credential-helpers of registries.conf, in order; `containers-auth.json` stands for the files,
 * and is all there is where the list is absent
 * @throws AbortError of the signal only.
 */
export async function findCredentials(
	reference: ImageReference,
	access: AuthAccess,
	options: {
		readonly authFile?: string | undefined;
		readonly helpers?: readonly string[] | undefined;
		readonly signal: AbortSignal;
	},
): Promise<FoundCredentials> {
	const { authFile, helpers = [filesHelper], signal } = options;
	const problems: string[] = [];
	for (const helper of helpers) {
		let found: Found | undefined;
		if (helper === filesHelper) found = await findInFiles(reference, access, authFile, problems, signal);
		else {
			const name = safeHelper(helper);
			const auth = name && (await askHelper(access, name, reference.domain, problems, signal));
			if (auth) found = { auth, source: `docker-credential-${helper}` };
		}
		if (found) return { ...found, problems };
	}
	return { auth: undefined, source: undefined, problems };
}
