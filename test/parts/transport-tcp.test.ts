import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UnavailableError } from '../../src/cri/errors.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { clientOf, fakeRuntime } from '../unit/cri/transport/fake-runtime.ts';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate that signs itself, good for 127.0.0.1 and a name, as its own authority. */
function makeCertificate(): { readonly certPath: string; readonly keyPath: string } {
	const dir = tempDir();
	const certPath = join(dir, 'cert.pem');
	const keyPath = join(dir, 'key.pem');
	const made = spawnSync('openssl', [
		...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
		...['-subj', '/CN=fake', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:runtime.example.com'],
		...['-keyout', keyPath, '-out', certPath],
	]);
	expect(made.status, String(made.stderr)).toBe(0);
	return { certPath, keyPath };
}

test('a runtime behind tcp answers', async () => {
	const server = await fakeRuntime({ tcp: true });
	const client = clientOf(server.endpoint);
	expect(client.imageEndpoint).toBe(server.endpoint);
	expect((await client.runtime.version()).runtimeName).toBe('fake');
});

test('a port where nobody listens is told', async () => {
	const client = clientOf('tcp://127.0.0.1:1');
	await expect(client.runtime.version()).rejects.toThrow('nobody listens at tcp://127.0.0.1:1');
});

test('images may be served elsewhere', async () => {
	const [runtime, images] = [await fakeRuntime({ pods: 1 }), await fakeRuntime({ tcp: true, pods: 2 })];
	const client = clientOf(runtime.endpoint, { imageEndpoint: images.endpoint });
	await Promise.all([client.runtime.listPodSandbox(), client.images.listImages()]);
	expect([...runtime.callCounts.keys()]).toEqual(['ListPodSandbox']);
	expect([...images.callCounts.keys()]).toEqual(['ListImages']);
});

test.runIf(hasOpenssl)('TLS checks both sides', async () => {
	const { certPath, keyPath } = makeCertificate();
	const [key, cert] = [readFileSync(keyPath), readFileSync(certPath)];
	const server = await fakeRuntime({ tcp: true, tls: { key, cert, ca: cert } });
	const trusted = clientOf(server.endpoint, {
		tls: { caPath: certPath, certPath, keyPath, serverName: 'runtime.example.com' },
	});
	expect((await trusted.runtime.version()).runtimeName).toBe('fake');
	for (const tls of [
		undefined,
		{ certPath, keyPath },
		{ caPath: makeCertificate().certPath, certPath, keyPath },
	]) {
		const refused = clientOf(server.endpoint, { tls });
		await expect(refused.runtime.version()).rejects.toThrow(UnavailableError);
	}
});
