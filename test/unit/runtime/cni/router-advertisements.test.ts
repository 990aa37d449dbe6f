import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
	advertisedInterfaces,
	keepAdvertisedRoutes,
} from '../../../../src/runtime/cni/router-advertisements.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const none = '00000000000000000000000000000000';
const row = (destination: string, prefix: string, flags: string, name: string) =>
	`${destination} ${prefix} ${none} 00 ${none} 00000400 00000001 00000000 ${flags} ${name.padStart(8)}`;
const linkLocal = 'fe800000000000000000000000000000';

/** A /proc with the given routes, and what each interface is told about routers. */
function setUp(routes: readonly string[], listening: Readonly<Record<string, string>>) {
	const dir = tempDir();
	mkdirSync(path.join(dir, 'net'));
	writeFileSync(path.join(dir, 'net/ipv6_route'), `${routes.join('\n')}\n`);
	const file = (name: string) => path.join(dir, 'sys/net/ipv6/conf', name, 'accept_ra');
	for (const [name, value] of Object.entries(listening)) {
		mkdirSync(path.dirname(file(name)), { recursive: true });
		writeFileSync(file(name), `${value}\n`);
	}
	const lines: string[] = [];
	const keep = () =>
		keepAdvertisedRoutes(
			(level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
			dir,
		);
	return { dir, keep, lines, file, value: (name: string) => readFileSync(file(name), 'utf8').trim() };
}

test('an interface whose routes come from a router listens on, the others are left as they are', () => {
	const { keep, value, lines } = setUp(
		[
			row(none, '00', '00450003', 'eth0'),
			row('fd000000000000000000000000000000', '40', '00040001', 'eth0'),
			row(linkLocal, '40', '00040001', 'eth1'),
			row('fd010000000000000000000000000000', '40', '00000001', 'eth1'),
			row(none, '00', '00450003', 'networkd0'),
			row(none, '00', '00450003', 'told.2'),
		],
		{ eth0: '1', eth1: '1', networkd0: '0', 'told.2': '2' },
	);
	keep();
	expect(['eth0', 'eth1', 'networkd0', 'told.2'].map(value)).toEqual(['2', '1', '0', '2']);
	expect(lines).toEqual([expect.stringMatching(/^info .*"interface":"eth0"/)]);
	keep();
	expect(lines).toHaveLength(1);
});

test('what cannot be changed is said, and a machine without IPv6 has nothing to keep', () => {
	const { dir, keep, lines } = setUp([row(none, '00', '00450003', 'gone0')], {});
	keep();
	expect(lines).toEqual([expect.stringMatching(/^warn an interface may lose its IPv6 routes.*"gone0"/)]);
	keepAdvertisedRoutes(() => expect.unreachable(), path.join(dir, 'nothing'));
});

test('names that are paths are no names', () => {
	expect(advertisedInterfaces(row(none, '00', '00450003', '../../x'))).toEqual([]);
	expect(advertisedInterfaces('')).toEqual([]);
});
