import { once } from 'node:events';
import { type Duplex, PassThrough } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { openPortForwarder } from '../../src/cri/streaming/port-forward.ts';
import { type StreamingServer, startStreamingServer } from '../fakes/streaming-server.ts';

const servers: StreamingServer[] = [];
afterEach(async () => {
	for (const server of servers.splice(0)) await server.close();
});

async function start(dial: (port: number) => Duplex | Error, splitsBytes = false) {
	const server = await startStreamingServer({ dial, splitsBytes });
	servers.push(server);
	return { server, forwarder: await openPortForwarder({ url: server.url }) };
}

const echo = () => new PassThrough();

test('fifty connections at once each get their own bytes back', async () => {
	const { forwarder } = await start(echo);
	const answers = await Promise.all(
		Array.from({ length: 50 }, async (_, index) => {
			const connection = await forwarder.connect(80);
			connection.end(`message ${index} `.repeat(1000));
			return text(connection);
		}),
	);
	answers.forEach((answer, index) => {
		expect(answer).toBe(`message ${index} `.repeat(1000));
	});
	forwarder.close();
	expect(await forwarder.closed).toBeUndefined();
});

test('half-close works, byte by byte too', async () => {
	const { forwarder } = await start(echo, true);
	const connection = await forwarder.connect(80);
	connection.end('request');
	expect(await text(connection)).toBe('request');
	forwarder.close();
});

test('a refused port is the error of that connection alone', async () => {
	const { forwarder } = await start((port) => (port === 81 ? new Error('connection refused') : echo()));
	const good = await forwarder.connect(80);
	const bad = await forwarder.connect(81);
	const [error] = await once(bad, 'error').catch((caught: unknown) => [caught]);
	expect(String(error)).toContain('cannot forward port "81": connection refused');
	good.end('still here');
	expect(await text(good)).toBe('still here');
	forwarder.close();
});

test('a connection that the runtime resets is no clean end', async () => {
	const target = echo();
	const { forwarder } = await start(() => target);
	const connection = await forwarder.connect(80);
	connection.write('half a requ');
	expect(String((await once(connection, 'data'))[0])).toBe('half a requ');
	target.destroy(new Error('gone'));
	await expect(once(connection, 'close')).rejects.toThrow('the runtime reset the connection');
	forwarder.close();
});

test('ten megabytes through a slow reader arrive whole', async () => {
	const sent = Buffer.alloc(10 << 20, 'abcdefghijk');
	const { forwarder } = await start(echo);
	const connection = await forwarder.connect(80);
	const other = await forwarder.connect(80);
	connection.end(sent);
	await once(connection, 'readable');
	expect(connection.readableLength).toBeLessThan(4 << 20);
	expect((await buffer(connection)).equals(sent)).toBe(true);
	other.end('not stuck');
	expect(await text(other)).toBe('not stuck');
	forwarder.close();
});

test('a connection destroyed while it holds the others back lets them go on', async () => {
	const { forwarder } = await start(echo);
	const stuck = await forwarder.connect(80);
	const other = await forwarder.connect(80);
	stuck.write(Buffer.alloc(4 << 20));
	await once(stuck, 'readable');
	stuck.destroy();
	other.end('free');
	expect(await text(other)).toBe('free');
	forwarder.close();
});

test('a port out of range, a cancelled and a late connection are refused', async () => {
	const { forwarder } = await start(echo);
	await expect(forwarder.connect(0)).rejects.toMatchObject({ code: 'invalidArgument' });
	await expect(forwarder.connect(80, { signal: AbortSignal.abort() })).rejects.toMatchObject({
		code: 'cancelled',
	});
	const cancel = new AbortController();
	const connection = await forwarder.connect(80, { signal: cancel.signal });
	cancel.abort();
	await expect(once(connection, 'close')).rejects.toThrow('cancelled');
	forwarder.close();
	await forwarder.closed;
	await expect(forwarder.connect(80)).rejects.toMatchObject({ code: 'unavailable' });
});

test('closing ends open connections without an error, a lost runtime with one', async () => {
	const first = await start(echo);
	const quiet = await first.forwarder.connect(80);
	first.forwarder.close();
	await once(quiet, 'close');
	expect(quiet.errored).toBeNull();
	await expect.poll(first.server.connectionCount).toBe(0);

	const second = await start(echo);
	const cut = await second.forwarder.connect(80);
	await servers.pop()?.close();
	await expect(once(cut, 'close')).rejects.toThrow('the port-forward has ended');
	expect(await second.forwarder.closed).toEqual(expect.any(String));
});

test('a signal closes the forwarder', async () => {
	const server = await startStreamingServer({ dial: echo });
	servers.push(server);
	const cancel = new AbortController();
	const forwarder = await openPortForwarder({ url: server.url, signal: cancel.signal });
	cancel.abort();
	await forwarder.closed;
	await expect.poll(server.connectionCount).toBe(0);
});
