/**
 * Which runtime to speak to: flags, then environment, then crictl's file, then the well-known sockets.
 * Who names an endpoint gets that one and no other, even where it is dead: a guess instead of a wrong name
 * would show the wrong node.
 * Source: cri-tools v1.36 cmd/crictl (order of flag, environment and file; names of the variables).
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CrictlConfig, defaultCrictlConfigPath, readCrictlConfig } from './crictl-config.ts';
import { embeddedSocketPath, formatEndpoint, parseEndpoint } from './endpoint-address.ts';
import { InvalidArgumentError } from './errors.ts';
import { permissionAdvice } from './permission-advice.ts';
import { probeEndpoint } from './socket-probe.ts';
import {
	type FoundSocket,
	probeSockets,
	type WellKnownSocket,
	wellKnownSockets,
} from './well-known-sockets.ts';

/** Where a choice came from, as words for a notice: "flag --runtime-endpoint". */
export type EndpointOrigin = {
	readonly kind: 'flag' | 'environment' | 'file' | 'found';
	/** The flag, the variable, the file's path, or the name of the runtime that usually listens there. */
	readonly name: string;
};

/** What the choice came to. */
export type EndpointChoice =
	| {
			readonly kind: 'chosen';
			readonly runtimeEndpoint: string;
			readonly imageEndpoint: string;
			readonly origin: EndpointOrigin;
			/** Further well-known sockets that are open; empty unless the choice was found. */
			readonly others: readonly FoundSocket[];
			/** From crictl's file. */
			readonly timeoutMs: number | undefined;
	  }
	| {
			readonly kind: 'denied';
			readonly runtimeEndpoint: string;
			readonly origin: EndpointOrigin;
			/** What is wrong and what to do, one sentence. */
			readonly message: string;
	  }
	| {
			readonly kind: 'none';
			/** Every place that was looked at, with what was there. */
			readonly tried: readonly FoundSocket[];
			readonly message: string;
	  };

/** What the choice is made from. */
export type EndpointRequest = {
	/** `--runtime-endpoint`, `--image-endpoint` and `--config`, where given. */
	readonly flags?: {
		readonly runtimeEndpoint?: string | undefined;
		readonly imageEndpoint?: string | undefined;
		readonly configPath?: string | undefined;
	};
	readonly env: Readonly<Record<string, string | undefined>>;
	/** What the user typed, for the sudo line. */
	readonly commandLine?: string | undefined;
	/** Folder taken for `/` when well-known sockets, crictl's own file and etc/group are looked for. */
	readonly root?: string | undefined;
	readonly sockets?: readonly WellKnownSocket[] | undefined;
	readonly probeTimeoutMs?: number | undefined;
	/** How long to wait for a well-known socket on which nobody listens, in milliseconds; 0 by default. */
	readonly patienceMs?: number | undefined;
};

const lookAgainMs = 100;

type Named = { readonly endpoint: string; readonly origin: EndpointOrigin };

function firstNamed(
	flag: readonly [name: string, value: string | undefined],
	variable: readonly [name: string, value: string | undefined],
	file: readonly [path: string, value: string | undefined],
): Named | undefined {
	const candidates = [
		['flag', flag],
		['environment', variable],
		['file', file],
	] as const;
	for (const [kind, [name, value]] of candidates) {
		if (value === undefined || value.trim() === '') continue;
		const origin = { kind, name } as const;
		try {
			return { endpoint: formatEndpoint(parseEndpoint(value)), origin };
		} catch (error) {
			if (!(error instanceof InvalidArgumentError)) throw error;
			throw new InvalidArgumentError(`${error.message} (${describeOrigin(origin)})`, { cause: error });
		}
	}
	return undefined;
}

/** The words of an origin: "from flag --runtime-endpoint". */
export function describeOrigin(origin: EndpointOrigin): string {
	switch (origin.kind) {
		case 'flag':
			return `from flag ${origin.name}`;
		case 'environment':
			return `from variable ${origin.name}`;
		case 'file':
			return `from ${origin.name}`;
		case 'found':
			return `the usual socket of ${origin.name}`;
	}
}

/**
 * Chooses. Looks at sockets only where nobody named one, and asks for permission of the one it chose.
 * @throws InvalidArgumentError with one sentence for an endpoint that cannot be one, a config file that is
 * wrong, or one that was named and is not there.
 */
