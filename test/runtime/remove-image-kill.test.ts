import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand, stageByHand } from '../helpers/commit-by-hand.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing(...podmanRequirements);
const program = fileURLToPath(new URL('./remove-image-program.ts', import.meta.url));

describe.skipIf(missing).each(['overlay', 'vfs'] as const)(
	`an image's removal cut short on %s${missing ?? ''}`,
	(driver) => {
		let podman: Podman;
		const open = (): Promise<Store> =>
			openStore({ sys: loadLibc(), graphRoot: podman.graphRoot, runRoot: podman.runRoot, driver });
		const journal = () => path.join(podman.graphRoot, 'criscope/removing.json');
		const commit = async (name: string) => {
			await using store = await open();
			return await commitByHand(store, smallImage(name), [`localhost/${name}:1`]);
		};
		const recordsOf = (kind: 'images' | 'layers'): readonly { id: string; created?: string }[] =>
			JSON.parse(
				readFileSync(path.join(podman.graphRoot, `${driver}-${kind}/${kind}.json`), 'utf8') || '[]',
			) ?? [];
		const layerFolders = () =>
			readdirSync(path.join(podman.graphRoot, driver, driver === 'vfs' ? 'dir' : '')).filter((name) =>
				/^[0-9a-f]{64}$/.test(name),
			);

		/** Runs the program. @returns what it wrote: how many steps there are; empty where it was killed. */
		function removeUntil(step: number, imageId: string): string {
			const { stdout, stderr, signal, status } = spawnSync(
				process.execPath,
				[program, podman.graphRoot, podman.runRoot, driver, imageId, String(step)],
				{ encoding: 'utf8' },
			);
			if (signal !== 'SIGKILL' && status !== 0) throw new Error(stderr);
			return stdout.trim();
		}

		beforeEach(() => {
			podman = openPodman({ storageDriver: driver });
		});
		afterEach(() => podman.stop());

		test('is finished when the store is opened again, whatever the step', { timeout: 600_000 }, async () => {
			const { id: imageId } = await commit('going');
			const steps = Number(removeUntil(-1, imageId));
			expect(steps).toBeGreaterThan(5);
			let orphaned = 0;
			for (let step = 1; step <= steps; step += driver === 'vfs' ? 2 : 1) {
				await commit('going');
				if (removeUntil(step, imageId) !== '') break;
				const wasThere = recordsOf('images').length > 0;
				if (!wasThere && recordsOf('layers').length > 0) orphaned += 1;
				if (step % 4 === 1) expect(await podman.images()).toHaveLength(wasThere ? 1 : 0);
				await using store = await open();
				expect(await store.check(), `killed before step ${step}`).toEqual([]);
				expect(await store.listImages(), `killed before step ${step}`).toHaveLength(wasThere ? 1 : 0);
				if (wasThere) await store.removeImage(imageId);
				expect(recordsOf('layers'), `killed before step ${step}`).toEqual([]);
				expect(layerFolders(), `killed before step ${step}`).toEqual([]);
				expect(existsSync(journal()), `killed before step ${step}`).toBe(false);
			}
			// Else this test has seen nothing.
			expect(orphaned).toBeGreaterThan(0);
		});

		/** The state of a store whose removal was killed after images.json was written. */
		async function cutShort(): Promise<{ readonly layerIds: readonly string[]; readonly imageId: string }> {
			const image = smallImage('half');
			await using store = await open();
			await store.commitLayers(await stageByHand(store, image));
			const created = new Map(recordsOf('layers').map((layer) => [layer.id, layer.created]));
			const layerIds = image.diffIds.map((_, depth) => store.layerIdOf(image.diffIds.slice(0, depth + 1)));
			const leaving = layerIds
				.toReversed()
				.map((id) => ({ id, image: image.imageId, created: created.get(id) }));
			writeFileSync(journal(), JSON.stringify(leaving));
			return { layerIds, imageId: image.imageId };
		}
		const layerIdsAfterOpening = async (): Promise<readonly string[]> => {
			await using _ = await open();
			expect(existsSync(journal())).toBe(false);
			return recordsOf('layers').map(({ id }) => id);
		};

		test('is finished by the next removal of a store that stays open', async () => {
			const next = await commit('next');
			await cutShort();
			const text = readFileSync(journal(), 'utf8');
			// Written after the store was opened, as by a removal that failed on a full disk.
			writeFileSync(journal(), '[]');
			await using again = await open();
			writeFileSync(journal(), text);
			await again.removeImage(next.id);
			expect(recordsOf('layers')).toEqual([]);
			expect(existsSync(journal())).toBe(false);
		});

		test('leaves layers that somebody made since', async () => {
			const { layerIds } = await cutShort();
			const text = readFileSync(journal(), 'utf8').replaceAll(/"created":"\d+/g, '"created":"1999');
			writeFileSync(journal(), text);
			expect(await layerIdsAfterOpening()).toEqual(layerIds);
		});

		test('leaves layers of an image that Podman has pulled again, or built upon', async () => {
			const { layerIds } = await cutShort();
			const text = readFileSync(journal(), 'utf8');
			writeFileSync(journal(), '[]');
			await commit('half');
			writeFileSync(journal(), text);
			expect(await layerIdsAfterOpening()).toEqual(layerIds);

			const container = (await podman.run('create', 'localhost/half:1', 'true')).trim();
			await podman.run('commit', '--quiet', container, 'localhost/built:1');
			await podman.run('rm', container);
			await podman.run('rmi', 'localhost/half:1');
			writeFileSync(journal(), text);
			expect(await layerIdsAfterOpening()).toEqual(expect.arrayContaining([...layerIds]));
			expect(await podman.images()).toHaveLength(1);
		});

		test('opens with a journal that is cut short', async () => {
			const { layerIds } = await cutShort();
			writeFileSync(journal(), '[{"id":');
			await using store = await open();
			expect((await store.listLayers()).map(({ id }) => id)).toEqual(layerIds);
		});
	},
);
