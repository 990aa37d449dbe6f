/** Flags of crictl that say how the streams of a session travel. */
import { readFile } from 'node:fs/promises';
import type { StreamingConnectOptions, StreamingTransport } from '../../cri/streaming/session.ts';
import type { FlagSpecs, FlagValues } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** How the streaming server is to prove who it is, and we to it. */
export type StreamTls = Pick<
	StreamingConnectOptions,
	'insecureSkipTlsVerify' | 'ca' | 'cert' | 'key' | 'serverName'
>;

/** crictl's TLS flags for streaming servers. Source: cri-tools v1.36, cmd/crictl/exec.go. */
export const tlsFlags = {
	'tls-sni': {
		kind: 'text',
		aliases: ['tls-server-name'],
		value: 'NAME',
		help: "name in the streaming server's certificate (default: localhost)",
	},
	'tls-ca': { kind: 'text', value: 'FILE', help: "authority of the streaming server's certificate" },
	'tls-cert': { kind: 'text', value: 'FILE', help: 'certificate for the streaming server' },
	'tls-key': { kind: 'text', value: 'FILE', help: 'key of that certificate' },
} as const satisfies FlagSpecs;

/** crictl's flag for the protocol of a session. */
export const transportFlag = {
	transport: {
		kind: 'text',
		short: 'r',
		value: 'PROTOCOL',
		choices: ['spdy', 'websocket'],
		help: 'spdy or websocket only (default: whichever the runtime takes)',
	},
} as const satisfies FlagSpecs;

/** The transport that was asked for. */
export function transportOf(flags: FlagValues<typeof transportFlag>): StreamingTransport | undefined {
	return flags.transport as StreamingTransport | undefined;
}

async function readPem(path: string, flag: string): Promise<Buffer> {
	try {
		return await readFile(path);
	} catch (error) {
		throw new Error(`cannot read ${flag} "${path}": ${(error as Error).message}`, { cause: error });
	}
}

/**
 * Reads the files that the flags name. Without any, every certificate is taken, as crictl does: the server is the runtime's
 * own, on this machine.
 * @throws UsageError where only one of certificate and key is given; Error for a file that cannot be read.
 */
export async function readTls(flags: FlagValues<typeof tlsFlags>): Promise<StreamTls> {
	const { 'tls-ca': ca, 'tls-cert': cert, 'tls-key': key } = flags;
	if (ca === undefined && cert === undefined && key === undefined) return { insecureSkipTlsVerify: true };
	if (cert === undefined || key === undefined) {
		throw new UsageError('--tls-cert and --tls-key go together, and --tls-ca with both');
	}
	return {
		serverName: flags['tls-sni'] ?? 'localhost',
		...(ca === undefined ? {} : { ca: await readPem(ca, '--tls-ca') }),
		cert: await readPem(cert, '--tls-cert'),
		key: await readPem(key, '--tls-key'),
	};
}
