import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import type { Container, ContainerStatus } from '../../../../src/cri/model.ts';
import { startFactsFetcher } from '../../../../src/ui/effects/facts-fetcher.ts';
import { container, pod, refreshed } from '../fixtures.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function statusOf(of: Container): ContainerStatus {
	return {
		...of,
		startedAtNanos: 1n,
		finishedAtNanos: undefined,
		exitCode: of.state === 'exited' ? 3 : 0,
		reason: '',
		message: '',
		mounts: [],
		logPath: '/var/log/x',
		resources: undefined,
		user: undefined,
		stopSignal: '',
		info: {},
	};
}

describe('fetching facts', () => {
	it('asks once for each state a container is in', async () => {
		let current = container('web', 'app');
		const containerStatus = vi.fn(async () => statusOf(current));
		const client = fakeClient({ containerStatus });
		const host = fakeHost(client);
		using fetcher = startFactsFetcher(host, client);
		const list = async (): Promise<void> => {
			for (const { slice, event } of refreshed([], [current])) host.dispatch(slice, event as never);
			fetcher.follow();
			await vi.advanceTimersByTimeAsync(1_000);
		};
		await list();
		await list();
		expect(containerStatus).toHaveBeenCalledTimes(1);
		current = container('web', 'app', { state: 'exited' });
		await list();
		expect(containerStatus).toHaveBeenCalledTimes(2);
		expect(host.getState().inventory.containerFacts.get(current.id)).toMatchObject({
			exitCode: 3,
			state: 'exited',
		});
	});

	it('asks few at a time and goes on after a failure', async () => {
		let under = 0;
		let most = 0;
		const containers = Array.from({ length: 40 }, (_, index) => container('web', `c${index}`));
		const client = fakeClient({
			containerStatus: async (id) => {
				most = Math.max(most, ++under);
				await new Promise((resolve) => setTimeout(resolve, 10));
				under--;
				const found = containers.find((one) => one.id === id);
				if (!found || found.metadata.name === 'c7') throw new NotFoundError('gone');
				return statusOf(found);
			},
		});
		const host = fakeHost(client);
		using fetcher = startFactsFetcher(host, client);
		for (const { slice, event } of refreshed([pod('web')], containers)) host.dispatch(slice, event as never);
		fetcher.follow();
		await vi.advanceTimersByTimeAsync(5_000);
		expect(most).toBeLessThanOrEqual(4);
		expect(host.getState().inventory.containerFacts.size).toBe(39);
	});
});
