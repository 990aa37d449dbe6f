import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
	CriError,
	DeadlineError,
	isAbort,
	NotFoundError,
	PermissionError,
	ResourceExhaustedError,
	UnavailableError,
	UnimplementedError,
} from '../../src/cri/errors.ts';
import { containerId } from '../../src/cri/ids.ts';
import { startFakeCriServer } from '../fakes/cri-server.ts';
import { fakeId } from '../fakes/cri-state.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { clientOf, connected, fakeRuntime, untilConnectivity } from '../unit/cri/transport/fake-runtime.ts';
import { asOrdinaryUser } from '../unit/cri/unprivileged.ts';

/** What a promise is rejected with. */
async function failureOf(promise: Promise<unknown>): Promise<Error> {
	return promise.then(
		() => expect.unreachable('it did not fail'),
		(error: Error) => error,
	);
}

describe('waiting', () => {
	test('a call that hangs ends at its deadline', async () => {
		const { client } = await connected({ faults: ['ListContainers=hang'] });
		const error = await failureOf(client.runtime.listContainers(undefined, { timeoutMs: 50 }));
		expect(error).toBeInstanceOf(DeadlineError);
		expect(error.message).toBe(
			`cannot list containers: no answer from ${client.runtimeEndpoint} within 50 ms`,
		);
	});

	test('a half-dead socket ends at the deadline too', async () => {
		const { client } = await connected({ faults: ['half-dead'] }, { timeoutMs: 50 });
		expect(await failureOf(client.runtime.version())).toBeInstanceOf(DeadlineError);
	});

	test('the grace of a stop is added to its deadline', async () => {
		const { client } = await connected(
			{ faults: ['StopContainer=hang'] },
			{ timeoutsMs: { stopContainer: 20 } },
		);
		const error = await failureOf(client.runtime.stopContainer(containerId('c'), 0.03));
		expect((error as DeadlineError).timeoutMs).toBe(50);
	});

	test('a signal ends a call, before and while it runs', async () => {
		const { server, client } = await connected({ faults: ['ListContainers=hang'] });
		const controller = new AbortController();
		const failure = failureOf(client.runtime.listContainers(undefined, { signal: controller.signal }));
		await expect.poll(() => server.callCounts.get('ListContainers')).toBe(1);
		controller.abort(new Error('whatever the reason'));
		expect(isAbort(await failure)).toBe(true);
		expect(isAbort(await failureOf(client.runtime.version({ signal: controller.signal })))).toBe(true);
		expect(server.callCounts.get('Version')).toBeUndefined();
	});

	test('closing the client ends its calls', async () => {
		const { client } = await connected({ faults: ['ListContainers=hang'] });
		const failure = failureOf(client.runtime.listContainers());
		client.close();
		expect(await failure).toBeInstanceOf(CriError);
		expect(await failureOf(client.runtime.version())).toBeInstanceOf(UnavailableError);
	});
});

describe('refusals', () => {
	test('the runtime’s own words reach the message', async () => {
		const { client } = await connected();
		const error = await failureOf(client.runtime.containerStatus(containerId('nope'), { verbose: false }));
		expect(error).toBeInstanceOf(NotFoundError);
		expect(error.message).toBe('cannot inspect container "nope": container "nope" does not exist');
	});

	test('an unimplemented RPC is asked once', async () => {
		const { server, client } = await connected({ faults: ['RuntimeConfig=unimplemented'] });
		expect(client.supports('runtimeConfig')).toBe(true);
		expect(await failureOf(client.runtime.runtimeConfig())).toBeInstanceOf(UnimplementedError);
		expect(await failureOf(client.runtime.runtimeConfig())).toBeInstanceOf(UnimplementedError);
		expect(client.supports('runtimeConfig')).toBe(false);
		expect(client.supports('listImages')).toBe(true);
		expect(server.callCounts.get('RuntimeConfig')).toBe(1);
	});

	test('containerd without its CRI plugin is recognised', async () => {
		const fault = 'Version=error:12:unknown service runtime.v1.RuntimeService';
		const { client } = await connected({ faults: [fault] });
		expect((await failureOf(client.runtime.version())).message).toContain('disabled_plugins');
	});

	test('a code without a class keeps the text', async () => {
		const { client } = await connected({ faults: ['StartContainer=error:2:runc said no'] });
		const error = await failureOf(client.runtime.startContainer(containerId(fakeId('container', 1))));
		expect(error).toMatchObject({ code: 'unknown', name: 'CriError' });
		expect(error.message).toMatch(/^cannot start container "[0-9a-f]{13}": runc said no$/);
	});
});

describe('large lists', () => {
	test('a list over the limit is streamed', async () => {
		const { server, client } = await connected({ pods: 5, containers: 100 }, { maxMessageBytes: 150_000 });
		expect(await client.runtime.listContainers()).toHaveLength(500);
		expect(server.callCounts.get('StreamContainers')).toBe(1);
	});

	test('the limit is the answer where the runtime cannot stream', async () => {
		const faults = ['StreamContainers=unimplemented'];
		const { client } = await connected({ pods: 5, containers: 100, faults }, { maxMessageBytes: 150_000 });
		expect(await failureOf(client.runtime.listContainers())).toBeInstanceOf(ResourceExhaustedError);
		expect(client.supports('streamContainers')).toBe(false);
	});

	test('a list that fits is asked for at once, however many items', async () => {
		const { server, client } = await connected({ pods: 500, containers: 10 });
		expect(await client.runtime.listContainers()).toHaveLength(5000);
		expect(server.callCounts.get('StreamContainers')).toBeUndefined();
	});
});

