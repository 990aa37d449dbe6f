import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPlainClient, type PlainClient } from '../../../../src/cri/transport/plain-client.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { connected, fakeRuntime } from './fake-runtime.ts';

function plain(endpoint: string): PlainClient {
	const client = createPlainClient(endpoint);
	onTestFinished(() => client.close());
	return client;
}

/** Somebody who accepts, writes these bytes and hangs up. */
async function speaker(bytes: Buffer): Promise<string> {
	const path = join(tempDir(), 's.sock');
	const server = createServer((socket) => {
		socket.on('error', () => undefined);
		socket.end(bytes);
	});
	await new Promise<void>((resolve) => server.listen(path, resolve));
	onTestFinished(() => void server.close());
	return path;
}

describe('the client without gRPC', () => {
	test('says what the client with gRPC says, of a long list as well', async () => {
		const { server, client } = await connected({ pods: 300, containers: 4 });
		const other = plain(server.socketPath);
		const pick = <Item extends object>(item: Item, of: object) =>
			Object.fromEntries(Object.keys(of).map((key) => [key, item[key as keyof Item]]));
		const [version, conditions, pods, containers] = await Promise.all([
			other.version(),
			other.conditions(),
			other.listPodSandbox(),
			other.listContainers(),
		]);
		expect(version).toEqual(pick(await client.runtime.version(), version));
		expect(conditions).toEqual((await client.runtime.status({ verbose: false })).conditions);
		expect(pods).toHaveLength(300);
		expect(pods).toEqual((await client.runtime.listPodSandbox()).map((pod) => pick(pod, pods[0] ?? {})));
		expect(containers).toHaveLength(1200);
		const listed = await client.runtime.listContainers();
		expect(containers).toEqual(listed.map((container) => pick(container, containers[0] ?? {})));
		for (const { id } of listed.slice(0, 20)) {
			const status = await other.containerStatus(id);
			expect(status).toEqual(pick(await client.runtime.containerStatus(id, { verbose: false }), status));
		}
	});

	test('many calls at once on one connection', async () => {
		const { socketPath } = await fakeRuntime({ pods: 2, containers: 2 });
		const client = plain(socketPath);
		const answers = await Promise.all(Array.from({ length: 100 }, () => client.version()));
		expect(new Set(answers.map(({ runtimeName }) => runtimeName)).size).toBe(1);
	});

	test('works over TCP', async () => {
		const { endpoint } = await fakeRuntime({ tcp: true, pods: 1, containers: 1 });
		expect(await plain(endpoint).listPodSandbox()).toHaveLength(1);
	});

	test('an RPC that fails fails alone', async () => {
		const { socketPath } = await fakeRuntime({ faults: ['Status=error:13:boom', 'Version=unimplemented'] });
		const client = plain(socketPath);
		await expect(client.conditions()).rejects.toThrow('cannot call "/runtime.v1.RuntimeService/Status"');
		await expect(client.version()).rejects.toThrow('refused');
		expect(await client.listPodSandbox()).not.toEqual([]);
	});

	test('a runtime that goes away ends what is under way', async () => {
		const server = await fakeRuntime({ faults: ['Version=hang'] });
		const asking = plain(server.socketPath).version();
		const expected = expect(asking).rejects.toThrow(/cannot call/);
		await plain(server.socketPath).listPodSandbox();
		await server.stop();
		await expected;
	});

	test('nobody there', async () => {
		const client = plain(join(tempDir(), 'none.sock'));
		await expect(client.version()).rejects.toThrow('ENOENT');
		await expect(client.version()).rejects.toThrow('ENOENT');
	});

	test.each([
		['HTTP/1', Buffer.from('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')],
		['nothing', Buffer.alloc(0)],
		['a frame cut off', Buffer.from([0, 0, 100, 0, 1, 0, 0, 0, 1, 7])],
		['a message that is none', Buffer.from([0, 0, 6, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 9, 0xff])],
		['a padding longer than its frame', Buffer.from([0, 0, 2, 0, 9, 0, 0, 0, 1, 200, 1])],
		['a reset', Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 1])],
		['goodbye', Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
	])('%s for an answer is a failure', async (_name, bytes) => {
		await expect(plain(await speaker(bytes)).version()).rejects.toThrow(/^cannot /);
	});
});
