import { isIPv4, isIPv6 } from 'node:net';

/** One forward as it was asked for; `localPort` 0 means any free one. */
export type ForwardSpec = {
	readonly address: string;
	readonly localPort: number;
	readonly remotePort: number;
};

/** Where forwards listen unless another address is typed: nobody but this host gets in. */
export const defaultAddress = '127.0.0.1';

/** What a typed line came to. */
export type ParsedForwards =
	| { readonly ok: true; readonly specs: readonly ForwardSpec[] }
	| { readonly ok: false; readonly problem: string };

/**
 * Reads `8080:80, 5432, :80, 0.0.0.0:8080:80, [::1]:8080:80`: one or several, divided by commas or blanks. One port alone
 * is both; nothing, or 0, before the colon means any free local port.
 */
export function parseForwards(text: string): ParsedForwards {
	const words = text.split(/[\s,]+/).filter((word) => word !== '');
	if (words.length === 0) return { ok: false, problem: 'write a port, such as 8080:80' };
	const specs: ForwardSpec[] = [];
	for (const word of words) {
		const spec = parseForward(word);
		if (typeof spec === 'string') return { ok: false, problem: spec };
		const twin = specs.find(
			({ address, localPort }) => localPort !== 0 && localPort === spec.localPort && address === spec.address,
		);
		if (twin) return { ok: false, problem: `local port ${spec.localPort} is written twice` };
		specs.push(spec);
	}
	return { ok: true, specs };
}

function parseForward(word: string): ForwardSpec | string {
	const bracketed = /^\[([^\]]*)\]:(.*)$/.exec(word);
	const rest = bracketed?.[2] ?? word;
	const parts = rest.split(':');
	const address = bracketed ? (bracketed[1] ?? '') : parts.length === 3 ? (parts.shift() ?? '') : undefined;
	if (parts.length > 2 || (address !== undefined && parts.length !== 2)) {
		return `"${word}" is not local:remote or address:local:remote`;
	}
	if (address !== undefined && !isIPv4(address) && !isIPv6(address) && address !== 'localhost') {
		return `"${address}" is not an address of this host`;
	}
	const [first = '', second] = parts;
	const remotePort = portOf(second ?? first);
	const localPort = second === undefined ? remotePort : first === '' || first === '0' ? 0 : portOf(first);
	if (remotePort === undefined) return badPort(second ?? first);
	if (localPort === undefined) return badPort(first);
	return { address: address ?? defaultAddress, localPort, remotePort };
}

function portOf(text: string): number | undefined {
	const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
	return port >= 1 && port <= 65_535 ? port : undefined;
}

function badPort(text: string): string {
	return text === '' ? 'the port in the pod is missing' : `"${text}" is not a port (1 to 65535)`;
}

/** `127.0.0.1:8080`, `[::1]:8080`; `:*` for a port that the system is to choose. */
export function addressText(address: string, port: number): string {
	return `${address.includes(':') ? `[${address}]` : address}:${port === 0 ? '*' : port}`;
}
