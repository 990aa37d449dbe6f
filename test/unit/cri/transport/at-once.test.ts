import { describe, expect, test, vi } from 'vitest';
import { NotFoundError, ResourceExhaustedError } from '../../../../src/cri/errors.ts';
import { containerId, imageId, podSandboxId } from '../../../../src/cri/ids.ts';
import type { Container } from '../../../../src/cri/model.ts';
import {
	frame,
	frameTypes,
	settingIds,
	settingsFrame,
	windowUpdateFrame,
} from '../../../../src/cri/transport/http2/frames.ts';
import type { ServedRuntime } from '../../../../src/cri/transport/served-runtime.ts';
import { call, callFields, headers, message, rawClient } from './http2/raw-client.ts';
import { served } from './served.ts';

function container(index: number): Container {
	return {
		id: containerId(String(index).padStart(64, '0')),
		podSandboxId: podSandboxId('p'.repeat(64)),
		metadata: { name: `c${index}`, attempt: 0 },
		image: { image: 'i', userSpecifiedImage: 'i', runtimeHandler: '', annotations: {} },
		imageRef: 'i',
		imageId: imageId('i'),
		state: 'running',
		createdAtNanos: 1n,
		labels: {},
		annotations: {},
	};
}

/** A runtime that answers and does not promise. */
function knowing(count: number, options: Parameters<typeof served>[2] = {}) {
	const all = Array.from({ length: count }, (_, index) => container(index));
	const listContainers: ServedRuntime['listContainers'] = (filter) =>
		filter?.id === undefined ? all : all.filter(({ id }) => id === filter.id);
	const containerStatus: ServedRuntime['containerStatus'] = (id) => {
		throw new NotFoundError(`cannot find "${id}"`);
	};
	return served({}, {}, options, { listContainers, containerStatus });
}

describe('what is known at once', () => {
	test('is answered, thrown and told as what is promised is', async () => {
		const { client, ended } = await knowing(3);
		expect(await client.runtime.listContainers()).toHaveLength(3);
		expect(await client.runtime.listContainers({ id: container(2).id })).toEqual([container(2)]);
		// The same requests again, which are decoded already.
		expect(await client.runtime.listContainers({ id: container(1).id })).toEqual([container(1)]);
		expect(await client.runtime.listContainers({ id: container(2).id })).toEqual([container(2)]);
		const gone = client.runtime.containerStatus(containerId('x'), { verbose: false });
		await expect(gone).rejects.toThrow(NotFoundError);
		expect(ended.at(-1)).toEqual({ rpc: 'ContainerStatus', subject: 'x', outcome: 'notFound' });
		expect(ended.filter(({ outcome }) => outcome === 'ok')).toHaveLength(4);
	});

	test('is refused where it is too large, and when the server has stopped', async () => {
		const { client, server } = await knowing(100, { maxSendMessageBytes: 1000 });
		await expect(client.runtime.listContainers()).rejects.toThrow(ResourceExhaustedError);
		await server.stop({ graceMs: 0 });
		await expect(client.runtime.listContainers()).rejects.toThrow();
	});

	test('is refused where the request cannot be read', async () => {
		const { socketPath, ended } = await knowing(1);
		const raw = await rawClient(socketPath);
		raw.send(headers(1, callFields('RuntimeService/ContainerStatus')), message(1, Buffer.from([0x0a, 99])));
		expect(await raw.status(1)).toBe('3');
		expect(ended).toEqual([{ rpc: 'ContainerStatus', subject: '', outcome: 'invalidArgument' }]);
	});

	test('waits for windows as any answer does, and is told to be served when it is gone', async () => {
		const { socketPath, ended } = await knowing(1000);
		const raw = await rawClient(socketPath);
		raw.send(settingsFrame([[settingIds.initialWindowSize, 3]]));
		raw.send(call(1, 'RuntimeService/ListContainers'));
		await raw.until(({ type, stream }) => type === frameTypes.data && stream === 1);
		raw.send(frame(frameTypes.ping, 0, 0, Buffer.alloc(8)));
		await raw.until(({ type }) => type === frameTypes.ping);
		expect(raw.body(1)).toHaveLength(3);
		expect(ended).toEqual([]);
		raw.send(windowUpdateFrame(1, 2 ** 20), windowUpdateFrame(0, 2 ** 20));
		expect(await raw.status(1)).toBe('0');
		expect(raw.body(1).readUInt32BE(1)).toBe(raw.body(1).length - 5);
		await vi.waitFor(() => expect(ended).toHaveLength(1));
	});

	test('comes whole and once to a client that asks a lot and reads late', async () => {
		const { socketPath, ended } = await knowing(60);
		const raw = await rawClient(socketPath);
		raw.socket.pause();
		raw.send(settingsFrame([[settingIds.initialWindowSize, 2 ** 30]]), windowUpdateFrame(0, 2 ** 30));
		const asked = Array.from({ length: 300 }, (_, index) => 2 * index + 1);
		raw.send(...asked.map((stream) => call(stream, 'RuntimeService/ListContainers')));
		// Some are in the kernel, the others wait: nobody is told that they are served.
		await vi.waitFor(() => expect(ended.length).toBeGreaterThan(0), { timeout: 10_000 });
		await new Promise((resolve) => setImmediate(resolve));
		expect(ended.length).toBeLessThan(asked.length / 2);
		raw.socket.resume();
		for (const stream of asked) expect(await raw.status(stream)).toBe('0');
		const first = raw.body(1);
		expect(first.readUInt32BE(1)).toBe(first.length - 5);
		for (const stream of asked) expect(raw.body(stream).equals(first)).toBe(true);
		await vi.waitFor(() => expect(ended).toHaveLength(asked.length), { timeout: 10_000 });
	});

	test('reaches each of many clients whose requests come in pieces, one between the other', async () => {
		const { socketPath } = await knowing(40);
		const clients = await Promise.all(Array.from({ length: 5 }, () => rawClient(socketPath)));
		for (let stream = 1; stream < 40; stream += 2) {
			const wanted = clients.map((_, index) => container((stream + index) % 40).id);
			const asked = wanted.map((id) => {
				// ListContainersRequest.filter = 1, ContainerFilter.id = 1.
				const filter = Buffer.concat([Buffer.from([0x0a, id.length]), Buffer.from(id)]);
				const body = Buffer.concat([Buffer.from([0x0a, filter.length]), filter]);
				return Buffer.concat([
					headers(stream, callFields('RuntimeService/ListContainers')),
					message(stream, body),
				]);
			});
			for (const share of [0.3, 0.7, 1]) {
				for (const [index, bytes] of asked.entries()) {
					const at = (part: number) => Math.floor(bytes.length * part);
					clients[index]?.send(bytes.subarray(at({ 0.3: 0, 0.7: 0.3, 1: 0.7 }[share] ?? 0), at(share)));
				}
				await new Promise((resolve) => setImmediate(resolve));
			}
			for (const [index, raw] of clients.entries()) {
				expect(await raw.status(stream)).toBe('0');
				expect(raw.body(stream).toString('latin1')).toContain(wanted[index]);
			}
		}
	});
});
