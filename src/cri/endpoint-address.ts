/** What an endpoint's text means: the one parser for flags, environment, files and the transport. */
import { InvalidArgumentError } from './errors.ts';

/** Where a runtime listens. */
export type EndpointAddress =
	| { readonly kind: 'unix'; readonly path: string }
	| { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** Where `criscope serve` listens unless told otherwise. */
export const embeddedSocketPath = '/run/criscope/criscope.sock';

/**
 * Parses `unix:///path`, `tcp://host:port`, a bare path as crictl does, or the word `embedded` for our own runtime.
 * @throws InvalidArgumentError with one sentence that quotes what was given.
 */
export function parseEndpoint(text: string): EndpointAddress {
	const fail = (cause: string): never => {
		throw new InvalidArgumentError(`cannot use endpoint "${text}": ${cause}`);
	};
	const endpoint = text.trim();
	if (endpoint === '') fail('it is empty');
	if (endpoint === 'embedded') return { kind: 'unix', path: embeddedSocketPath };
	if (endpoint.startsWith('/')) return { kind: 'unix', path: endpoint };
	const match = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(endpoint);
	const scheme = match?.[1]?.toLowerCase();
	const rest = match?.[2] ?? '';
	if (scheme === 'unix') {
		const path = rest.startsWith('//') ? rest.slice(2) : rest;
		if (!path.startsWith('/')) fail('a unix endpoint needs an absolute path, as in unix:///run/x.sock');
		return { kind: 'unix', path };
	}
	if (scheme === 'tcp') {
		const address = /^\/\/(?:\[([0-9a-f:.%]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/i.exec(rest);
		const port = Number(address?.[3]);
		const host = address?.[1] ?? address?.[2];
		if (host === undefined || port < 1 || port > 65535) fail('a tcp endpoint is tcp://host:port');
		return { kind: 'tcp', host: host as string, port };
	}
	if (match === null) return fail('it is neither an absolute path nor a unix:// or tcp:// address');
	return fail(`the scheme "${scheme}" is not known, only unix and tcp are`);
}

/** The one way an endpoint is written: `unix:///path` or `tcp://host:port`. */
export function formatEndpoint(address: EndpointAddress): string {
	if (address.kind === 'unix') return `unix://${address.path}`;
	return `tcp://${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}
