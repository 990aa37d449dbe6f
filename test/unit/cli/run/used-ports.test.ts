import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { refuseUsedPorts } from '../../../../src/cli/run/used-ports.ts';

const { signal } = new AbortController();
const mapping = (protocol: string, hostPort: number, hostIp: string) => ({
	protocol,
	containerPort: 80,
	hostPort,
	hostIp,
});

test('names a TCP port that somebody listens on, on whichever address', async () => {
	await using server = createServer().listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	await expect(refuseUsedPorts([mapping('TCP', port, '127.0.0.1')], { signal })).rejects.toThrow(
		`cannot publish 127.0.0.1 port ${port}/tcp: something on this host listens there`,
	);
	await expect(refuseUsedPorts([mapping('TCP', port, '')], { signal })).rejects.toThrow(
		`cannot publish port ${port}/tcp: `,
	);
	// UDP ports are others; SCTP and addresses of nobody are not ours to try.
	const others = [mapping('SCTP', port, ''), mapping('TCP', port, '192.0.2.1'), mapping('TCP', 0, '')];
	await refuseUsedPorts(others, { signal });
});

test('names a UDP port that is taken, and leaves a free one free', async () => {
	await using socket = createSocket('udp4').bind(0, '127.0.0.1');
	await once(socket, 'listening');
	const { port } = socket.address();
	const taken = mapping('UDP', port, '127.0.0.1');
	await expect(refuseUsedPorts([taken], { signal })).rejects.toThrow(`port ${port}/udp`);
	await using other = createSocket('udp4').bind(0, '127.0.0.1');
	await once(other, 'listening');
	const free = other.address().port;
	other.close();
	await once(other, 'close');
	await refuseUsedPorts([mapping('UDP', free, '127.0.0.1')], { signal });
	await refuseUsedPorts([mapping('UDP', free, '127.0.0.1')], { signal });
});
