import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mountPointsBelow } from '../helpers/mounts.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { processTree } from '../helpers/process-tree.ts';
import { seededRandom } from '../helpers/random.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { skopeoCopy, skopeoDigest } from '../helpers/skopeo.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { completion, loadFile } from '../helpers/transfer-events.ts';
import { buildVariedImage, layerOf, manyFiles, type VariedImage } from '../helpers/varied-images.ts';

/** How often in all; 200 is what the project promises. */
const kills = Number(process.env['CRISCOPE_KILLS'] ?? 16);
const seed = Number(process.env['CRISCOPE_SEED'] ?? Date.now() % 2 ** 31);
const missing = whatIsMissing(...podmanRequirements, 'docker-registry', 'skopeo', 'unshare');

const operations = ['pull', 'push', 'load', 'remove'] as const;
type Operation = (typeof operations)[number];

/**
 * SIGKILL to `criscope serve` and its helpers amid pull, push, load and remove. After each, Podman and we must be able to
 * use all of the store, the operation must succeed when it is tried again, and nothing may be left over.
 */
describe.skipIf(missing)(`kill -9${missing ?? ''}`, () => {
	let dir: string;
	let registry: Registry;
	let serve: Serve;
	let podman: Podman;
	let subject: VariedImage;
	let name: string;
	let archive: string;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-kill-');
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		serve = await startServe({ dir: path.join(dir, 'serve'), insecureHosts: [registry.host] });
		podman = openPodman({
			dir: path.join(dir, 'podman'),
			graphRoot: serve.graphRoot,
			runRoot: serve.runRoot,
		});
		const base = layerOf(manyFiles({ folder: 'usr', files: 900, totalBytes: 9_000_000, seed: 11 }));
		const top = layerOf(manyFiles({ folder: 'opt', files: 500, totalBytes: 4_000_000, seed: 5000 }));
		subject = buildVariedImage({ layers: [base, top, layerOf([{ path: 'last', content: 'x' }])] });
		await registry.push('kill/subject', '1', subject);
		// Two that stay: one shares layers with the subject, one shares none.
		await registry.push('kill/sibling', '1', buildVariedImage({ layers: [base] }));
		await registry.push('kill/other', '1', smallImage('other'));
		name = `${registry.host}/kill/subject:1`;
		archive = path.join(dir, 'subject.tar');
		await skopeoCopy(`docker://${name}`, `docker-archive:${archive}:${name}`);
		await pull(`${registry.host}/kill/sibling:1`);
		await pull(`${registry.host}/kill/other:1`);
	});
	afterAll(async () => {
		await serve?.stop();
		await podman?.stop();
		await registry?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const pull = async (image: string) =>
		void (await completion(serve.client().transfers.pullImage({ image })));
	const remove = (image: string) => serve.client().images.removeImage(image);
	const isThere = () => readStoreFiles(serve.graphRoot).images.has(subject.imageId);

	/** What each operation does, and whether it begins with the image. */
	const run: Readonly<Record<Operation, (round: number) => Promise<unknown>>> = {
		pull: () => pull(name),
		// A repository of its own each time: else there is nothing to send.
		push: (round) =>
			completion(
				serve
					.client()
					.transfers.pushImage({ image: name, destination: `${registry.host}/pushed/r${round}:1` }),
			),
		load: () => loadFile(serve.client().transfers, archive),
		remove: () => remove(name),
	};
	const beginsWithImage: Readonly<Record<Operation, boolean>> = {
		pull: false,
		push: true,
		load: false,
		remove: true,
	};

	async function bringTo(present: boolean): Promise<void> {
		if (present && !isThere()) await pull(name);
		if (!present && isThere()) await remove(name);
	}

	/** All that is in the store can be used, by Podman and by us. */
	async function checkEverything(): Promise<void> {
		const seen = await podman.checkStore();
		const listed = await serve.client().images.listImages();
		expect(listed.map(({ id }) => id.replace('sha256:', '')).sort()).toEqual([...seen].sort());
		for (const { id } of listed) {
			const { damages } = await serve.client().transfers.describeImage(id);
			expect(damages).toEqual([]);
		}
	}

	async function killOnce(operation: Operation, round: number, afterMs: number): Promise<void> {
		await bringTo(beginsWithImage[operation]);
		const helpers = processTree(serve.pid());
		const work = run[operation](round).then(
			() => 'finished',
			() => 'cut off',
		);
		await delay(afterMs);
		await serve.kill9();
		await work;
		expect(helpers.filter((pid) => processTree(pid).length > 0)).toEqual([]);
		// In turns Podman is the first to find what was left, and we.
		if (round % 2 === 0) await podman.checkStore();
		await serve.start();
		await checkEverything();
		await run[operation](round);
		expect(readStoreFiles(serve.graphRoot).problems).toEqual([]);
		expect(isThere()).toBe(operation !== 'remove');
		if (operation === 'push') {
			expect(await skopeoDigest(`${registry.host}/pushed/r${round}:1`)).toBe(subject.manifestDigest);
		}
		expect(mountPointsBelow(dir).filter((mount) => mount !== `${serve.graphRoot}/overlay`)).toEqual([]);
	}

	test(
		`${kills} times at random moments of ${operations.join(', ')}`,
		async () => {
			const random = seededRandom(seed);
			const durationsMs = new Map<Operation, number>();
			for (const [index, operation] of operations.entries()) {
				await bringTo(beginsWithImage[operation]);
				const startedMs = performance.now();
				await run[operation](1_000_000 + index);
				durationsMs.set(operation, performance.now() - startedMs);
			}
			for (let round = 0; round < kills; round += 1) {
				const operation = operations[round % operations.length] as Operation;
				const afterMs = random() * 1.1 * (durationsMs.get(operation) ?? 0);
				try {
					await killOnce(operation, round, afterMs);
				} catch (error) {
					const where = `round ${round}, ${operation} killed after ${afterMs.toFixed(1)} ms, CRISCOPE_SEED=${seed}`;
					throw new Error(`${where}: ${error instanceof Error ? error.message : String(error)}`, {
						cause: error,
					});
				}
			}
			// Whatever was begun and killed, removing all leaves nothing behind.
			for (const { id } of await serve.client().images.listImages()) await remove(id);
			const { images, layerIds, problems } = readStoreFiles(serve.graphRoot);
			expect({ images: images.size, layerIds, problems }).toEqual({ images: 0, layerIds: [], problems: [] });
		},
		60_000 + kills * 15_000,
	);
});
