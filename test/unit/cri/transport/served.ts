import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type CriError, CriError as CriErrorClass, UnimplementedError } from '../../../../src/cri/errors.ts';
import type { ImageTransferService } from '../../../../src/cri/image-transfer.ts';
import type { CriClient, ImageService } from '../../../../src/cri/ports.ts';
import type { CallObserver } from '../../../../src/cri/transport/served-rpc.ts';
import type { ServedRuntime } from '../../../../src/cri/transport/served-runtime.ts';
import {
	type CriServer,
	type CriServerOptions,
	startCriServer,
} from '../../../../src/cri/transport/server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { clientOf } from './fake-runtime.ts';

/** How a call ended, as the server was told. */
export type Ended = { readonly rpc: string; readonly subject: string; readonly outcome: string };

/** A server over the given methods, and a client of it. */
export type Served = {
	readonly server: CriServer;
	readonly client: CriClient;
	readonly socketPath: string;
	readonly ended: Ended[];
};

/** Throws what a runtime without the method answers. */
function missing(rpc: string): () => never {
	return () => {
		throw new UnimplementedError(`no ${rpc} in this test`);
	};
}

function filled<Service extends object>(given: Partial<Service>): Service {
	return new Proxy(given, {
		get: (target, name) => Reflect.get(target, name) ?? missing(String(name)),
	}) as Service;
}

/** Starts a server that ends with the test. */
export async function served(
	images: Partial<ImageService>,
	transfers: Partial<ImageTransferService> = {},
	options: Partial<CriServerOptions> = {},
	runtime: Partial<ServedRuntime> = {},
): Promise<Served> {
	const socketPath = options.socketPath ?? join(tempDir(), 'criscope.sock');
	const ended: Ended[] = [];
	const observe: CallObserver = ({ rpc, subject }) => ({
		succeeded: (result) => void ended.push({ rpc, subject, outcome: `ok ${result}`.trimEnd() }),
		failed: (error) => {
			const told: CriError =
				error instanceof CriErrorClass ? error : new CriErrorClass('unknown', String(error));
			ended.push({ rpc, subject, outcome: told.code });
			return told;
		},
	});
	const server = await startCriServer({
		socketPath,
		runtime: filled<ServedRuntime>({
			...runtime,
			version: async () => ({
				version: '0.1.0',
				runtimeName: 'test',
				runtimeVersion: '1.2.3',
				runtimeApiVersion: 'v1',
			}),
			status: async ({ verbose }) => ({
				conditions: [{ type: 'RuntimeReady', status: false, reason: 'r', message: 'm' }],
				runtimeHandlers: [{ name: 'runc', recursiveReadOnlyMounts: true, userNamespaces: false }],
				supplementalGroupsPolicy: true,
				info: verbose ? { config: '{}' } : {},
			}),
			runtimeConfig: async () => ({ cgroupDriver: 'cgroupfs' }),
		}),
		images: filled(images),
		transfers: filled(transfers),
		unserved: (rpc) => `not served: ${rpc}`,
		observe,
		...options,
	});
	const stopped = new AbortController();
	stopped.abort();
	onTestFinished(() => server.stop({ graceMs: 0, signal: stopped.signal }));
	return { server, client: clientOf(socketPath), socketPath, ended };
}
