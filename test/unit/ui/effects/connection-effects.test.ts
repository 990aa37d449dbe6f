import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import type { Connectivity } from '../../../../src/cri/ports.ts';
import { createConnection } from '../../../../src/ui/effects/connection-effects.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('asks for the lists the moment a lost connection stands again, not when their turn comes', async () => {
	let tell: (connectivity: Connectivity) => void = () => undefined;
	let dead = false;
	const listPodSandbox = vi.fn(async () => {
		if (dead) throw new UnavailableError('cannot list pods: nobody listens');
		return [];
	});
	const client = {
		...fakeClient({ listPodSandbox, listContainers: async () => [] }, { listImages: async () => [] }),
		onConnectivity: (listener: typeof tell) => {
			tell = listener;
			return () => undefined;
		},
	};
	const host = fakeHost();
	using connection = createConnection(
		host,
		{
			choose: async () => ({ kind: 'chosen', endpoint: 'unix:///fake.sock', origin: 'a flag', others: 0 }),
			list: async () => [],
			connect: async () => client,
			mayBeServedByKubelet: async () => false,
			roomOf: async () => undefined,
		},
		{ listsMs: 2_000, statsMs: 5_000 },
	);
	connection.start();
	await vi.advanceTimersByTimeAsync(0);
	// A first connection is no return: what it asks for has its own order.
	tell('ready');
	expect(listPodSandbox).toHaveBeenCalledTimes(1);
	dead = true;
	tell('unreachable');
	await vi.advanceTimersByTimeAsync(60_000);
	expect(host.getState().connection.problem).toMatch(/nobody listens/);
	dead = false;
	tell('ready');
	await vi.advanceTimersByTimeAsync(0);
	expect(host.getState().connection.problem).toBeUndefined();
});
