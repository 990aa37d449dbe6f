import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { listenOnSocket } from '../../../../src/cri/transport/server-socket.ts';
import { duplicateDescriptor } from '../../../../src/runtime/sys/libc-descriptor.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** @returns how often it had to look at its sockets until it had taken 32 connections that came at once */
async function turnsFor32(options: Parameters<typeof listenOnSocket>[2]): Promise<number> {
	const path = join(tempDir(), 'many.sock');
	const turns = new Set<number>();
	const taken: Socket[] = [];
	const all = Promise.withResolvers<void>();
	let turn = 0;
	const listening = await listenOnSocket(
		path,
		(socket) => {
			turns.add(turn);
			if (taken.push(socket) === 32) all.resolve();
		},
		options,
	);
	let counting = true;
	const count = () => {
		turn += 1;
		if (counting) setImmediate(count);
	};
	setImmediate(count);
	const clients = Array.from({ length: 32 }, () => connect(path));
	onTestFinished(() => {
		for (const socket of [...clients, ...taken]) socket.destroy();
	});
	await all.promise;
	counting = false;
	listening.close();
	return turns.size;
}

test('many that connect at once are taken at once', async () => {
	expect(await turnsFor32({ duplicate: duplicateDescriptor })).toBeLessThan(8);
});

test('without a way to duplicate descriptors, and without descriptors, they are taken one by one', async () => {
	expect(await turnsFor32({})).toBeGreaterThan(8);
	const duplicate = () => {
		throw new Error('EMFILE');
	};
	expect(await turnsFor32({ duplicate })).toBeGreaterThan(8);
});

test('closing it closes all that listen', async () => {
	const path = join(tempDir(), 'closed.sock');
	const listening = await listenOnSocket(path, () => undefined, { duplicate: duplicateDescriptor });
	listening.close();
	const client = connect(path);
	const { promise, resolve } = Promise.withResolvers<unknown>();
	client.once('error', resolve);
	client.once('connect', () => resolve('connected'));
	expect(await promise).toMatchObject({ code: 'ENOENT' });
	// Somebody else may have the place now.
	const next = await listenOnSocket(path, () => undefined, { duplicate: duplicateDescriptor });
	next.close();
});
