/** Subnets of the built-in network, as they are asked for and as they are chosen. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { BlockList, isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { freeSubnet, isFreeSubnet, parseSubnet, subnetsInUse } from './free-subnet.ts';

/** Asks for a subnet of that family that the node does not use yet. */
export type SubnetFamily = 'ipv4' | 'ipv6';

/** What a node has that says nothing else. IPv6 has to be asked for: it makes a router of the node. */
export const usualSubnets: readonly string[] = ['ipv4'];

/** What pods cannot have: this host, links, groups, and what is reserved. Source: RFC 6890, RFC 4291 */
const unusable = [
	...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'],
	...['::/8', 'fe80::/10', 'ff00::/8'],
];

/** Prefixes of networks that hold a few pods at least, and that the address plugin counts through. */
const prefixes = { ipv4: { least: 8, most: 28 }, ipv6: { least: 16, most: 120 } } as const;

/**
 * Checks what somebody asks for: `ipv4`, `ipv6` or networks in CIDR form, one of each family at most.
 * @returns what is wrong, as the rest of a sentence; undefined where nothing is
 */
export function subnetsProblem(wanted: readonly string[]): string | undefined {
	for (const one of wanted) {
		if (one === 'ipv4' || one === 'ipv6') continue;
		const [address = '', prefix = '', ...rest] = one.split('/');
		if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix) || rest.length > 0) {
			return `holds "${one}", which is no subnet such as "10.90.0.0/16" or "fd00:90::/64", nor "ipv4" or "ipv6"`;
		}
		const family = familyOf(one);
		const { least, most } = prefixes[family];
		if (Number(prefix) < least || Number(prefix) > most) {
			return `holds "${one}", whose prefix is not from /${least} to /${most}`;
		}
		if (hasHostBits(address, Number(prefix)))
			return `holds "${one}", which is an address in a subnet, and no subnet`;
		if (unusable.some((other) => overlap(one, other))) return `holds "${one}", which pods cannot have`;
	}
	if (new Set(wanted.map(familyOf)).size < wanted.length) return 'takes one subnet of each family';
	return undefined;
}

/** True where a subnet that is there is what was asked for. */
export function fitsWish(subnet: string, wish: string, bridge: string): boolean {
	if (wish === 'ipv4') return !subnet.includes(':') && isFreeSubnet(subnet, subnetsInUse(bridge));
	return wish === 'ipv6' ? subnet.includes(':') : subnet === wish;
}

/**
 * Chooses what was left open, and makes sure of what was named.
 * @param bridge what has it already; that one may
 * @param claim takes what was chosen; false where another runtime has chosen it a moment ago
 * @throws Error where the node uses it for something else, or everything is taken
 */
export function chooseSubnet(wish: string, bridge: string, claim: (subnet: string) => boolean): string {
	if (wish === 'ipv6') return uniqueLocalSubnet();
	if (wish === 'ipv4') {
		const claimed: string[] = [];
		for (;;) {
			const taken = [...subnetsInUse(bridge), ...claimed.flatMap((cidr) => parseSubnet(cidr) ?? [])];
			const subnet = freeSubnet(taken);
			if (claim(subnet)) return subnet;
			claimed.push(subnet);
		}
	}
	const taken = networksInUse(bridge).find((other) => overlap(wish, other));
	if (taken === undefined) return wish;
	throw new Error(`cannot use subnet "${wish}" for pods: this node has ${taken} already`);
}

/** Of a wish or a subnet. */
export function familyOf(wish: string): SubnetFamily {
	return wish === 'ipv6' || wish.includes(':') ? 'ipv6' : 'ipv4';
}

/** All networks of either family that lead elsewhere, in CIDR form. */
function networksInUse(exceptInterface: string): readonly string[] {
	const addresses = Object.entries(networkInterfaces())
		.filter(([name]) => name !== exceptInterface)
		.flatMap(([, list]) => (list ?? []).flatMap(({ cidr }) => cidr ?? []));
	const routes = subnetsInUse(exceptInterface).map(
		({ address, prefix }) =>
			`${[24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')}/${prefix}`,
	);
	let routes6: readonly string[] = [];
	try {
		routes6 = parseRoutes6(readFileSync('/proc/net/ipv6_route', 'utf8'), exceptInterface);
	} catch {
		// No IPv6 here at all.
	}
	return [...addresses, ...routes, ...routes6];
}

/** The routes of /proc/net/ipv6_route without the default ones and those to groups. Source: Linux, net/ipv6/route.c */
export function parseRoutes6(text: string, exceptInterface: string): readonly string[] {
	return text
		.split('\n')
		.map((line) => line.trim().split(/\s+/))
		.filter((columns) => columns.length === 10 && columns[9] !== exceptInterface)
		.map(([destination = '', prefix = '']) => ({
			address: (destination.match(/.{4}/g) ?? []).join(':'),
			prefix: Number.parseInt(prefix, 16),
		}))
		.filter(({ address, prefix }) => prefix > 0 && isIPv6(address) && !address.startsWith('ff'))
		.map(({ address, prefix }) => `${address}/${prefix}`);
}

/** True where either holds the other. */
function overlap(left: string, right: string): boolean {
	return familyOf(left) === familyOf(right) && (holds(left, right) || holds(right, left));
}

function holds(subnet: string, other: string): boolean {
	const [address = '', prefix = ''] = subnet.split('/');
	const block = new BlockList();
	block.addSubnet(address, Number(prefix), familyOf(subnet));
	return block.check(other.split('/')[0] ?? '', familyOf(other));
}

/** True where bits behind the prefix are set. */
function hasHostBits(address: string, prefix: number): boolean {
	const bytes = isIPv6(address) ? bytesOf6(address) : address.split('.').map(Number);
	return bytes.some((byte, index) => {
		const kept = Math.min(8, Math.max(0, prefix - index * 8));
		return (byte & (0xff >> kept)) !== 0;
	});
}

function bytesOf6(address: string): readonly number[] {
	// The parser of URLs writes an address in one form only, also one that ends in dotted decimals.
	const plain = new URL(`http://[${address}]/`).hostname.slice(1, -1);
	const [head = '', tail] = plain.split('::');
	const groups = (text: string) => (text === '' ? [] : text.split(':'));
	const [before, after] = [groups(head), groups(tail ?? '')];
	const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
	return [...before, ...zeros, ...after].flatMap((group) => {
		const value = Number.parseInt(group, 16);
		return [value >> 8, value & 0xff];
	});
}

/** Source: RFC 4193: fd, then 40 random bits */
function uniqueLocalSubnet(): string {
	const [a, b, c, d, e] = [...randomBytes(5)].map((byte) => byte.toString(16).padStart(2, '0'));
	return `fd${a}:${b}${c}:${d}${e}::/64`;
}
