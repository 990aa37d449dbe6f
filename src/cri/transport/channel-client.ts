/** The channel of grpc-js below a connection: its address, how it is secured, how often it is tried anew. */
import { readFileSync } from 'node:fs';
import * as grpc from '@grpc/grpc-js';
import { type EndpointAddress, formatEndpoint } from '../endpoint-address.ts';
import { errorMessage, InvalidArgumentError } from '../errors.ts';

/** Files that secure a tcp endpoint, PEM. With any of them set the connection is TLS. */
export type TlsFiles = {
	readonly caPath?: string | undefined;
	readonly certPath?: string | undefined;
	readonly keyPath?: string | undefined;
	/** The name the server's certificate must carry, where it differs from the host. */
	readonly serverName?: string | undefined;
};

/** What of a connection's options concerns its channel. */
export type ChannelOptions = {
	readonly tls?: TlsFiles | undefined;
	/** Largest message either way; 80 MiB by default. Source: cri-o server, its gRPC limits. */
	readonly maxMessageBytes?: number | undefined;
};

function channelOptions(address: EndpointAddress, options: ChannelOptions): grpc.ClientOptions {
	const maxMessageBytes = options.maxMessageBytes ?? 80 * 1024 * 1024;
	// A try at a socket of this host is a system call or two; another host is a packet to somebody who may be busy.
	const isLocal = address.kind === 'unix';
	return {
		'grpc.max_receive_message_length': maxMessageBytes,
		'grpc.max_send_message_length': maxMessageBytes,
		'grpc.initial_reconnect_backoff_ms': isLocal ? 100 : 250,
		'grpc.max_reconnect_backoff_ms': isLocal ? 500 : 5_000,
		// Servers written in Go hang up on who pings more often than every five minutes.
		'grpc.keepalive_time_ms': 6 * 60_000,
		'grpc.keepalive_timeout_ms': 20_000,
		'grpc.enable_http_proxy': 0,
		'grpc.enable_channelz': 0,
		'grpc.service_config_disable_resolution': 1,
		...(options.tls?.serverName ? { 'grpc.ssl_target_name_override': options.tls.serverName } : {}),
	};
}

function readPem(path: string | undefined): Buffer | null {
	if (!path) return null;
	try {
		return readFileSync(path);
	} catch (cause) {
		throw new InvalidArgumentError(`cannot read TLS file "${path}": ${errorMessage(cause)}`, { cause });
	}
}

function credentials(address: EndpointAddress, tls: TlsFiles | undefined): grpc.ChannelCredentials {
	const secured = tls && (tls.caPath || tls.certPath || tls.keyPath);
	if (address.kind === 'unix' || !secured) return grpc.credentials.createInsecure();
	return grpc.credentials.createSsl(readPem(tls.caPath), readPem(tls.keyPath), readPem(tls.certPath));
}

function target(address: EndpointAddress): string {
	return address.kind === 'unix' ? `unix:${address.path}` : formatEndpoint(address).slice('tcp://'.length);
}

/**
 * Makes the client of grpc-js; it connects when asked for its state or for a call.
 * @throws InvalidArgumentError where a TLS file cannot be read.
 */
export function openChannelClient(address: EndpointAddress, options: ChannelOptions): grpc.Client {
	// grpc-js would write its complaints into the middle of the screen.
	grpc.setLogVerbosity(grpc.logVerbosity.NONE);
	return new grpc.Client(
		target(address),
		credentials(address, options.tls),
		channelOptions(address, options),
	);
}
