/** CRI-O, Podman and `criscope serve` on one store: each sees, runs and removes what the others have made. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nothing } from '../helpers/pod-rig.ts';
import {
	missingForSharedStore as missing,
	type SharedStore,
	startSharedStore,
} from '../helpers/shared-store.ts';

describe.skipIf(missing)(`CRI-O, Podman and we on one store${missing ?? ''}`, () => {
	let store: SharedStore;
	beforeAll(async () => {
		store = await startSharedStore('crios');
	}, 120_000);
	afterAll(() => store?.stop());

	test('list what each has pulled alike, and see tags at once', { timeout: 120_000 }, async () => {
		const [byUs, byThem, byPodman] = [
			await store.fresh('us'),
			await store.fresh('them'),
			await store.fresh('podman'),
		];
		await store.ours().images.pullImage({ image: byUs });
		await store.theirs().images.pullImage({ image: byThem });
		await store.podmans.at(-1)?.pull(byPodman);
		const listed = (await store.expectAgreement()).join('\n');
		for (const image of [byUs, byThem, byPodman]) expect(listed).toContain(image);

		for (const tag of ['localhost/tagged:1', 'localhost/tagged:2']) {
			await store.ours().transfers.tagImage({ image: byThem, tag });
			expect((await store.theirs().images.imageStatus(tag, { verbose: false })).image?.repoTags).toContain(
				byThem,
			);
		}
		await store.podmans[0].run('untag', byThem, 'localhost/tagged:1');
		await store.ours().transfers.untagImage({ image: byThem, tags: ['localhost/tagged:2'] });
		await store.podmans[0].run('tag', byUs, 'localhost/tagged:3');
		for (const { images } of [store.ours(), store.theirs()]) {
			for (const gone of ['localhost/tagged:1', 'localhost/tagged:2'])
				expect((await images.imageStatus(gone, { verbose: false })).image).toBeUndefined();
			expect((await images.imageStatus('localhost/tagged:3', { verbose: false })).image?.repoTags).toContain(
				byUs,
			);
		}
		await store.expectAgreement();
		await store.expectWhole();

		// What one pulled, another removes.
		await store.theirs().images.removeImage('localhost/tagged:3');
		await store.theirs().images.removeImage(byUs);
		await store.ours().images.removeImage(byThem);
		await store.podmans[0].rmi(byPodman);
		expect((await store.expectAgreement()).join('\n')).not.toMatch(/\/(?:us|them|podman)-/);
		await store.expectWhole();
	});

	test('run from each other’s images, and hold them', { timeout: 120_000 }, async () => {
		const [byUs, byThem] = [await store.fresh('us'), await store.fresh('them')];
		await store.ours().images.pullImage({ image: byUs });
		await store.theirs().images.pullImage({ image: byThem });
		const onThem = await store.runOn(store.theirs, byUs);
		const onUs = await store.runOn(store.ours, byThem);
		for (const one of [onThem, onUs]) expect(await one.sh('echo kept > /tmp/k; cat /tmp/k')).toBe('kept\n');
		await expect(store.ours().images.removeImage(byUs)).rejects.toThrow(/container .* uses it/);
		await expect(store.theirs().images.removeImage(byThem)).rejects.toThrow(/in use/i);
		for (const one of store.podmans) {
			await expect(one.rmi(byThem)).rejects.toThrow(/in use/);
			// Podman 4.3 does not know the file in which CRI-O records its containers.
			if (one === store.podmans[0]) continue;
			await expect(one.rmi(byUs)).rejects.toThrow(/in use/);
			await one.run('image', 'prune', '--all', '--force');
		}
		// Nor does either take the other's containers for its own.
		expect((await store.theirs().runtime.listContainers()).map(({ id }) => id)).toEqual([onThem.id]);
		expect((await store.ours().runtime.listContainers()).map(({ id }) => id)).toEqual([onUs.id]);
		await store.expectAgreement();
		await store.expectWhole();
		for (const one of [onThem, onUs]) expect(await one.sh('cat /tmp/k')).toBe('kept\n');
		await onThem.remove();
		await onUs.remove();
		await store.ours().images.removeImage(byUs);
		await store.theirs().images.removeImage(byThem);
		await store.expectAgreement();
		await store.expectWhole();
	});

	test('leave each other’s containers alone when they are restarted, killed and wiped', {
		timeout: 180_000,
	}, async () => {
		const image = await store.fresh('both');
		await store.ours().images.pullImage({ image });
		const onUs = await store.runOn(store.ours, image);
		let onThem = await store.runOn(store.theirs, image);
		const lives = async () => {
			for (const one of [onUs, onThem]) expect(await one.sh('echo alive')).toBe('alive\n');
			await store.expectWhole();
		};
		await store.rig.serve.restart();
		await store.rig.ready();
		await lives();
		await store.rig.serve.kill9();
		await store.rig.serve.start();
		await store.rig.ready();
		await lives();

		// Killed, it checks the whole store when it comes back, and repairs what it takes for damage.
		await store.crio().kill9();
		await store.startTheirs();
		await lives();
		await onThem.remove();
		// Its wipe takes its own containers only, and no image that is in use; after an unclean end it would take the store.
		await store.crio()[Symbol.asyncDispose]();
		await store.crio().command('wipe', '--force');
		await store.startTheirs();
		onThem = await store.runOn(store.theirs, image);
		await lives();
		await onThem.remove();
		await onUs.remove();
		expect(store.rig.leftovers()).toEqual(nothing);
		await store.expectAgreement();
		await store.expectWhole();
	});
});
