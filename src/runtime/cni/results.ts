/** What plugins answer to ADD, in all forms since 0.1.0. Source: CNI spec 1.1 section 5, and its older versions */
import { isIP } from 'node:net';

/**
 * Addresses of the pod in a result, in the plugin's order, each once.
 * @throws Error where the result is no object or an address is none
 */
export function addressesOf(result: unknown): readonly string[] {
	if (typeof result !== 'object' || result === null || Array.isArray(result)) {
		throw new Error('its result is no JSON object');
	}
	const { ips, interfaces, ip4, ip6 } = result as Record<string, unknown>;
	const entries = Array.isArray(ips)
		? ips.filter((entry) => isInsidePod(entry, interfaces)).map((entry) => field(entry, 'address'))
		: // Up to 0.2.0 there is one of each family at most.
			[ip4, ip6].filter((entry) => entry !== undefined).map((entry) => field(entry, 'ip'));
	return [...new Set(entries.map(addressOf))];
}

/** Addresses of the host's own end are listed too by some plugins. */
function isInsidePod(entry: unknown, interfaces: unknown): boolean {
	const index = field(entry, 'interface');
	if (typeof index !== 'number' || !Array.isArray(interfaces)) return true;
	const described = interfaces[index];
	return described === undefined || Boolean(field(described, 'sandbox'));
}

function addressOf(value: unknown): string {
	const address = typeof value === 'string' ? (value.split('/')[0] ?? '') : '';
	if (isIP(address) !== 0) return address;
	throw new Error(`its result has ${JSON.stringify(value)} where an address is due`);
}

function field(value: unknown, name: string): unknown {
	return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
