import { errorMessage, isNotFound } from '../../cri/errors.ts';
import type { PodSandboxId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { openPortForwarder } from '../../cri/streaming/port-forward.ts';
import { listenAndForward } from '../../cri/streaming/port-forward-listener.ts';
import { defaultAddress, type ForwardSpec, parseForwards } from '../../cri/streaming/port-forward-spec.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { tellFailure } from '../failures.ts';
import { findPod } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { readTls, type StreamTls, tlsFlags, transportFlag } from '../streams/connection-options.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

/** The same port of the other loopback address, for who dials `localhost`. */
const otherLoopback = '::1';

function readSpecs(words: readonly string[]): readonly ForwardSpec[] {
	const parsed = parseForwards(words.join(' '));
	if (!parsed.ok) throw new UsageError(parsed.problem);
	return parsed.specs;
}

/** Why nothing can be forwarded to the pod any more; undefined while it runs, or nobody can tell. */
async function goneBecause(
	client: CriClient,
	id: PodSandboxId,
	signal: AbortSignal,
): Promise<string | undefined> {
	try {
		const { state } = await client.runtime.podSandboxStatus(id, { verbose: false }, { signal });
		return state === 'ready' ? undefined : 'it has stopped';
	} catch (error) {
		return isNotFound(error) ? 'it was removed' : undefined;
	}
}

/** Listens for all of the ports until the signal, or until the pod is gone. */
async function forward(
	client: CriClient,
	{ id, what }: { readonly id: PodSandboxId; readonly what: string },
	request: { readonly specs: readonly ForwardSpec[]; readonly tls: StreamTls },
	context: VerbContext,
): Promise<number> {
	const stop = new AbortController();
	const signal = AbortSignal.any([context.signal, stop.signal]);
	const ended = Promise.withResolvers<number>();
	signal.addEventListener('abort', () => ended.resolve(0));
	using listeners = new DisposableStack();
	listeners.defer(() => stop.abort());
	let looking = false;

	/** A failure of one connection is told; where the pod is gone, every later one would fail too. */
	async function look(): Promise<void> {
		if (looking || signal.aborted) return;
		looking = true;
		const reason = await goneBecause(client, id, signal);
		looking = false;
		if (reason === undefined || signal.aborted) return;
		tellFailure(context, `cannot forward to ${what} any longer: ${reason}`);
		ended.resolve(1);
	}

	async function listen(spec: ForwardSpec): Promise<string> {
		const ports = { podSandboxId: id, ports: [spec.remotePort] };
		let local = '';
		const listener = await listenAndForward({
			spec,
			openForwarder: async () => {
				const forwarder = await openPortForwarder({
					url: () => client.runtime.portForward(ports, { signal }),
					...request.tls,
					signal,
				});
				void forwarder.closed.then(look);
				return forwarder;
			},
			onTraffic: () => undefined,
			onConnection: () => {
				const port = local.slice(local.lastIndexOf(':') + 1);
				print(context, `Handling connection for ${port}\n`).catch(ended.reject);
			},
			onProblem: (problem) => {
				tellFailure(context, problem);
				void look();
			},
			signal,
		});
		local = listener.local;
		listeners.use(listener);
		await print(context, `Forwarding from ${local} -> ${spec.remotePort}\n`);
		return local;
	}

	for (const spec of request.specs) {
		const local = await listen(spec);
		if (spec.address !== defaultAddress) continue;
		const localPort = Number(local.slice(local.lastIndexOf(':') + 1));
		// A host without IPv6, or with another program on that very port, is served by the first.
		await listen({ ...spec, address: otherLoopback, localPort }).catch((error) => {
			if (!/cannot listen on/u.test(errorMessage(error))) throw error;
		});
	}
	return await ended.promise;
}

/** `criscope port-forward` */
export const portForwardVerb = defineVerb({
	name: 'port-forward',
	aliases: [],
	summary: 'Forward local ports to a pod',
	operands: {
		least: 2,
		most: Number.POSITIVE_INFINITY,
		words: 'POD [LOCAL:]REMOTE…',
	},
	flags: {
		transport: {
			...transportFlag.transport,
			help: 'spdy, the one that every runtime forwards ports by (default)',
		},
		...tlsFlags,
	},
	notes: `A POD is an id, the beginning of one, a name or namespace/name. 8080:80 forwards port 8080 of this host, :80 any free
one, 80 the same one; 0.0.0.0:8080:80 listens for everybody. It goes on until Ctrl+C, which is no failure, or until the pod
is gone, which is one.`,
	async run({ flags, operands: [word = '', ...ports] }, context) {
		if (flags.transport === 'websocket') {
			throw new UsageError(
				'port-forward goes by spdy: few runtimes take websocket for it, and none needs it',
			);
		}
		const specs = readSpecs(ports);
		const tls = await readTls(flags);
		const client = await context.connect();
		const { id } = await findPod(client, word, { signal: context.signal });
		return forward(client, { id, what: `pod "${sanitizeLine(word)}"` }, { specs, tls }, context);
	},
});
