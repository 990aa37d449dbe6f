import type { IncomingMessage } from 'node:http';
import type { AuthConfig } from '../../../cri/model.ts';
import { RegistryError, type Repository } from '../model.ts';
import { createAuthorizer } from './authorizer.ts';
import { fetchBlob } from './fetch-blob.ts';
import { checkReference, digestPattern, fetchManifest } from './fetch-manifest.ts';
import type { RegistryHost } from './registry-host.ts';
import { createRequests } from './registry-requests.ts';
import { discard } from './response-error.ts';
import type { Patience, Sleep } from './retry-after.ts';
import { uploadBlob } from './upload-blob.ts';

/**
 * Opens a repository of a registry. Nothing is sent before the first method is called.
 *
 * @param options.path within the registry: `library/busybox`
 * @param options.actions `pull`, or `pull,push`
 * @param options.credentials asked at most once, when the registry wants a login
 */
export function openRepository(
	host: RegistryHost,
	options: {
		readonly path: string;
		readonly isMirror: boolean;
		readonly actions: 'pull' | 'pull,push';
		readonly credentials: () => Promise<AuthConfig | undefined>;
		readonly patience: Patience;
		readonly sleep: Sleep;
		readonly now: () => number;
	},
): Repository {
	const { path, isMirror, actions, credentials, patience, sleep, now } = options;
	const { client, insecure } = host;
	const authorizer = createAuthorizer({ host: host.name, insecure, client, credentials, now });
	const requests = createRequests({ host, authorizer, patience, sleep, now });
	const name = `${host.name}/${path}`;
	const scopes = [`repository:${path}:${actions}`];

	/** Digests become parts of a URL: nothing else may come in by them. */
	function verifiable(digest: string): string {
		if (!digestPattern.test(digest)) {
			throw new RegistryError('invalid', `cannot use digest "${digest}" of "${name}": it cannot be verified`);
		}
		return digest;
	}

	return {
		name,
		host: host.name,
		isMirror,
		manifest: (reference, { signal } = {}) =>
			fetchManifest(requests, { name, repository: path, reference, scopes, signal }),
		async blob(descriptor, offset, { signal } = {}) {
			verifiable(descriptor.digest);
			return fetchBlob(requests, host, { name, repository: path, descriptor, offset, scopes, signal });
		},
		async hasBlob(digest, { signal } = {}) {
			const response = await requests.send({
				method: 'HEAD',
				target: `/v2/${path}/blobs/${verifiable(digest)}`,
				scopes,
				accept: [200, 404],
				what: `cannot look for blob "${name}@${digest}"`,
				signal,
			});
			await discard(response);
			return response.statusCode === 200;
		},
		async mountBlob(digest, fromRepository, { signal } = {}) {
			const query = new URLSearchParams({ mount: verifiable(digest), from: fromRepository });
			const what = `cannot mount blob "${name}@${digest}"`;
			let response: IncomingMessage;
			try {
				response = await requests.send({
					method: 'POST',
					target: `/v2/${path}/blobs/uploads/?${query.toString()}`,
					headers: { 'content-length': '0' },
					scopes: [...scopes, `repository:${fromRepository}:pull`],
					accept: [201, 202],
					what,
					signal,
				});
			} catch (error) {
				// Not allowed to read there, or mounts are not known here: the bytes themselves may still be welcome.
				const refusals: readonly RegistryError['kind'][] = ['unauthorized', 'notFound', 'refused'];
				if (error instanceof RegistryError && refusals.includes(error.kind)) return false;
				throw error;
			}
			await discard(response);
			if (response.statusCode === 201) return true;
			// The registry began an upload instead; it need not wait for it.
			const { location } = response.headers;
			const { origin } = await host.endpoint({ signal });
			const upload = location === undefined ? null : URL.parse(location, origin.href);
			if (upload !== null && upload.origin === origin.origin) {
				const accept = [200, 202, 204, 404, 405];
				const cancelled = requests.send({ method: 'DELETE', target: upload, scopes, accept, what, signal });
				await cancelled.then(discard, () => signal?.throwIfAborted());
			}
			return false;
		},
		uploadBlob: (open, { signal, onProgress } = {}) =>
			uploadBlob(
				requests,
				async () => (await host.endpoint({ signal })).origin,
				{ name, repository: path, scopes, open, onProgress, signal },
				{ patience, sleep },
			),
		async putManifest(reference, manifest, { signal } = {}) {
			const what = `cannot push manifest "${name}${reference.includes(':') ? '@' : ':'}${reference}"`;
			checkReference(reference, what);
			const response = await requests.send({
				method: 'PUT',
				target: `/v2/${path}/manifests/${reference}`,
				headers: { 'content-type': manifest.mediaType },
				body: manifest.bytes,
				scopes,
				accept: [200, 201, 202, 204],
				what,
				signal,
			});
			await discard(response);
		},
	};
}