describe('streams', () => {
	test('events arrive until the reader leaves', async () => {
		const { server, client } = await connected();
		const seen: string[] = [];
		const reading = (async () => {
			for await (const event of client.runtime.containerEvents()) {
				seen.push(event.type);
				if (seen.length === 2) break;
			}
		})();
		await expect.poll(() => server.state.listeners.size).toBe(1);
		server.state.setContainerState(fakeId('container', 0), 'CONTAINER_EXITED');
		server.state.removeContainer(fakeId('container', 0));
		await reading;
		expect(seen).toEqual(['stopped', 'deleted']);
		await expect.poll(() => server.state.listeners.size).toBe(0);
	});

	test('a signal ends a subscription', async () => {
		const { server, client } = await connected();
		const controller = new AbortController();
		const failure = failureOf(Array.fromAsync(client.runtime.containerEvents({ signal: controller.signal })));
		await expect.poll(() => server.state.listeners.size).toBe(1);
		controller.abort();
		expect(isAbort(await failure)).toBe(true);
	});

	test('a stream that breaks off is an error, not an end', async () => {
		const { client } = await connected({ pods: 3, containers: 100, faults: ['StreamContainers=close:1'] });
		expect(await failureOf(Array.fromAsync(client.runtime.streamContainers()))).toBeInstanceOf(
			UnavailableError,
		);
	});
});

describe('the socket', () => {
	test('a missing one is named', async () => {
		const client = clientOf('unix:///nowhere/cri.sock');
		const error = await failureOf(client.runtime.version());
		expect(error).toBeInstanceOf(UnavailableError);
		expect(error.message).toBe('cannot ask for the version: nothing is at unix:///nowhere/cri.sock');
	});

	test('one without permission is told as that', async () => {
		const server = await fakeRuntime();
		chmodSync(dirname(server.socketPath), 0o755);
		chmodSync(server.socketPath, 0o600);
		await asOrdinaryUser(async () => {
			if (process.geteuid?.() !== 65534) chmodSync(server.socketPath, 0);
			const error = await failureOf(clientOf(server.socketPath).runtime.version());
			expect(error).toBeInstanceOf(PermissionError);
			expect((error as PermissionError).path).toBe(server.socketPath);
		});
	});

	test('work waits for a runtime that comes back, a question only where it was told to', async () => {
		const socketPath = join(tempDir(), 'cri.sock');
		const first = await startFakeCriServer({ socketPath });
		const [usual, patient] = [clientOf(socketPath), clientOf(socketPath, { patienceMs: 60_000 })];
		for (const client of [usual, patient]) await untilConnectivity(client, 'ready');
		await first.stop();
		for (const client of [usual, patient]) await untilConnectivity(client, 'unreachable');
		const work = [
			usual.images.pullImage({ image: 'busybox' }),
			usual.runtime.version(),
			patient.runtime.version(),
		];
		const outcomes = Promise.allSettled(work);
		await expect(work[1]).rejects.toBeInstanceOf(UnavailableError);
		await fakeRuntime({ socketPath });
		expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
	});

	test('nobody waits past a deadline, a cancel, the end of the client, or for a permission', async () => {
		const dead = clientOf(join(tempDir(), 'cri.sock'), { patienceMs: 3_600_000 });
		expect(await failureOf(dead.runtime.version({ timeoutMs: 50 }))).toBeInstanceOf(CriError);
		const controller = new AbortController();
		const cancelled = failureOf(dead.runtime.version({ signal: controller.signal }));
		const closed = failureOf(dead.runtime.version({ timeoutMs: 3_600_000 }));
		await untilConnectivity(dead, 'unreachable');
		controller.abort();
		expect(isAbort(await cancelled)).toBe(true);
		dead.close();
		expect((await closed).message).toMatch(/the connection to .* is closed/);
		const file = join(tempDir(), 'no-socket');
		writeFileSync(file, '');
		const hopeless = clientOf(file, { patienceMs: 3_600_000 });
		expect((await failureOf(hopeless.runtime.version({ timeoutMs: 3_600_000 }))).message).toMatch(
			/no socket/,
		);
	});

	test('a runtime that comes back is found without anybody calling, and asked anew', async () => {
		const socketPath = join(tempDir(), 'cri.sock');
		const first = await startFakeCriServer({ socketPath, faults: ['RuntimeConfig=unimplemented'] });
		const client = clientOf(socketPath);
		await untilConnectivity(client, 'ready');
		await failureOf(client.runtime.runtimeConfig());
		await first.stop();
		await untilConnectivity(client, 'unreachable');
		expect(await failureOf(client.runtime.version())).toBeInstanceOf(UnavailableError);
		await fakeRuntime({ socketPath });
		await untilConnectivity(client, 'ready');
		expect(await client.runtime.runtimeConfig()).toEqual({ cgroupDriver: 'cgroupfs' });
	});
});
