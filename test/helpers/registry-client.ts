import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, onTestFinished } from 'vitest';
import type { AuthConfig } from '../../src/cri/model.ts';
import type { Descriptor, Repository } from '../../src/runtime/image/model.ts';
import { openRegistries } from '../../src/runtime/image/registries/open-registries.ts';
import { registryPassword, registryUser } from './registry.ts';
import { tempDir } from './temp-dir.ts';

/** Of `registryUser`. */
export const login: AuthConfig = { username: registryUser, password: registryPassword };

/** sha256 of bytes. */
export const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Of a layer. */
export function descriptor(bytes: Buffer): Descriptor {
	const mediaType = 'application/vnd.oci.image.layer.v1.tar';
	return { mediaType, digest: digestOf(bytes), sizeBytes: bytes.length, annotations: {}, urls: [] };
}

/** Registries of a machine whose configuration is `conf`, and nothing else. */
export function openFor(
	conf: string,
	options: { readonly certsDir?: string; readonly env?: Record<string, string>; readonly dir?: string } = {},
) {
	const dir = options.dir ?? tempDir();
	writeFileSync(path.join(dir, 'registries.conf'), conf);
	const registries = openRegistries({
		registriesConf: path.join(dir, 'registries.conf'),
		registriesConfDir: path.join(dir, 'none'),
		certsDirs: options.certsDir === undefined ? [] : [options.certsDir],
		env: { HOME: dir, XDG_RUNTIME_DIR: dir, ...options.env },
		log: { info: () => undefined, warning: () => undefined },
		patience: {
			connectTimeoutMs: 5000,
			idleTimeoutMs: 5000,
			rateLimit: { tries: 5, firstMs: 1, longestMs: 10 },
			failure: { tries: 3, firstMs: 1, longestMs: 10 },
		},
	});
	if (options.dir === undefined) onTestFinished(() => registries[Symbol.dispose]());
	return {
		dir,
		source: async (image: string, auth?: AuthConfig): Promise<Repository> => {
			const [candidate] = await registries.pullCandidates(image, { auth });
			const last = candidate?.sources.at(-1);
			if (last === undefined) throw new Error('no source');
			return last;
		},
		target: async (image: string, auth?: AuthConfig): Promise<Repository> =>
			(await registries.pushTarget(image, { auth })).repository,
	};
}

/** Uploads in pieces of 50 kB. */
export async function upload(to: Repository, bytes: Buffer, sizeBytes: number | undefined = bytes.length) {
	const parts = Array.from({ length: Math.ceil(bytes.length / 50_000) }, (_, index) =>
		bytes.subarray(index * 50_000, (index + 1) * 50_000),
	);
	return to.uploadBlob(async () => ({
		body: Readable.from(parts),
		digest: () => digestOf(bytes),
		sizeBytes,
	}));
}

/** Reads a blob from `offset` on. */
export async function bytesOf(from: Repository, blob: Descriptor, offset = 0): Promise<Buffer> {
	const stream = await from.blob(blob, offset);
	expect(stream.offset).toBe(offset);
	return Buffer.concat(await (stream.body as unknown as Readable).toArray());
}

/** Pushes a whole image. */
export async function pushImage(to: Repository, tag: string): Promise<Buffer> {
	const layer = randomBytes(2_500_000);
	const config = Buffer.from('{}');
	await upload(to, layer);
	await upload(to, config);
	const mediaType = 'application/vnd.oci.image.manifest.v1+json';
	const bytes = Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType,
			config: { ...descriptor(config), mediaType: 'application/vnd.oci.image.config.v1+json', size: 2 },
			layers: [{ ...descriptor(layer), size: layer.length }],
		}),
	);
	await to.putManifest(tag, { bytes, digest: digestOf(bytes), mediaType });
	return layer;
}

/** The registries.conf for a registry over plain HTTP. */
export const insecure = (host: string) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;
