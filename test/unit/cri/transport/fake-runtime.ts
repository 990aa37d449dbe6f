import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Connectivity, CriClient } from '../../../../src/cri/ports.ts';
import { type CriClientOptions, createCriClient } from '../../../../src/cri/transport/client.ts';
import { type FakeCriOptions, type FakeCriServer, startFakeCriServer } from '../../../fakes/cri-server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** Starts a fake runtime that ends with the test. */
export async function fakeRuntime(
	options: Partial<FakeCriOptions> = {},
): Promise<FakeCriServer & { socketPath: string }> {
	const socketPath = options.socketPath ?? join(tempDir(), 'cri.sock');
	const server = await startFakeCriServer({ ...options, socketPath });
	onTestFinished(() => server.stop());
	return { ...server, socketPath };
}

/** Opens a client that ends with the test. */
export function clientOf(endpoint: string, options: CriClientOptions = {}): CriClient {
	const client = createCriClient(endpoint, options);
	onTestFinished(() => client.close());
	return client;
}

/** A fake runtime and a client of it. */
export async function connected(
	options: Partial<FakeCriOptions> = {},
	clientOptions: CriClientOptions = {},
): Promise<{ server: FakeCriServer & { socketPath: string }; client: CriClient }> {
	const server = await fakeRuntime(options);
	return { server, client: clientOf(server.socketPath, clientOptions) };
}

/** Waits until the connection is in a state. */
export function untilConnectivity(client: CriClient, wanted: Connectivity): Promise<void> {
	if (client.connectivity() === wanted) return Promise.resolve();
	return new Promise((resolve) => {
		const stop = client.onConnectivity((connectivity) => {
			if (connectivity !== wanted) return;
			stop();
			resolve();
		});
	});
}
