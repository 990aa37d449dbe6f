import { describe, expect, test } from 'vitest';
import { emptyPortChainsRemoval, removalOf } from '../../../../src/runtime/cni/stale-rules.ts';

const saved = String.raw`*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:CNI-aaa - [0:0]
:CNI-bbb - [0:0]
-A POSTROUTING -s 10.1.0.2/32 -m comment --comment "name: \"pods\" id: \"one\"" -j CNI-aaa
-A POSTROUTING -s 10.1.0.3/32 -m comment --comment "name: \"pods\" id: \"one-more\"" -j CNI-bbb
-A CNI-aaa -d 10.1.0.0/24 -m comment --comment "name: \"pods\" id: \"one\"" -j ACCEPT
-A CNI-bbb -d 10.1.0.0/24 -j ACCEPT
COMMIT
`;

const ports = `*nat
:PREROUTING ACCEPT [0:0]
:CNI-HOSTPORT-DNAT - [0:0]
:CNI-HOSTPORT-SETMARK - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-A CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
COMMIT
`;

describe('rules of pods that are gone', () => {
	test('its rules go and its chain, nobody else’s', () => {
		expect(removalOf(saved, 'one')).toBe(String.raw`*nat
-D POSTROUTING -s 10.1.0.2/32 -m comment --comment "name: \"pods\" id: \"one\"" -j CNI-aaa
-D CNI-aaa -d 10.1.0.0/24 -m comment --comment "name: \"pods\" id: \"one\"" -j ACCEPT
-F CNI-aaa
-X CNI-aaa
COMMIT
`);
		expect(removalOf(saved, 'on')).toBeUndefined();
	});

	test('a chain that somebody else leads to stays', () => {
		const shared = saved.replace('COMMIT', '-A PREROUTING -j CNI-aaa\nCOMMIT');
		expect(removalOf(shared, 'one')).not.toContain('-X');
	});

	test('the chains of host ports go when there is none', () => {
		expect(emptyPortChainsRemoval(ports)).toBe(`*nat
-D PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT
-D CNI-HOSTPORT-SETMARK -m comment --comment "CNI portfwd masquerade mark" -j MARK --set-xmark 0x2000/0x2000
-X CNI-HOSTPORT-DNAT
-X CNI-HOSTPORT-SETMARK
COMMIT
`);
		const used = ports.replace('COMMIT', '-A CNI-HOSTPORT-DNAT -p tcp -j CNI-DN-1\nCOMMIT');
		expect(emptyPortChainsRemoval(used)).toBeUndefined();
		expect(emptyPortChainsRemoval('*nat\nCOMMIT\n')).toBeUndefined();
	});
});
