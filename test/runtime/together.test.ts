import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { seededRandom } from '../helpers/random.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { completion } from '../helpers/transfer-events.ts';

const seconds = Number(process.env['CRISCOPE_TOGETHER_SECONDS'] ?? 15);
const seed = Number(process.env['CRISCOPE_SEED'] ?? Date.now() % 2 ** 31);
const missing = whatIsMissing(...podmanRequirements, 'docker-registry');

/**
 * What may go wrong when two change the same thing: it is gone already, also between two looks of one command, or in use at
 * the moment. Nothing else may.
 */
const expected =
	/uses it|size is not known|cannot specify 64-byte hexadecimal|image not known|no such image|not found|in use|image is being used|no such object|identifier is not an image|could not find|layer not known/i;

/** Podman and we pull, tag, untag, remove and run on one store at the same time. */
describe.skipIf(missing)(`Podman and we on one store${missing ?? ''}`, () => {
	let dir: string;
	let registry: Registry;
	let serve: Serve;
	let podman: Podman;
	const images = ['one', 'two', 'three'];

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-together-');
		registry = await startRegistry({ dir: path.join(dir, 'registry') });
		serve = await startServe({ dir: path.join(dir, 'serve'), insecureHosts: [registry.host] });
		podman = openPodman({
			dir: path.join(dir, 'podman'),
			graphRoot: serve.graphRoot,
			runRoot: serve.runRoot,
		});
		for (const name of [...images, 'ours', 'podmans'])
			await registry.push(`both/${name}`, '1', smallImage(name));
		await pull(nameOf('ours'));
		await pull(nameOf('podmans'));
	});
	afterAll(async () => {
		await serve?.stop();
		await podman?.stop();
		await registry?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	const nameOf = (image: string) => `${registry.host}/both/${image}:1`;
	const pull = async (image: string) =>
		void (await completion(serve.client().transfers.pullImage({ image })));

	/** Errors that are no race between the two. */
	const faults: string[] = [];
	const tolerant = async (what: string, work: () => Promise<unknown>) => {
		try {
			await work();
			return true;
		} catch (error) {
			const text = error instanceof Error ? error.message : String(error);
			if (!expected.test(text)) faults.push(`${what}: ${text}`);
			return false;
		}
	};

	test(
		`for ${seconds} s, and no name is lost`,
		async () => {
			const untilMs = Date.now() + seconds * 1000;
			// A second try finds the names that the first one left.
			const run = randomUUID().slice(0, 8);
			/**
			 * Names given and not taken back, to an image of each one's own: `podman tag` of 4.3 writes all names of an
			 * image as it has read them a moment before, and loses even those that another Podman gave.
			 */
			const given = { ours: new Set([nameOf('ours')]), podmans: new Set([nameOf('podmans')]) };
			const done = { ours: 0, podmans: 0 };

			const ours = async (stream: number) => {
				const random = seededRandom(seed + stream);
				for (let step = 0; Date.now() < untilMs; step += 1) {
					const image = nameOf(images[Math.floor(random() * images.length)] as string);
					const { transfers, images: service } = serve.client();
					const tag = `localhost/ours-${run}:${stream}-${step}`;
					await transfers.tagImage({ image: nameOf('ours'), tag });
					given.ours.add(tag);
					await tolerant('our pull', () => pull(image));
					await tolerant('our list', () => service.listImages());
					if (random() < 0.5) await tolerant('our remove', () => service.removeImage(image));
					if (random() < 0.5) {
						await transfers.untagImage({ image: nameOf('ours'), tags: [tag] });
						given.ours.delete(tag);
					}
					done.ours += 1;
				}
			};
			const podmans = async () => {
				const random = seededRandom(seed + 99);
				for (let step = 0; Date.now() < untilMs; step += 1) {
					const image = nameOf(images[Math.floor(random() * images.length)] as string);
					const tag = `localhost/podmans-${run}:${step}`;
					await podman.run('tag', nameOf('podmans'), tag);
					given.podmans.add(tag);
					await tolerant("Podman's pull", () => podman.pull(image));
					await tolerant("Podman's run", async () => {
						expect(await podman.runContainer(image, ['echo', 'alive'])).toBe('alive\n');
					});
					if (random() < 0.5) await tolerant("Podman's removal", () => podman.rmi(image));
					if (random() < 0.5) {
						await podman.run('untag', nameOf('podmans'), tag);
						given.podmans.delete(tag);
					}
					done.podmans += 1;
				}
			};
			await Promise.all([ours(1), ours(2), podmans()]);

			const told = `CRISCOPE_SEED=${seed}, ${JSON.stringify(done)}`;
			expect(faults, told).toEqual([]);
			expect(Math.min(done.ours, done.podmans), told).toBeGreaterThan(0);
			const { problems, images: stored } = readStoreFiles(serve.graphRoot);
			expect(problems, told).toEqual([]);
			for (const who of ['ours', 'podmans'] as const) {
				const all = [...stored.values()].find((some) => some.includes(nameOf(who))) ?? [];
				const names = all.filter((name) => name === nameOf(who) || name.includes(run));
				expect([...names].sort(), told).toEqual([...given[who]].sort());
			}
			const seen = await podman.checkStore();
			const listed = await serve.client().images.listImages();
			expect(listed.map(({ id }) => id.replace('sha256:', '')).sort()).toEqual([...seen].sort());
			for (const { id } of listed) {
				expect((await serve.client().transfers.describeImage(id)).damages).toEqual([]);
			}
		},
		seconds * 1000 + 90_000,
	);
});