export async function chooseEndpoint(
	request: EndpointRequest,
	options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<EndpointChoice> {
	const { env, flags = {} } = request;
	const { path, config } = await findConfig(request, options);
	const runtime = firstNamed(
		['--runtime-endpoint', flags.runtimeEndpoint],
		['CONTAINER_RUNTIME_ENDPOINT', env['CONTAINER_RUNTIME_ENDPOINT']],
		[path, config?.runtimeEndpoint],
	);
	const image = firstNamed(
		['--image-endpoint', flags.imageEndpoint],
		['IMAGE_SERVICE_ENDPOINT', env['IMAGE_SERVICE_ENDPOINT']],
		[path, config?.imageEndpoint],
	);
	const timeoutMs = config?.timeoutMs;
	if (runtime === undefined) {
		return chooseFound(request, { imageEndpoint: image?.endpoint, timeoutMs, ...options });
	}
	const address = parseEndpoint(runtime.endpoint);
	if (address.kind === 'unix') {
		const probe = await probeEndpoint(address, { timeoutMs: request.probeTimeoutMs ?? 500, ...options });
		if (probe.kind === 'denied') {
			const message = await permissionAdvice(address.path, probe, request);
			return { kind: 'denied', runtimeEndpoint: runtime.endpoint, origin: runtime.origin, message };
		}
	}
	return {
		kind: 'chosen',
		runtimeEndpoint: runtime.endpoint,
		imageEndpoint: image?.endpoint ?? runtime.endpoint,
		origin: runtime.origin,
		others: [],
		timeoutMs,
	};
}

/** The file named by flag or variable must be there; crictl's usual one need not. */
async function findConfig(
	{ flags = {}, env, root = '/' }: EndpointRequest,
	options: { readonly signal?: AbortSignal | undefined },
): Promise<{ readonly path: string; readonly config: CrictlConfig | undefined }> {
	const named = flags.configPath || env['CRI_CONFIG_FILE'];
	const path = named || join(root, defaultCrictlConfigPath);
	const config = await readCrictlConfig(path, options);
	if (named && config === undefined) {
		throw new InvalidArgumentError(`cannot read crictl config "${named}": no such file`);
	}
	return { path, config };
}

/** Looks at the usual places, and takes the first that is open. */
async function chooseFound(
	request: EndpointRequest,
	options: {
		readonly imageEndpoint: string | undefined;
		readonly timeoutMs: number | undefined;
		readonly signal?: AbortSignal | undefined;
	},
): Promise<EndpointChoice> {
	const tried = await findReturning(request, options);
	const [first, ...others] = tried.filter(({ probe }) => probe.kind === 'open');
	if (first !== undefined) {
		return {
			kind: 'chosen',
			runtimeEndpoint: first.endpoint,
			imageEndpoint: options.imageEndpoint ?? first.endpoint,
			origin: { kind: 'found', name: first.name },
			others,
			timeoutMs: options.timeoutMs,
		};
	}
	const denied = tried.find(({ probe }) => probe.kind === 'denied');
	if (denied !== undefined) {
		return {
			kind: 'denied',
			runtimeEndpoint: denied.endpoint,
			origin: { kind: 'found', name: denied.name },
			message: await permissionAdvice(denied.path, denied.probe, request),
		};
	}
	const places = tried.map(
		({ name, path, probe }) =>
			`${path} (${name}${probe.kind === 'missing' ? '' : `: ${describeProbe(probe.kind)}`})`,
	);
	// What to do comes first: the list of places is long, and may be cut.
	const message = `no container runtime found: name its socket with --runtime-endpoint; there is none at ${places.join(', ')}`;
	return { kind: 'none', tried, message };
}

/**
 * Looks at the usual places; where only a socket is that nobody listens on, looks again for a moment: its runtime crashed,
 * or is being restarted. The embedded one is not waited for: who wants it starts it.
 */
async function findReturning(
	request: EndpointRequest,
	options: { readonly signal?: AbortSignal | undefined },
): Promise<readonly FoundSocket[]> {
	const embedded = join(request.root ?? '/', embeddedSocketPath);
	const lookUntil = performance.now() + (request.patienceMs ?? 0);
	for (;;) {
		const tried = await findSockets(request, options);
		const mayReturn = ({ probe, path }: FoundSocket) => probe.kind === 'refused' && path !== embedded;
		const isSettled = tried.some(({ probe }) => probe.kind === 'open' || probe.kind === 'denied');
		if (isSettled || !tried.some(mayReturn) || performance.now() >= lookUntil) return tried;
		await sleep(lookAgainMs, undefined, options);
	}
}

/** Looks at every well-known socket: for the choice above, and for the inspector's picker at any time. */
export function findSockets(
	request: Pick<EndpointRequest, 'root' | 'sockets' | 'probeTimeoutMs'>,
	options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly FoundSocket[]> {
	return probeSockets(request.sockets ?? wellKnownSockets, {
		root: request.root,
		timeoutMs: request.probeTimeoutMs ?? 500,
		signal: options.signal,
	});
}

/** One or two words for what was found at a socket. */
export function describeProbe(kind: FoundSocket['probe']['kind']): string {
	const words = {
		open: 'open',
		missing: 'not there',
		refused: 'nobody listens',
		denied: 'no permission',
		silent: 'no answer',
		broken: 'no socket',
	} as const;
	return words[kind];
}
