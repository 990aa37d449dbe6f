/**
 * What the node has learnt from an IPv6 router. The bridge plugin turns forwarding on, and with it Linux stops listening to
 * routers: the default route would go with the lifetime of the last advertisement, and the node with it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';

/** Source: linux/ipv6_route.h, RTF_ADDRCONF; set by the kernel for routes from advertisements */
const fromAdvertisement = 0x0004_0000;

/**
 * Makes the interfaces that have such routes listen on, forwarding or not; those that programs look after (networkd,
 * NetworkManager) are not touched, since the kernel does not listen there. Never throws.
 * Source: Linux Documentation/networking/ip-sysctl.rst, accept_ra
 * @param procDir for tests
 */
export function keepAdvertisedRoutes(log: Log, procDir = '/proc'): void {
	let routes: string;
	try {
		routes = readFileSync(`${procDir}/net/ipv6_route`, 'utf8');
	} catch {
		// No IPv6 here.
		return;
	}
	for (const name of advertisedInterfaces(routes)) {
		// Dots are part of a name, and this is a path.
		const file = `${procDir}/sys/net/ipv6/conf/${name}/accept_ra`;
		try {
			if (readFileSync(file, 'utf8').trim() !== '1') continue;
			writeFileSync(file, '2');
			log('info', 'an interface listens to IPv6 routers although the node forwards now', { interface: name });
		} catch (error) {
			log('warn', 'an interface may lose its IPv6 routes, since the node forwards now', {
				interface: name,
				error: errorMessage(error),
			});
		}
	}
}

/** Names from /proc/net/ipv6_route. */
export function advertisedInterfaces(routes: string): readonly string[] {
	const columns = routes.split('\n').map((line) => line.trim().split(/\s+/));
	const learnt = columns.filter(
		([destination = '', , , , , , , , flags = '']) =>
			!destination.startsWith('fe80') && (Number.parseInt(flags, 16) & fromAdvertisement) !== 0,
	);
	return [...new Set(learnt.flatMap((line) => line[9] ?? []))].filter((name) => !name.includes('/'));
}
