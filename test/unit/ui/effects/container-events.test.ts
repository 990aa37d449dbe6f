import { describe, expect, it, vi } from 'vitest';
import type { ContainerEvent } from '../../../../src/cri/model.ts';
import { subscribeContainerEvents } from '../../../../src/ui/effects/container-events.ts';
import { fakeClient } from './fake-host.ts';

const version = (runtimeName: string, runtimeVersion: string) => async () => ({
	version: '0.1.0',
	runtimeName,
	runtimeVersion,
	runtimeApiVersion: 'v1',
});

async function* ended(): AsyncGenerator<ContainerEvent> {}

async function subscribedTo(name: string, of: string, kubelet: boolean): Promise<number> {
	const containerEvents = vi.fn(() => ended());
	await subscribeContainerEvents({
		client: fakeClient({ version: version(name, of), containerEvents }),
		signal: new AbortController().signal,
		mayBeServedByKubelet: async () => kubelet,
		onChange: () => undefined,
	});
	return containerEvents.mock.calls.length;
}

describe('subscribing to container events', () => {
	it('never happens beside a kubelet on a runtime that would rob it', async () => {
		expect(await subscribedTo('containerd', 'v1.7.20', true)).toBe(0);
		expect(await subscribedTo('cri-o', '1.36.3', true)).toBe(0);
	});

	it('happens beside a kubelet where everybody gets all events', async () => {
		expect(await subscribedTo('containerd', 'v2.1.0', true)).toBe(1);
	});

	it('happens where no kubelet listens, and a stream that ends at once is not asked again', async () => {
		expect(await subscribedTo('cri-o', '1.36.3', false)).toBe(1);
	});

	it('turns a burst of events into one refresh', async () => {
		vi.useFakeTimers();
		const abort = new AbortController();
		const onChange = vi.fn();
		async function* burst(): AsyncGenerator<ContainerEvent> {
			for (let count = 0; count < 50; count++) yield {} as ContainerEvent;
			await new Promise((_, reject) =>
				abort.signal.addEventListener('abort', () => reject(new Error('end'))),
			);
		}
		const done = subscribeContainerEvents({
			client: fakeClient({ containerEvents: burst }),
			signal: abort.signal,
			mayBeServedByKubelet: async () => false,
			onChange,
		});
		await vi.advanceTimersByTimeAsync(1_000);
		expect(onChange).toHaveBeenCalledTimes(1);
		abort.abort();
		await done;
		vi.useRealTimers();
	});
});
