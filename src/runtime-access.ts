/** Lends the consumers what they may not import: finding sockets, making clients, reading the host. */

import type { ProgramOptions } from './arguments.ts';
import {
	chooseEndpoint,
	describeOrigin,
	describeProbe,
	type EndpointChoice,
	findSockets,
} from './cri/endpoints.ts';
import { errorMessage } from './cri/errors.ts';
import type { CriClient } from './cri/ports.ts';
import {
	type EmbeddedRequest,
	embeddedEndpoint,
	hasCrashed,
	isListening,
	planEmbedded,
	startEmbedded,
	startingSentence,
} from './embedded-runtime.ts';
import { fullRatioOf, readFilesystemUsage } from './node/filesystem-usage.ts';
import { mayBeServedByKubelet, readKubelet } from './node/kubelet.ts';
import type { RuntimeAccess } from './ui/effects/connection-effects.ts';

/** Where the configuration file comes in: after flags and environment, before crictl's file. */
export type EndpointDefaults = {
	readonly endpoint: string | undefined;
	readonly imageEndpoint: string | undefined;
	readonly timeoutMs?: number | undefined;
};

/** Chooses the endpoint as the command line, the environment and the files say. */
export function chooseRuntime(
	options: ProgramOptions,
	defaults: EndpointDefaults,
	{
		signal,
		patienceMs,
	}: { readonly signal?: AbortSignal | undefined; readonly patienceMs?: number | undefined } = {},
) {
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
			patienceMs,
		},
		{ signal },
	);
}

/**
 * How long a program that asks once waits for a runtime that does not answer the first knock, in milliseconds: one that is
 * restarted is back within a second or two, and the next command of a script or a person must not fail for that.
 */
export const restartPatienceMs = 2_000;

/** Makes a client; gRPC is loaded here and not before. */
export async function connectRuntime(
	endpoint: string,
	options: {
		readonly imageEndpoint: string | undefined;
		readonly timeoutMs?: number | undefined;
		/** How long a call waits for a connection, in milliseconds; absent for who asks again anyway. */
		readonly patienceMs?: number | undefined;
	},
): Promise<CriClient> {
	const { createCriClient } = await import('./cri/transport/client.ts');
	return createCriClient(endpoint, options);
}

/** Everything the inspector asks of the outside while it looks for a runtime. */
/** @param readOnly nothing is started then */
export function createRuntimeAccess(
	options: ProgramOptions,
	defaults: EndpointDefaults,
	readOnly: boolean,
): RuntimeAccess {
	/** The image endpoint belongs to the runtime that was chosen with it, not to one picked later. */
	let chosen: { readonly runtime: string; readonly image: string } | undefined;
	/** From crictl's file, which counts where criscope's own says nothing. */
	let crictlTimeoutMs: number | undefined;
	const { env } = process;
	const mayStart = !readOnly && process.getuid?.() === 0 && env['CRISCOPE_EMBEDDED'] !== 'off';
	/** Of the one try that a session makes; it looks on for sockets, and starts nothing again and again. */
	let startProblem: string | undefined;
	let hasTried = false;

	async function start(signal: AbortSignal): Promise<void> {
		hasTried = true;
		try {
			await startEmbedded({ env }, { signal });
			startProblem = undefined;
			hasTried = false;
		} catch (error) {
			startProblem = errorMessage(error);
		}
	}

	/** Containers run on without it, and a person who looks at them wants to see them again. */
	function reviveWhenCrashed(client: CriClient): void {
		let isReviving = false;
		const unsubscribe = client.onConnectivity((connectivity) => {
			if (connectivity !== 'unreachable' || isReviving || hasTried) return;
			isReviving = true;
			const done = (crashed: boolean) => (crashed ? start(new AbortController().signal) : undefined);
			void hasCrashed()
				.then(done, unsubscribe)
				.finally(() => {
					isReviving = false;
				});
		});
	}

	return {
		async choose(signal) {
			const choice = await chooseRuntime(options, defaults, { signal });
			const plan = await planEmbedded(choice, { env, readOnly });
			if (plan.kind === 'start' && !hasTried) {
				return { kind: 'starting', problem: startingSentence, ready: start(signal) };
			}
			if (plan.kind === 'start' && startProblem !== undefined) {
				return { kind: 'missing', problem: startProblem, remedy: undefined };
			}
			const remedy = plan.kind === 'refused' ? `${capital(plan.why)}.` : undefined;
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
					return { kind: 'missing', problem: choice.message, remedy };
			}
		},
		async list(signal) {
			const found = await findSockets({}, { signal });
			return found
				.filter(
					({ probe, endpoint }) => probe.kind !== 'missing' || (mayStart && endpoint === embeddedEndpoint),
				)
				.map(({ endpoint, name, probe }) => ({
					endpoint,
					origin: name,
					problem:
						probe.kind === 'open'
							? undefined
							: mayStart && endpoint === embeddedEndpoint
								? 'not started yet'
								: describeProbe(probe.kind),
				}));
		},
		async connect(endpoint) {
			// Picked from the list, or found a moment ago.
			if (mayStart && endpoint === embeddedEndpoint && !(await isListening())) await startEmbedded({ env });
			const client = await connectRuntime(endpoint, {
				imageEndpoint: chosen?.runtime === endpoint ? chosen.image : undefined,
				timeoutMs: defaults.timeoutMs ?? crictlTimeoutMs,
			});
			if (mayStart && endpoint === embeddedEndpoint) reviveWhenCrashed(client);
			return client;
		},
		mayBeServedByKubelet: async (endpoint) => mayBeServedByKubelet(await readKubelet(), endpoint),
		async roomOf(path) {
			const usage = await readFilesystemUsage(path);
			return usage && { capacityBytes: BigInt(usage.totalBytes), fullRatio: fullRatioOf(usage) };
		},
	};
}

function capital(sentence: string): string {
	return sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
}

/**
 * The choice for a program that runs once: where it comes to the embedded runtime and nobody listens there, that is started.
 * @param choose chooses anew, once it answers
 * @throws Error in one sentence where there is no runtime to ask
 */
export async function settleChoice(
	first: EndpointChoice,
	choose: () => Promise<EndpointChoice>,
	request: EmbeddedRequest,
	options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Extract<EndpointChoice, { readonly kind: 'chosen' }>> {
	let choice = first;
	const plan = await planEmbedded(choice, request);
	if (plan.kind === 'start') {
		// Who did not ask for it must not take its empty lists for those of the node's own runtime.
		const why = choice.kind === 'chosen' ? '' : 'this host has no runtime of its own, ';
		process.stderr.write(
			`criscope: ${why}${startingSentence.charAt(0).toLowerCase()}${startingSentence.slice(1)}\n`,
		);
		await startEmbedded(request, options);
		choice = await choose();
	}
	if (plan.kind === 'refused') {
		throw new Error(
			choice.kind === 'chosen'
				? `nothing is at ${choice.runtimeEndpoint}: ${plan.why}`
				: `${choice.message}; ${plan.why}`,
		);
	}
	if (choice.kind !== 'chosen') throw new Error(choice.message);
	return choice;
}
