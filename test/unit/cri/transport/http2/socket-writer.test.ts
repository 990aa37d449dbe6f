import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createSocketWriter } from '../../../../../src/cri/transport/http2/socket-writer.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

/** Both ends of a connection; neither reads by itself. */
async function pair(): Promise<{ readonly ours: Socket; readonly theirs: Socket }> {
	const at = path.join(tempDir(), 's.sock');
	const accepted = Promise.withResolvers<Socket>();
	const server = createServer({ pauseOnConnect: true }, accepted.resolve).listen(at);
	onTestFinished(() => void server.close());
	const theirs = connect(at);
	theirs.pause();
	const ours = await accepted.promise;
	for (const socket of [ours, theirs]) {
		socket.on('error', () => undefined);
		onTestFinished(() => void socket.destroy());
	}
	return { ours, theirs };
}

function descriptorOf(socket: Socket): number {
	return (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
}

test('what the kernel does not take at once follows in its order, from buffers that are used again', async () => {
	const { ours, theirs } = await pair();
	const put = createSocketWriter(ours);
	const room = Buffer.alloc(50_000);
	const pieces = 60;
	let refused = 0;
	for (let piece = 0; piece < pieces; piece += 1) {
		room.fill(piece);
		if (!put(room, room.length - piece)) refused += 1;
	}
	room.fill(255);
	expect(refused).toBeGreaterThan(0);
	expect(ours.writableLength).toBeGreaterThan(0);
	const drained = new Promise<void>((resolve) => ours.once('drain', resolve));
	const wanted = Buffer.concat(
		Array.from({ length: pieces }, (_, piece) => Buffer.alloc(room.length - piece, piece)),
	);
	const came: Buffer[] = [];
	let bytes = 0;
	const whole = new Promise<void>((resolve) => {
		theirs.on('data', (chunk: Buffer) => {
			came.push(chunk);
			bytes += chunk.length;
			if (bytes >= wanted.length) resolve();
		});
	});
	theirs.resume();
	await Promise.all([drained, whole]);
	expect(Buffer.concat(came).equals(wanted)).toBe(true);
	// Then it is as at first.
	expect(ours.writableLength).toBe(0);
	expect(put(room, 1)).toBe(true);
});

test('nothing is written to what has the descriptor of a socket that is gone', async () => {
	const file = path.join(tempDir(), 'file');
	let taken = false;
	// The lowest that is free is given out next, and may be given to somebody else.
	for (let tries = 0; tries < 50 && !taken; tries += 1) {
		const { ours } = await pair();
		const put = createSocketWriter(ours);
		const descriptor = descriptorOf(ours);
		ours.destroy();
		const opened = Array.from({ length: 20 }, () => openSync(file, 'a'));
		taken = opened.includes(descriptor);
		expect(put(Buffer.from('not for a file'), 14)).toBe(false);
		for (const one of opened) closeSync(one);
	}
	expect(taken).toBe(true);
	expect(readFileSync(file, 'utf8')).toBe('');
});

test('of a client that is gone the stream hears, and nobody is thrown at', async () => {
	const { ours, theirs } = await pair();
	const put = createSocketWriter(ours);
	const failed = new Promise<NodeJS.ErrnoException>((resolve) => ours.once('error', resolve));
	const gone = new Promise((resolve) => theirs.once('close', resolve));
	theirs.destroy();
	await gone;
	put(Buffer.from('x'), 1);
	expect((await failed).code).toBe('EPIPE');
	expect(put(Buffer.from('x'), 1)).toBe(false);
});
