import { duplexPair } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createSpdyConnection } from '../../../../../src/cri/streaming/spdy/connection.ts';
import {
	controlFrame,
	controlType,
	dataFrameHeader,
	flagFin,
	resetStatus,
	rstStreamFrame,
	synStreamFrame,
} from '../../../../../src/cri/streaming/spdy/frames.ts';

function start(head = Buffer.alloc(0)) {
	const [socket, server] = duplexPair();
	const onClose = vi.fn();
	const connection = createSpdyConnection({ socket, head, onDrain: () => {}, onClose });
	let received = Buffer.alloc(0);
	server.on('data', (bytes: Buffer) => {
		received = Buffer.concat([received, bytes]);
	});
	const handlers = { onData: vi.fn(), onEnd: vi.fn() };
	return { server, connection, handlers, onClose, received: () => received };
}

test('what came with the switch is read first, and streams opened before see it', async () => {
	const head = Buffer.concat([dataFrameHeader(1, flagFin, 5), Buffer.from('early')]);
	const { connection, handlers } = start(head);
	connection.openStream({ streamtype: 'stdout' }, handlers);
	connection.start();
	expect(String(handlers.onData.mock.calls[0]?.[0])).toBe('early');
	expect(handlers.onEnd).toHaveBeenCalledExactlyOnceWith('finished');
});

test('pings of the server are echoed, its streams refused, everything else ignored', async () => {
	const { connection, server, received } = start();
	connection.start();
	const ping = controlFrame(controlType.ping, 0, Buffer.from([0, 0, 0, 2]));
	server.write(controlFrame(controlType.settings, 0, Buffer.from([0, 0, 0, 0])));
	server.write(controlFrame(controlType.ping, 0, Buffer.from([0, 0, 0, 1])));
	server.write(controlFrame(0x7777, 0, Buffer.from('what is this')));
	server.write(ping);
	server.write(synStreamFrame(2, Buffer.alloc(0)));
	const expected = Buffer.concat([ping, rstStreamFrame(2, resetStatus.refusedStream)]);
	await expect.poll(() => received().toString('hex')).toBe(expected.toString('hex'));
});

test('a stream that is reset hears and says no more', async () => {
	const { connection, handlers, server, received } = start();
	const stream = connection.openStream({ streamtype: 'data' }, handlers);
	connection.start();
	stream.reset();
	await expect.poll(() => received().subarray(-16)).toEqual(rstStreamFrame(1, resetStatus.cancel));
	const before = received().length;
	stream.write(Buffer.from('x'));
	stream.end();
	stream.reset();
	server.write(Buffer.concat([dataFrameHeader(1, flagFin, 1), Buffer.from('y')]));
	await new Promise((resolve) => setImmediate(resolve));
	expect(received().length).toBe(before);
	expect(handlers.onData).not.toHaveBeenCalled();
	expect(handlers.onEnd).not.toHaveBeenCalled();
});

test('a frame of another protocol ends the connection with the reason', async () => {
	const { connection, handlers, server, onClose } = start();
	connection.openStream({ streamtype: 'stdout' }, handlers);
	connection.start();
	server.write('\x80\x7fHTTP/1.1 400 Bad Request\r\n');
	await expect.poll(() => onClose.mock.calls.length).toBe(1);
	expect(onClose.mock.calls[0]?.[0]).toBeInstanceOf(Error);
	expect(handlers.onEnd).toHaveBeenCalledExactlyOnceWith('disconnected');
	const late = { onData: vi.fn(), onEnd: vi.fn() };
	connection.openStream({ streamtype: 'late' }, late);
	await expect.poll(() => late.onEnd.mock.calls).toEqual([['disconnected']]);
});
