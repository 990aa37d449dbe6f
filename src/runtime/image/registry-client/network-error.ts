import { sanitizeLine } from '../../../text/sanitize.ts';
import { RegistryError } from '../model.ts';

type Coded = Error & { readonly code?: string | undefined; readonly errors?: readonly unknown[] | undefined };

/** Words that people, kubelet and the inspector know, with the code that started it. */
const words: Readonly<Record<string, (host: string) => string>> = {
	ENOTFOUND: (host) => `lookup ${host}: no such host`,
	EAI_AGAIN: (host) => `lookup ${host}: temporary failure in name resolution`,
	ECONNREFUSED: (host) => `dial ${host}: connection refused`,
	EHOSTUNREACH: (host) => `dial ${host}: no route to host`,
	ENETUNREACH: (host) => `dial ${host}: network is unreachable`,
	ETIMEDOUT: (host) => `dial ${host}: connection timed out`,
	ECONNRESET: (host) => `${host}: connection reset by peer`,
	ECONNABORTED: (host) => `${host}: connection reset by peer`,
	EPIPE: (host) => `${host}: broken pipe`,
	ERR_STREAM_PREMATURE_CLOSE: (host) => `${host}: unexpected EOF`,
};

/** What OpenSSL and Node call a certificate they do not believe. */
const certificateCode =
	/CERT|SELF_SIGNED|UNABLE_TO|ISSUER|CRL_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH|INVALID_PURPOSE|DEPTH_ZERO/;

/** True for a connection that was there and went away: worth another try at once. */
export function isLostConnection(error: unknown): boolean {
	const code = (error as Coded | undefined)?.code;
	return code !== undefined && ['ECONNRESET', 'ECONNABORTED', 'EPIPE'].includes(code);
}

function causeOf(error: Coded): Coded {
	const inner = error.errors?.find((one): one is Coded => one instanceof Error);
	return error.code === undefined && inner !== undefined ? inner : error;
}

/**
 * Puts what sockets and TLS say into a RegistryError; one that is a RegistryError already stays as it is.
 *
 * @param what `cannot read manifest "…"`
 * @param host with port, as in the URL
 */
export function networkError(what: string, host: string, thrown: unknown): RegistryError {
	if (thrown instanceof RegistryError) return thrown;
	const error = causeOf(thrown as Coded);
	const code = error.code ?? '';
	const said = sanitizeLine(error.message).slice(0, 300);
	const options = { cause: thrown };
	const known = words[code];
	if (known) return new RegistryError('unreachable', `${what}: ${known(host)} (${code})`, options);
	if (code === 'EPROTO' && /wrong version number|packet length too long|http request/i.test(said)) {
		return new RegistryError(
			'unreachable',
			`${what}: ${host}: server gave HTTP response to HTTPS client (${code})`,
			options,
		);
	}
	if (certificateCode.test(code)) {
		return new RegistryError('certificate', `${what}: ${host}: x509: ${said} (${code})`, options);
	}
	if (code === 'EPROTO' || code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
		return new RegistryError('certificate', `${what}: ${host}: tls: ${said} (${code})`, options);
	}
	if (code === 'ERR_PROXY_TUNNEL')
		return new RegistryError('unreachable', `${what}: proxy: ${said}`, options);
	if (code.startsWith('HPE_')) {
		return new RegistryError('invalid', `${what}: ${host} does not speak HTTP: ${said} (${code})`, options);
	}
	return new RegistryError(
		'unreachable',
		`${what}: ${host}: ${said}${code === '' ? '' : ` (${code})`}`,
		options,
	);
}
