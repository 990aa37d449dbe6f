import { describe, expect, test } from 'vitest';
import { CriError, UnimplementedError } from '../../../../src/cri/errors.ts';
import { imageId } from '../../../../src/cri/ids.ts';
import type { ImageTransferService, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import type { ImageService } from '../../../../src/cri/ports.ts';
import { completed, layer, resolved } from '../transfer-fixtures.ts';

import { imageFsInfo, noAuth, pulls } from './pull-harness.ts';

/** A pull that tells `events` one after the other, then ends as `end` says. */
function telling(events: readonly TransferEvent[], end: () => Promise<void> = async () => {}) {
	const calls: unknown[] = [];
	const transfers: Partial<ImageTransferService> = {
		async *pullImage(request, options) {
			calls.push({ request, options });
			yield* events;
			await end();
		},
	};
	return { calls, transfers };
}

const noPlainPull: Partial<ImageService> = {
	pullImage: () => Promise.reject(new Error('a second pull was begun')),
	imageFsInfo: () => Promise.reject(new Error('the growth of the store was asked for')),
};

describe('a runtime that tells how far it is', () => {
	test('is believed: layers, result, no estimate and no second pull', async () => {
		const moving = layer(0, { state: 'transferring', transferredBytes: 500, totalBytes: 1_000 });
		const { calls, transfers } = telling([
			resolved([layer(0)]),
			{ kind: 'layer', layer: moving },
			{ kind: 'note', text: 'mirror-a failed' },
			{ kind: 'layer', layer: { ...moving, state: 'done', transferredBytes: 1_000 } },
			completed('sha256:spare'),
		]);
		const { effects, task, until, state } = pulls(noPlainPull, noAuth, transfers);
		effects.beginAs('spare:1', { username: 'u', password: 'p' });
		expect(task()?.telling).toBe('asked');
		await until(() => task()?.state === 'done');
		expect(task()).toMatchObject({
			telling: 'told',
			growthBytes: undefined,
			result: { imageId: 'sha256:spare', sizeBytes: 10_000_000n, unchanged: false },
			transfer: { notes: ['mirror-a failed'], layers: [{ state: 'done', transferredBytes: 1_000 }] },
		});
		expect(calls).toMatchObject([{ request: { image: 'spare:1', auth: { username: 'u', password: 'p' } } }]);
		expect(state().notices.current?.text).toMatch(/^Pulled spare:1, 9\.5 MiB in/);
	});

	test('an image that was there already is said to be', async () => {
		const { transfers } = telling([resolved([]), completed('sha256:spare', true)]);
		const { effects, task, until, state } = pulls(noPlainPull, noAuth, transfers);
		effects.begin('spare:1');
		await until(() => task()?.state === 'done');
		expect(state().notices.current?.text).toMatch(/was up to date/);
	});

	test.each([
		['before its first word', []],
		['in the middle', [resolved([layer(0)])]],
	])('an error %s is the error of the pull', async (_when, events) => {
		const { transfers } = telling(events, () =>
			Promise.reject(new CriError('unknown', 'cannot pull image "r.io/a": 401 Unauthorized')),
		);
		const { effects, task, until } = pulls(noPlainPull, noAuth, transfers);
		effects.begin('r.io/a');
		await until(() => task()?.state === 'failed');
		expect(task()?.problem?.kind).toBe('unauthorized');
	});

	test('Unimplemented after the first word is an error, not a reason to pull again', async () => {
		const { transfers } = telling([resolved([layer(0)])], () =>
			Promise.reject(new UnimplementedError('cannot unpack: unimplemented')),
		);
		const { effects, task, until } = pulls(noPlainPull, noAuth, transfers);
		effects.begin('r.io/a');
		await until(() => task()?.state === 'failed');
		expect(task()?.transfer?.layers).toHaveLength(1);
	});

	test('one that ends without a result has failed', async () => {
		const { transfers } = telling([resolved([layer(0)])]);
		const { effects, task, until } = pulls(noPlainPull, noAuth, transfers);
		effects.begin('r.io/a');
		await until(() => task()?.state === 'failed');
		expect(task()?.problem?.text).toContain('without saying that the image is complete');
	});

	test('cancelling ends the stream and stays cancelled', async () => {
		const ended = Promise.withResolvers<void>();
		const { effects, task, until } = pulls(noPlainPull, noAuth, {
			async *pullImage(_request, options) {
				try {
					yield resolved([layer(0)]);
					await new Promise((_, reject) => {
						options?.signal?.addEventListener('abort', () =>
							reject(new DOMException('cancelled', 'AbortError')),
						);
					});
				} finally {
					ended.resolve();
				}
			},
		});
		effects.begin('a:1');
		await until(() => task()?.transfer !== undefined);
		effects.cancel(1);
		await ended.promise;
		await Promise.resolve();
		expect(task()).toMatchObject({ state: 'cancelled', transfer: { layers: [{ index: 0 }] } });
	});

	test('a storm of events becomes few changes of the state', async () => {
		const storm = Array.from({ length: 20_000 }, (_, at): TransferEvent => {
			const progress = layer(at % 40, { state: 'transferring', transferredBytes: at });
			return { kind: 'layer', layer: progress };
		});
		const { transfers } = telling([resolved([]), ...storm, completed('sha256:spare')]);
		const ui = pulls(noPlainPull, noAuth, transfers, 1_000);
		let changes = 0;
		ui.store.onEvent((_state, { event }) => {
			if (event.kind === 'pullProgressed') changes++;
		});
		ui.effects.begin('spare:1');
		await ui.until(() => ui.task()?.state === 'done');
		expect(changes).toBeLessThanOrEqual(5);
		expect(ui.task()?.transfer?.layers.at(-1)).toMatchObject({ index: 39, transferredBytes: 19_999 });
	});
});

test('a runtime that cannot tell is asked once, then pulls as ever', async () => {
	let asked = 0;
	const { effects, task, until } = pulls(
		{ imageFsInfo, pullImage: async () => imageId('sha256:spare') },
		noAuth,
		{
			// biome-ignore lint/correctness/useYield: it fails before its first word
			async *pullImage() {
				asked++;
				throw new UnimplementedError('unknown service criscope.v1.ImageTransferService');
			},
		},
	);
	effects.begin('spare:1');
	expect(task()?.telling).toBe('asked');
	await until(() => task()?.state === 'done');
	expect(task()).toMatchObject({ telling: 'mute', transfer: undefined });
	effects.begin('other:1');
	expect(task()?.telling).toBe('mute');
	await until(() => task()?.state === 'done');
	expect(asked).toBe(1);
});
