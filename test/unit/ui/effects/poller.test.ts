import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import { startPoller } from '../../../../src/ui/effects/poller.ts';
import { pod } from '../fixtures.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

const options = { listsMs: 2_000, statsMs: 5_000, roomOf: async () => undefined };

/** A runtime that has the image half but no stats. */
const images = {
	listImages: async () => [],
	imageFsInfo: async () => ({ imageFilesystems: [], containerFilesystems: [] }),
};

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('polling', () => {
	it('asks again after its time, and never twice at once', async () => {
		const answers: ((pods: readonly ReturnType<typeof pod>[]) => void)[] = [];
		const listPodSandbox = vi.fn(
			() => new Promise<readonly ReturnType<typeof pod>[]>((resolve) => answers.push(resolve)),
		);
		const client = fakeClient({ listPodSandbox });
		const host = fakeHost(client);
		using _poller = startPoller(host, client, options);
		await vi.advanceTimersByTimeAsync(20_000);
		expect(listPodSandbox).toHaveBeenCalledTimes(1);
		answers[0]?.([pod('a')]);
		await vi.advanceTimersByTimeAsync(0);
		expect(host.getState().inventory.pods).toHaveLength(1);
		await vi.advanceTimersByTimeAsync(4_100);
		expect(listPodSandbox).toHaveBeenCalledTimes(2);
	});

	it('keeps the last good list and says why when the runtime goes silent', async () => {
		let dead = false;
		const listPodSandbox = async () => {
			if (dead) throw new UnavailableError('cannot list pods: nobody answers');
			return [pod('a')];
		};
		const client = fakeClient({ listPodSandbox, listContainers: async () => [] }, images);
		const host = fakeHost(client);
		using _poller = startPoller(host, client, options);
		await vi.advanceTimersByTimeAsync(0);
		dead = true;
		await vi.advanceTimersByTimeAsync(2_100);
		expect(host.getState().inventory.pods).toHaveLength(1);
		expect(host.getState().connection.problem).toBe('cannot list pods: nobody answers');
		dead = false;
		await vi.advanceTimersByTimeAsync(5_100);
		expect(host.getState().connection.problem).toBeUndefined();
	});

	it('takes a runtime without stats for a runtime without stats', async () => {
		const client = fakeClient({ listPodSandbox: async () => [], listContainers: async () => [] }, images);
		const host = fakeHost(client);
		using _poller = startPoller(host, client, options);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(host.getState().connection.problem).toBeUndefined();
	});

	it('asks at once on refresh, and no more after its end', async () => {
		const listPodSandbox = vi.fn(async () => []);
		const client = fakeClient({ listPodSandbox });
		const poller = startPoller(fakeHost(client), client, options);
		await vi.advanceTimersByTimeAsync(0);
		poller.refresh();
		await vi.advanceTimersByTimeAsync(0);
		expect(listPodSandbox).toHaveBeenCalledTimes(2);
		poller[Symbol.dispose]();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(listPodSandbox).toHaveBeenCalledTimes(2);
	});

	it('waits while keys come, unless the person asks for it', async () => {
		const listPodSandbox = vi.fn(async () => []);
		const client = fakeClient({ listPodSandbox });
		const host = fakeHost(client);
		const quiet = (signal: AbortSignal) =>
			new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
		using poller = startPoller(host, client, { ...options, quiet });
		await vi.advanceTimersByTimeAsync(10_000);
		expect(listPodSandbox).not.toHaveBeenCalled();
		poller.refresh();
		await vi.advanceTimersByTimeAsync(0);
		expect(listPodSandbox).not.toHaveBeenCalled();
		poller.refreshNow();
		await vi.advanceTimersByTimeAsync(0);
		expect(listPodSandbox).toHaveBeenCalledTimes(1);
	});

	it('asks a runtime that is back for everything at once, its limits too', async () => {
		let dead = false;
		const listPodSandbox = vi.fn(async () => {
			if (dead) throw new UnavailableError('cannot list pods: nobody answers');
			return [];
		});
		const status = vi.fn(async () => ({ conditions: [], info: {} }) as never);
		const version = async () => ({ runtimeName: 'containerd', runtimeVersion: '2' }) as never;
		const client = fakeClient({ listPodSandbox, listContainers: async () => [], status, version }, images);
		const host = fakeHost(client);
		using poller = startPoller(host, client, options);
		await vi.advanceTimersByTimeAsync(200);
		dead = true;
		await vi.advanceTimersByTimeAsync(60_000);
		const asked = [listPodSandbox.mock.calls.length, status.mock.calls.length] as const;
		dead = false;
		poller.reconnected();
		await vi.advanceTimersByTimeAsync(0);
		expect(host.getState().connection.problem).toBeUndefined();
		expect(listPodSandbox).toHaveBeenCalledTimes(asked[0] + 1);
		expect(status).toHaveBeenCalledTimes(asked[1] + 1);
		expect(status).toHaveBeenLastCalledWith({ verbose: true }, expect.anything());
	});
});
