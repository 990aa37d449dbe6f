/**
 * CRI-O, Podman (the machine's, and a 5.x where there is one) and `criscope serve` on one graph root and one run root. CRI-O is
 * found by `$CRIO` or on the PATH, the other Podman by `$PODMAN5`.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { type Crio, findCrio, startCrio } from '../helpers/crio.ts';
import { findJudge } from '../helpers/judges.ts';
import { nothing, type PodRig, privatePids, startPodRig } from '../helpers/pod-rig.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { seededRandom } from '../helpers/random.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';

const seconds = Number(process.env['CRISCOPE_TOGETHER_SECONDS'] ?? 8);
const seed = Number(process.env['CRISCOPE_SEED'] ?? Date.now() % 2 ** 31);
const programs = findCrio();
const newerPodman = findJudge('podman5');
const missing =
	programs === undefined
		? ' [skipped, missing: crio]'
		: whatIsMissing(...podmanRequirements, 'docker-registry', '/usr/lib/cni/bridge', '/bin/busybox');

type Step = readonly [what: string, work: () => Promise<unknown>];

/** What may go wrong when several change the same thing: it is gone already, or in use at the moment. Nothing else may. */
const expected =
	/uses it|size is not known|cannot specify 64-byte hexadecimal|image not known|no such image|not found|is not here|in use|image is being used|no such object|identifier is not an? (?:image|layer)|could not find|layer not known|does not resolve to an image/i;

