/** Subnets that this node does not know yet. Source: proc_net(5) for the table of routes */
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** An IPv4 network as two unsigned numbers. */
export type Subnet = { readonly address: number; readonly prefix: number };

/** CRI-O's first, then others that are rarely taken: 10.85 to 10.127, then 172.16 to 172.31. */
const candidates: readonly Subnet[] = [
	...Array.from({ length: 43 }, (_, index) => ({
		address: ((10 << 24) | ((85 + index) << 16)) >>> 0,
		prefix: 16,
	})),
	...Array.from({ length: 16 }, (_, index) => ({
		address: ((172 << 24) | ((16 + index) << 16)) >>> 0,
		prefix: 16,
	})),
];

/**
 * @param taken what is in use, see {@link subnetsInUse}
 * @throws Error where everything is taken
 */
export function freeSubnet(taken: readonly Subnet[]): string {
	const free = candidates.find((candidate) => !taken.some((other) => overlap(candidate, other)));
	if (free === undefined)
		throw new Error('cannot find a subnet for pods: every private network is in use here');
	return `${dotted(free.address)}/${free.prefix}`;
}

/** True where nothing that is taken overlaps. */
export function isFreeSubnet(cidr: string, taken: readonly Subnet[]): boolean {
	const subnet = parseSubnet(cidr);
	return subnet !== undefined && !taken.some((other) => overlap(subnet, other));
}

/** Networks of all routes and addresses of this node, but for those of one interface. */
export function subnetsInUse(exceptInterface: string): readonly Subnet[] {
	const addresses = Object.entries(networkInterfaces())
		.filter(([name]) => name !== exceptInterface)
		.flatMap(([, list]) =>
			(list ?? []).flatMap(({ cidr }) => (cidr === null ? [] : (parseSubnet(cidr) ?? []))),
		);
	let routes = '';
	try {
		routes = readFileSync('/proc/net/route', 'utf8');
	} catch {
		// No IPv4 here at all.
	}
	return [...addresses, ...parseRoutes(routes, exceptInterface)];
}

/** The routes of /proc/net/route without the default one. */
export function parseRoutes(text: string, exceptInterface: string): readonly Subnet[] {
	return text
		.split('\n')
		.slice(1)
		.map((line) => line.trim().split(/\s+/))
		.filter(([name, , , , , , , mask]) => name !== exceptInterface && mask !== undefined)
		.map((columns) => ({
			address: fromHostOrder(columns[1] ?? ''),
			prefix: onesIn(fromHostOrder(columns[7] ?? '')),
		}))
		.filter(({ prefix }) => prefix > 0);
}

/** Undefined for IPv6. */
export function parseSubnet(cidr: string): Subnet | undefined {
	const [, ...parts] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr) ?? [];
	if (parts.length === 0) return undefined;
	const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = parts.map(Number);
	return { address: ((a << 24) | (b << 16) | (c << 8) | d) >>> 0, prefix };
}

function overlap(left: Subnet, right: Subnet): boolean {
	const shift = 32 - Math.min(left.prefix, right.prefix);
	return shift >= 32 || left.address >>> shift === right.address >>> shift;
}

/** The kernel prints the bytes as a number of this machine, which is little-endian. */
function fromHostOrder(hex: string): number {
	const value = Number.parseInt(hex, 16);
	return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

function onesIn(mask: number): number {
	return mask.toString(2).replaceAll('0', '').length;
}

function dotted(address: number): string {
	return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
