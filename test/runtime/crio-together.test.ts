/** CRI-O, Podman and `criscope serve` change one store at the same time. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CriClient } from '../../src/cri/ports.ts';
import { seededRandom } from '../helpers/random.ts';
import {
	missingForSharedStore as missing,
	type SharedStore,
	startSharedStore,
} from '../helpers/shared-store.ts';
import { readStoreFiles } from '../helpers/store-files.ts';

const seconds = Number(process.env['CRISCOPE_TOGETHER_SECONDS'] ?? 8);
const seed = Number(process.env['CRISCOPE_SEED'] ?? Date.now() % 2 ** 31);

type Step = readonly [what: string, work: () => Promise<unknown>];

/** What may go wrong when several change the same thing: it is gone already, or in use at the moment. Nothing else may. */
const expected =
	/uses it|size is not known|cannot specify 64-byte hexadecimal|image not known|no such image|not found|is not here|in use|image is being used|no such object|identifier is not an? (?:image|layer)|could not find|layer not known|does not resolve to an image/i;

describe.skipIf(missing)(`CRI-O, Podman and we at once on one store${missing ?? ''}`, () => {
	let store: SharedStore;
	beforeAll(async () => {
		store = await startSharedStore('criosall');
	}, 120_000);
	afterAll(() => store?.stop());

	/**
	 * No containers here: a Podman that ends while it knows of none unmounts `overlay/`, and with it the root filesystems of CRI-O's
	 * (those two do so without us as well).
	 */
	test(
		`change it together for ${seconds} s, and no name is lost`,
		async () => {
			const images = await Promise.all(['one', 'two', 'three'].map(store.fresh));
			const own = await Promise.all(
				['ours', ...store.podmans.map((_, index) => `podman${index}`)].map(store.fresh),
			);
			for (const image of own) await store.ours().images.pullImage({ image });
			const untilMs = Date.now() + seconds * 1000;
			const run = randomUUID().slice(0, 8);
			const faults: string[] = [];
			const given = new Map(own.map((image) => [image, new Set([image])]));
			const done: Record<string, number> = {};

			/** Rounds of one of them until the time is up. */
			const rounds = async (
				who: string,
				place: number,
				round: (image: string, chance: () => boolean, tag: string) => readonly Step[],
			) => {
				const random = seededRandom(seed + place);
				for (let step = 0; Date.now() < untilMs; step += 1) {
					const image = images[Math.floor(random() * images.length)] as string;
					const tag = `localhost/${who}-${run}:${step}`;
					for (const [what, work] of round(image, () => random() < 0.5, tag)) {
						await work().catch((error: unknown) => {
							const text = error instanceof Error ? error.message : String(error);
							if (!expected.test(text)) faults.push(`${what} of ${who}: ${text}`);
						});
					}
					done[who] = step + 1;
				}
			};
			const listThem = (client: CriClient): Step => ['list', () => client.images.listImages()];
			await Promise.all([
				rounds('us', 0, (image, chance, tag) => [
					[
						'tag',
						() =>
							give(own[0] ?? '', tag, () => store.ours().transfers.tagImage({ image: own[0] ?? '', tag })),
					],
					['pull', () => store.ours().images.pullImage({ image })],
					listThem(store.ours()),
					...(chance() ? ([['removal', () => store.ours().images.removeImage(image)]] as const) : []),
					...(chance()
						? ([
								[
									'untag',
									() =>
										take(own[0] ?? '', tag, () =>
											store.ours().transfers.untagImage({ image: own[0] ?? '', tags: [tag] }),
										),
								],
							] as const)
						: []),
				]),
				rounds('CRI-O', 1, (image, chance) => [
					['pull', () => store.theirs().images.pullImage({ image })],
					listThem(store.theirs()),
					...(chance() ? ([['removal', () => store.theirs().images.removeImage(image)]] as const) : []),
				]),
				...store.podmans.map((one, index) => {
					const mine = own[1 + index] ?? '';
					return rounds(`podman${index}`, 2 + index, (image, chance, tag) => [
						['tag', () => give(mine, tag, () => one.run('tag', mine, tag))],
						['pull', () => one.pull(image)],
						['list', () => one.images()],
						...(chance() ? ([['removal', () => one.rmi(image)]] as const) : []),
						...(chance()
							? ([['untag', () => take(mine, tag, () => one.run('untag', mine, tag))]] as const)
							: []),
					]);
				}),
			]);
			async function give(image: string, tag: string, work: () => Promise<unknown>): Promise<void> {
				await work();
				given.get(image)?.add(tag);
			}
			async function take(image: string, tag: string, work: () => Promise<unknown>): Promise<void> {
				await work();
				given.get(image)?.delete(tag);
			}

			const told = `CRISCOPE_SEED=${seed}, ${JSON.stringify(done)}`;
			expect(faults, told).toEqual([]);
			await store.removeTheirs();
			const { images: stored } = readStoreFiles(store.rig.serve.graphRoot);
			for (const [image, names] of given) {
				const all = [...stored.values()].find((some) => some.includes(image)) ?? [];
				const kept = all.filter((name) => name === image || name.includes(run));
				expect([...kept].sort(), told).toEqual([...names].sort());
			}
			await store.expectAgreement();
			for (const one of store.podmans) await one.checkStore();
			for (const { id } of await store.ours().images.listImages())
				expect((await store.ours().transfers.describeImage(id)).damages, told).toEqual([]);
			await store.expectWhole();
		},
		seconds * 1000 + 240_000,
	);
});
