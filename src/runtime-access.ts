/** Lends the consumers what they may not import: finding sockets, making clients, reading the host. */

import type { ProgramOptions } from './arguments.ts';
import { chooseEndpoint, describeOrigin, describeProbe, findSockets } from './cri/endpoints.ts';
import type { CriClient } from './cri/ports.ts';
import { readFilesystemUsage } from './node/filesystem-usage.ts';
import { mayBeServedByKubelet, readKubelet } from './node/kubelet.ts';
import type { RuntimeAccess } from './ui/effects/connection-effects.ts';

/** Where the configuration file comes in: after flags and environment, before crictl's file. */
export type EndpointDefaults = {
	readonly endpoint: string | undefined;
	readonly imageEndpoint: string | undefined;
	readonly timeoutMs?: number | undefined;
};

/** Chooses the endpoint as the command line, the environment and the files say. */
export function chooseRuntime(options: ProgramOptions, defaults: EndpointDefaults, signal?: AbortSignal) {
	const { env } = process;
	return chooseEndpoint(
		{
			flags: {
				runtimeEndpoint:
					options.runtimeEndpoint ?? (env['CONTAINER_RUNTIME_ENDPOINT'] ? undefined : defaults.endpoint),
				imageEndpoint:
					options.imageEndpoint ?? (env['IMAGE_SERVICE_ENDPOINT'] ? undefined : defaults.imageEndpoint),
			},
			env,
			commandLine: ['criscope', ...process.argv.slice(2)].join(' '),
		},
		{ signal },
	);
}

/** Makes a client; gRPC is loaded here and not before. */
export async function connectRuntime(
	endpoint: string,
	options: { readonly imageEndpoint: string | undefined; readonly timeoutMs?: number | undefined },
): Promise<CriClient> {
	const { createCriClient } = await import('./cri/transport/client.ts');
	return createCriClient(endpoint, options);
}

/** Everything the inspector asks of the outside while it looks for a runtime. */
export function createRuntimeAccess(options: ProgramOptions, defaults: EndpointDefaults): RuntimeAccess {
	/** The image endpoint belongs to the runtime that was chosen with it, not to one picked later. */
	let chosen: { readonly runtime: string; readonly image: string } | undefined;
	/** From crictl's file, which counts where criscope's own says nothing. */
	let crictlTimeoutMs: number | undefined;
	return {
		async choose(signal) {
			const choice = await chooseRuntime(options, defaults, signal);
			switch (choice.kind) {
				case 'chosen':
					chosen = { runtime: choice.runtimeEndpoint, image: choice.imageEndpoint };
					crictlTimeoutMs = choice.timeoutMs;
					return {
						kind: 'chosen',
						endpoint: choice.runtimeEndpoint,
						origin: describeOrigin(choice.origin),
						others: choice.others.length,
					};
				case 'denied':
				case 'none':
					return { kind: 'missing', problem: choice.message, remedy: undefined };
			}
		},
		async list(signal) {
			const found = await findSockets({}, { signal });
			return found
				.filter(({ probe }) => probe.kind !== 'missing')
				.map(({ endpoint, name, probe }) => ({
					endpoint,
					origin: name,
					problem: probe.kind === 'open' ? undefined : describeProbe(probe.kind),
				}));
		},
		connect: (endpoint) =>
			connectRuntime(endpoint, {
				imageEndpoint: chosen?.runtime === endpoint ? chosen.image : undefined,
				timeoutMs: defaults.timeoutMs ?? crictlTimeoutMs,
			}),
		mayBeServedByKubelet: async (endpoint) => mayBeServedByKubelet(await readKubelet(), endpoint),
		async capacityOf(path) {
			const usage = await readFilesystemUsage(path);
			return usage && BigInt(usage.totalBytes);
		},
	};
}