describe.skipIf(missing)(`CRI-O, Podman and we on one store${missing ?? ''}`, () => {
	let rig: PodRig;
	let crio: Crio;
	let theirs: CriClient;
	let podman: Podman;
	/** 4.3, and 5.x where there is one. */
	let podmans: readonly Podman[];
	const undo = new AsyncDisposableStack();

	beforeAll(async () => {
		rig = await startPodRig('crios');
		undo.defer(() => rig.stop());
		const { graphRoot, runRoot } = rig.serve;
		const at = (name: string) => path.join(rig.dir, name);
		mkdirSync(at('net'));
		writeFileSync(
			at('net/10-lo.conflist'),
			JSON.stringify({ cniVersion: '1.0.0', name: 'lo', plugins: [{ type: 'loopback' }] }),
		);
		// What one Podman chose is remembered in the store, and the older one does not have the newer one's.
		const network = newerPodman === undefined ? undefined : 'network_backend = "cni"';
		podman = openPodman({ dir: at('podman'), graphRoot, runRoot, network });
		podmans =
			newerPodman === undefined
				? [podman]
				: [podman, openPodman({ dir: at('podman5'), graphRoot, runRoot, program: newerPodman })];
		for (const one of podmans) undo.defer(() => one.stop());
		// CRI-O makes the layer of a sandbox from it, and runs nothing of it.
		await rig.registry.push('pause', '3.9', smallImage('pause'));
		await startTheirs();
		undo.defer(async () => {
			await removeTheirs();
			theirs.close();
			await crio[Symbol.asyncDispose]();
		});
	}, 120_000);
	afterAll(() => undo.disposeAsync());

	async function startTheirs(): Promise<void> {
		theirs?.close();
		if (programs === undefined) return;
		const { graphRoot, runRoot } = rig.serve;
		const store = { graphRoot, runRoot };
		const dir = path.join(rig.dir, 'crio');
		const cniDir = path.join(rig.dir, 'net');
		crio = await startCrio(programs, { dir, registryHost: rig.registry.host, cniDir, store });
		theirs = createCriClient(crio.endpoint);
	}

	async function removeTheirs(): Promise<void> {
		const { runtime } = theirs;
		for (const { id, state } of await runtime.listContainers())
			if (state === 'running') await runtime.stopContainer(id, 0);
		for (const { id } of await runtime.listPodSandbox()) await runtime.removePodSandbox(id);
	}

	/** A new image in the registry. */
	async function fresh(word: string): Promise<string> {
		const repository = `${word}-${randomUUID().slice(0, 8)}`;
		await rig.registry.push(repository, '1', smallImage(repository));
		return `${rig.registry.host}/${repository}:1`;
	}

	const ours = () => rig.serve.client();

	/** What each of them lists, by its own words, as lines. */
	async function everybodysImages(): Promise<readonly (readonly string[])[]> {
		const line = (id: string, tags: readonly string[], digests: readonly string[]) =>
			`${id.replace('sha256:', '')} ${[...tags].sort().join()} ${[...digests].sort().join()}`;
		const byCri = async ({ images }: CriClient) =>
			(await images.listImages()).map(({ id, repoTags, repoDigests }) => line(id, repoTags, repoDigests));
		const byPodman = async (one: Podman) =>
			(await one.images()).map(({ Id, Names, RepoDigests }) => line(Id, Names ?? [], RepoDigests ?? []));
		const all = await Promise.all([byCri(ours()), byCri(theirs), ...podmans.map(byPodman)]);
		// Podman lists an image once for each of its names, with all of them.
		return all.map((lines) => [...new Set(lines)].sort());
	}

	async function expectAgreement(): Promise<readonly string[]> {
		const [first = [], ...others] = await everybodysImages();
		for (const other of others) expect(other).toEqual(first);
		return first;
	}

	/** Podman 5 and CRI-O read every file of every layer against its tar-split. */
	async function expectWhole(): Promise<void> {
		const { problems } = readStoreFiles(rig.serve.graphRoot);
		// Records of pods and containers, while there are some.
		expect(problems.filter((problem) => !problem.startsWith('criscope/'))).toEqual([]);
		const [, newer] = podmans;
		if (newer !== undefined && newerPodman !== undefined) {
			const { env } = newer;
			const said = await new Promise<string>((resolve) => {
				execFile(newerPodman, ['system', 'check'], { env }, (error, stdout, stderr) =>
					resolve(error === null ? '' : stdout + stderr),
				);
			});
			expect(said).toBe('');
		}
		expect(await crio.command('check')).not.toMatch(/damaged|errors? (?:were )?found/i);
	}

	/** A pod of the host's network with one container that waits. */
	async function runOn(client: () => CriClient, image: string) {
		const { runtime } = client();
		const name = `on-${randomUUID().slice(0, 8)}`;
		const linux = {
			securityContext: {
				namespaceOptions: { ...privatePids.securityContext.namespaceOptions, network: 'NODE' },
			},
		};
		const config = {
			metadata: { name, namespace: 'test', uid: name, attempt: 0 },
			logDirectory: path.join(rig.dir, 'logs', name),
			linux,
		};
		const podId = await runtime.runPodSandbox({ config, runtimeHandler: '' });
		const id = await runtime.createContainer({
			podSandboxId: podId,
			sandboxConfig: config,
			config: {
				metadata: { name, attempt: 0 },
				image: { image, userSpecifiedImage: image },
				command: ['/bin/sh', '-c', 'while :; do sleep 1; done'],
				logPath: 'c.log',
				linux,
			},
		});
		await runtime.startContainer(id);
		return {
			id,
			async sh(script: string): Promise<string> {
				const command = ['/bin/sh', '-c', script];
				const { stdout } = await client().runtime.execSync({ containerId: id, command, timeoutSeconds: 20 });
				return Buffer.from(stdout).toString();
			},
			async remove(): Promise<void> {
				// CRI-O waits for a container that ignores SIGTERM as long as its caller would.
				await client().runtime.stopContainer(id, 0);
				await client().runtime.stopPodSandbox(podId);
				await client().runtime.removePodSandbox(podId);
			},
		};
	}

	test('list what each has pulled alike, and see tags at once', { timeout: 120_000 }, async () => {
		const [byUs, byThem, byPodman] = [await fresh('us'), await fresh('them'), await fresh('podman')];
		await ours().images.pullImage({ image: byUs });
		await theirs.images.pullImage({ image: byThem });
		await podmans.at(-1)?.pull(byPodman);
		const listed = (await expectAgreement()).join('\n');
		for (const image of [byUs, byThem, byPodman]) expect(listed).toContain(image);

		for (const tag of ['localhost/tagged:1', 'localhost/tagged:2']) {
			await ours().transfers.tagImage({ image: byThem, tag });
			expect((await theirs.images.imageStatus(tag, { verbose: false })).image?.repoTags).toContain(byThem);
		}
		await podman.run('untag', byThem, 'localhost/tagged:1');
		await ours().transfers.untagImage({ image: byThem, tags: ['localhost/tagged:2'] });
		await podman.run('tag', byUs, 'localhost/tagged:3');
		for (const { images } of [ours(), theirs]) {
			for (const gone of ['localhost/tagged:1', 'localhost/tagged:2'])
				expect((await images.imageStatus(gone, { verbose: false })).image).toBeUndefined();
			expect((await images.imageStatus('localhost/tagged:3', { verbose: false })).image?.repoTags).toContain(
				byUs,
			);
		}
		await expectAgreement();
		await expectWhole();

		// What one pulled, another removes.
		await theirs.images.removeImage('localhost/tagged:3');
		await theirs.images.removeImage(byUs);
		await ours().images.removeImage(byThem);
		await podman.rmi(byPodman);
		expect((await expectAgreement()).join('\n')).not.toMatch(/\/(?:us|them|podman)-/);
		await expectWhole();
	});

	test('run from each other’s images, and hold them', { timeout: 120_000 }, async () => {
		const [byUs, byThem] = [await fresh('us'), await fresh('them')];
		await ours().images.pullImage({ image: byUs });
		await theirs.images.pullImage({ image: byThem });
		const onThem = await runOn(() => theirs, byUs);
		const onUs = await runOn(ours, byThem);
		for (const one of [onThem, onUs]) expect(await one.sh('echo kept > /tmp/k; cat /tmp/k')).toBe('kept\n');
		await expect(ours().images.removeImage(byUs)).rejects.toThrow(/container .* uses it/);
		await expect(theirs.images.removeImage(byThem)).rejects.toThrow(/in use/i);
		for (const one of podmans) {
			await expect(one.rmi(byThem)).rejects.toThrow(/in use/);
			// Podman 4.3 does not know the file in which CRI-O records its containers.
			if (one === podman) continue;
			await expect(one.rmi(byUs)).rejects.toThrow(/in use/);
			await one.run('image', 'prune', '--all', '--force');
		}
		// Nor does either take the other's containers for its own.
		expect((await theirs.runtime.listContainers()).map(({ id }) => id)).toEqual([onThem.id]);
		expect((await ours().runtime.listContainers()).map(({ id }) => id)).toEqual([onUs.id]);
		await expectAgreement();
		await expectWhole();
		for (const one of [onThem, onUs]) expect(await one.sh('cat /tmp/k')).toBe('kept\n');
		await onThem.remove();
		await onUs.remove();
		await ours().images.removeImage(byUs);
		await theirs.images.removeImage(byThem);
		await expectAgreement();
		await expectWhole();
	});

	test('leave each other’s containers alone when they are restarted, killed and wiped', {
		timeout: 180_000,
	}, async () => {
		const image = await fresh('both');
		await ours().images.pullImage({ image });
		const onUs = await runOn(ours, image);
		let onThem = await runOn(() => theirs, image);
		const lives = async () => {
			for (const one of [onUs, onThem]) expect(await one.sh('echo alive')).toBe('alive\n');
			await expectWhole();
		};
		await rig.serve.restart();
		await rig.ready();
		await lives();
		await rig.serve.kill9();
		await rig.serve.start();
		await rig.ready();
		await lives();

		// Killed, it checks the whole store when it comes back, and repairs what it takes for damage.
		await crio.kill9();
		await startTheirs();
		await lives();
		await onThem.remove();
		// Its wipe takes its own containers only, and no image that is in use; after an unclean end it would take the store.
		await crio[Symbol.asyncDispose]();
		await crio.command('wipe', '--force');
		await startTheirs();
		onThem = await runOn(() => theirs, image);
		await lives();
		await onThem.remove();
		await onUs.remove();
		expect(rig.leftovers()).toEqual(nothing);
		await expectAgreement();
		await expectWhole();
	});

	/**
	 * No containers here: a Podman that ends while it knows of none unmounts `overlay/`, and with it the root filesystems of CRI-O's
	 * (those two do so without us as well).
	 */
	test(
		`change it together for ${seconds} s, and no name is lost`,
		async () => {
			const images = await Promise.all(['one', 'two', 'three'].map(fresh));
			const own = await Promise.all(['ours', ...podmans.map((_, index) => `podman${index}`)].map(fresh));
			for (const image of own) await ours().images.pullImage({ image });
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
						() => give(own[0] ?? '', tag, () => ours().transfers.tagImage({ image: own[0] ?? '', tag })),
					],
					['pull', () => ours().images.pullImage({ image })],
					listThem(ours()),
					...(chance() ? ([['removal', () => ours().images.removeImage(image)]] as const) : []),
					...(chance()
						? ([
								[
									'untag',
									() =>
										take(own[0] ?? '', tag, () =>
											ours().transfers.untagImage({ image: own[0] ?? '', tags: [tag] }),
										),
								],
							] as const)
						: []),
				]),
				rounds('CRI-O', 1, (image, chance) => [
					['pull', () => theirs.images.pullImage({ image })],
					listThem(theirs),
					...(chance() ? ([['removal', () => theirs.images.removeImage(image)]] as const) : []),
				]),
				...podmans.map((one, index) => {
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
			await removeTheirs();
			const { images: stored } = readStoreFiles(rig.serve.graphRoot);
			for (const [image, names] of given) {
				const all = [...stored.values()].find((some) => some.includes(image)) ?? [];
				const kept = all.filter((name) => name === image || name.includes(run));
				expect([...kept].sort(), told).toEqual([...names].sort());
			}
			await expectAgreement();
			for (const one of podmans) await one.checkStore();
			for (const { id } of await ours().images.listImages())
				expect((await ours().transfers.describeImage(id)).damages, told).toEqual([]);
			await expectWhole();
		},
		seconds * 1000 + 240_000,
	);
});
