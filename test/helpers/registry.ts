import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stopProcess, waitForOutput } from './child-process.ts';
import type { ImageArchive } from './image-archive.ts';

/** A registry as one who pushes to it needs it. */
export type RegistryAccess = {
	/** `127.0.0.1:<port>`: as the first part of an image name. */
	readonly host: string;
	/** Stores an image, so that `<host>/<name>:<tag>` can be pulled. Blobs that are there already are not sent again. */
	push(name: string, tag: string, image: ImageArchive): Promise<void>;
};

/** A running registry of one's own, on loopback, over plain HTTP. */
export type Registry = RegistryAccess & { readonly pid: number; stop(): Promise<void> };

/** The one user of a registry started with `authenticated`, and the password. */
export const registryUser = 'inspector';
export const registryPassword = 'open-sesame';
// What htpasswd -B makes of the two above; docker-registry takes bcrypt only.
const registryHtpasswd = 'inspector:$2y$05$abcdefghijklmnopqrstuutXu9KzOt.1yBoZUeFWoT/914/JfszCO\n';

/**
 * Starts docker-registry in `dir`.
 *
 * @param options.authenticated every request needs `registryUser` and `registryPassword` (HTTP basic)
 * @throws Error with the registry's own output when it does not come up
 */
export async function startRegistry(options: {
	readonly dir: string;
	readonly authenticated?: boolean;
	/** More of its configuration: `http.tls`, `auth.token`. */
	readonly config?: { readonly http?: object; readonly auth?: object };
}): Promise<Registry> {
	mkdirSync(options.dir, { recursive: true });
	const configPath = path.join(options.dir, 'config.yml');
	const htpasswdPath = path.join(options.dir, 'htpasswd');
	writeFileSync(htpasswdPath, registryHtpasswd);
	const auth = { htpasswd: { realm: 'criscope', path: htpasswdPath } };
	// JSON is YAML.
	writeFileSync(
		configPath,
		JSON.stringify({
			version: 0.1,
			log: { level: 'info' },
			storage: { filesystem: { rootdirectory: path.join(options.dir, 'store') }, delete: { enabled: true } },
			// Port 0: the kernel picks a free one, and the log says which.
			http: { addr: '127.0.0.1:0', ...options.config?.http },
			...(options.authenticated === true ? { auth } : {}),
			...(options.config?.auth === undefined ? {} : { auth: options.config.auth }),
		}),
	);
	const { PATH } = process.env;
	const child = spawn('/usr/bin/docker-registry', ['serve', configPath], {
		stdio: ['ignore', 'ignore', 'pipe'],
		detached: true,
		env: { PATH, OTEL_TRACES_EXPORTER: 'none' },
	});
	const host = await waitForOutput(child, /listening on (127\.0\.0\.1:\d+)/);
	const access = accessRegistry(host, { authenticated: options.authenticated ?? false });
	return { ...access, pid: child.pid ?? 0, stop: () => stopProcess(child) };
}

/** Opens a registry that is running, as its one user where it asks for one. */
export function accessRegistry(host: string, { authenticated = false } = {}): RegistryAccess {
	const credentials = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
	const headers: Record<string, string> = authenticated ? { authorization: `Basic ${credentials}` } : {};
	return { host, push: (name, tag, image) => push(`http://${host}/v2/${name}`, tag, image, headers) };
}

async function push(
	base: string,
	tag: string,
	image: ImageArchive,
	headers: Record<string, string>,
): Promise<void> {
	for (const { digest, bytes } of image.blobs) {
		const present = await fetch(`${base}/blobs/${digest}`, { method: 'HEAD', headers });
		if (present.ok) continue;
		const upload = await request(`${base}/blobs/uploads/`, { method: 'POST', headers });
		const location = new URL(upload.headers.get('location') ?? '', base);
		location.searchParams.set('digest', digest);
		const type = { 'content-type': 'application/octet-stream' };
		await request(location.href, {
			method: 'PUT',
			headers: { ...headers, ...type },
			body: new Uint8Array(bytes),
		});
	}
	await request(`${base}/manifests/${tag}`, {
		method: 'PUT',
		headers: { ...headers, 'content-type': image.mediaType },
		body: new Uint8Array(image.manifest),
	});
}

async function request(url: string, init: RequestInit): Promise<Response> {
	const response = await fetch(url, init);
	if (!response.ok) {
		throw new Error(`cannot push "${url}": ${response.status} ${await response.text()}`);
	}
	return response;
}
