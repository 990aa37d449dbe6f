import { BlockList, isIP } from 'node:net';

type Environment = Readonly<Record<string, string | undefined>>;

/** One entry of NO_PROXY against a host. */
function excepts(entry: string, host: string, port: string): boolean {
	if (entry === '*') return true;
	const [network = '', bits] = entry.split('/');
	const family = isIP(network);
	if (bits !== undefined || family !== 0) {
		if (family === 0 || isIP(host) !== family) return false;
		const type = family === 4 ? 'ipv4' : 'ipv6';
		const list = new BlockList();
		const length = bits === undefined ? (family === 4 ? 32 : 128) : Number(bits);
		if (!Number.isInteger(length) || length < 0 || length > (family === 4 ? 32 : 128)) return false;
		list.addSubnet(network, length, type);
		return list.check(host, type);
	}
	const [, name = entry, onlyPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
	if (onlyPort !== undefined && onlyPort !== port) return false;
	const bareName = name.replace(/^\[|\]$/g, '');
	const domain = bareName.replace(/^\*?\./, '');
	return host.endsWith(`.${domain}`) || (host === domain && domain === bareName) || host === bareName;
}

/**
 * The proxy that a request must take, as Go's programs (podman, CRI-O) choose it: by scheme, never for this machine
 * itself, not for what NO_PROXY names (domains with their subdomains, addresses, CIDR networks, `host:port`, `*`).
 * Node's own rule knows neither the networks nor the loopback.
 *
 * @returns undefined for a direct connection
 * Source: golang.org/x/net/http/httpproxy, documentation of Config.
 */
export function proxyFor(url: URL, env: Environment): string | undefined {
	const pick = (name: string) => env[name.toUpperCase()] || env[name] || undefined;
	const proxy = pick(url.protocol === 'https:' ? 'https_proxy' : 'http_proxy');
	if (proxy === undefined) return undefined;
	const host = url.hostname.toLowerCase().replace(/^\[|\]$/g, '');
	const port = url.port || (url.protocol === 'https:' ? '443' : '80');
	if (host === 'localhost' || host === '::1' || /^127(?:\.\d+){3}$/.test(host)) return undefined;
	const entries = (pick('no_proxy') ?? '').toLowerCase().split(/[\s,]+/);
	if (entries.some((entry) => entry !== '' && excepts(entry, host, port))) return undefined;
	return proxy.includes('://') ? proxy : `http://${proxy}`;
}
