import { describe, expect, onTestFinished, test } from 'vitest';
import type { TransferEvent } from '../../src/cri/image-transfer.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { completed, openBesidePodman, stagedNames } from '../helpers/image-runtime.ts';
import { podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { buildVariedImage, layerOf, randomBytes } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements);

describe.skipIf(missing)(`pull from registries that lie${missing ?? ''}`, () => {
	async function fakes(count: number): Promise<readonly FakeRegistry[]> {
		const registries = await Promise.all(Array.from({ length: count }, () => startFakeRegistry()));
		for (const registry of registries) onTestFinished(() => registry.stop());
		return registries;
	}

	const image = buildVariedImage({
		layers: [
			layerOf([{ path: 'f', content: randomBytes(3 * 2 ** 20, 5) }]),
			layerOf([{ path: 'g', content: 'g' }]),
		],
	});
	const [, layer] = image.blobs;
	const where = layer?.digest ?? '';
	const fetchLimits = { maxIdleTries: 2, maxBreaks: 5, stallMs: 500, retryMs: 10 };

	test.each([
		['stalls', { kind: 'stall', afterBytes: 1_000_000 }],
		['drops', { kind: 'drop', afterBytes: 1_000_000 }],
		['cuts off', { kind: 'truncate', afterBytes: 1_000_000 }],
		['corrupts', { kind: 'corrupt', atByte: 2_000_000 }],
		['lengthens', { kind: 'lengthen', extraBytes: 10 }],
	] as const)('a mirror that %s a blob is survived', async (_, fault) => {
		const [mirror, primary] = await fakes(2);
		if (mirror === undefined || primary === undefined) throw new Error('no registries');
		for (const registry of [mirror, primary]) await registry.push('app', '1', image);
		mirror.fault({ on: 'blob', where, times: 1, fault });
		mirror.fault({ on: 'blob', where, fault: { kind: 'status', status: 404 } });
		const { podman, transfers } = await openBesidePodman({
			fetchLimits,
			registriesConf: `[[registry]]
location = "${primary.host}"
insecure = true
[[registry.mirror]]
location = "${mirror.host}"
insecure = true
`,
		});
		const events: TransferEvent[] = [];
		for await (const event of transfers.pull({ image: `${primary.host}/app:1` })) events.push(event);
		expect(events.at(-1)).toMatchObject({ kind: 'completed', imageId: image.imageId });
		expect(events.some(({ kind }) => kind === 'note')).toBe(true);
		const asked = primary.requests.filter(({ part }) => part === 'blob').map(({ url }) => url);
		expect(new Set(asked)).toEqual(new Set([`/v2/app/blobs/${where}`]));
		expect(await podman.checkStore()).toEqual([image.imageId]);
		expect(stagedNames(podman.graphRoot)).toEqual([]);
	});

	test.each([
		['wrong bytes', { kind: 'corrupt', atByte: 5 }, /has the digest|digest/],
		['a blob that is too long', { kind: 'lengthen', extraBytes: 1 }, /bytes instead of/],
		['a blob that ends early, always', { kind: 'truncate', afterBytes: 0 }, /broke after 0 of/],
		['a login page', { kind: 'html' }, /captive portal/],
	] as const)(
		'%s from the only registry is refused, and the store stays whole',
		async (_, fault, message) => {
			const [registry] = await fakes(1);
			if (registry === undefined) throw new Error('no registry');
			await registry.push('app', '1', image);
			registry.fault({ on: 'blob', where, fault });
			const { podman, transfers, store } = await openBesidePodman({ insecure: [registry.host], fetchLimits });
			const error = await completed(transfers.pull({ image: `${registry.host}/app:1` })).catch(
				(e: unknown) => e,
			);
			expect(String(error)).toMatch(message);
			expect(String(error)).toContain(where);
			expect(await store.listLayers()).toEqual([]);
			expect(stagedNames(podman.graphRoot)).toEqual([]);
			expect(await podman.checkStore()).toEqual([]);
		},
	);
});
