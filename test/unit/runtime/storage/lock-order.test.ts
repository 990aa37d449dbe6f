import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Store } from '../../../../src/runtime/storage/model.ts';
import { openStore } from '../../../../src/runtime/storage/open-store.ts';
import { recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const zeros = '0'.repeat(64);

/** A store that tells which lock files it asked for, in order. */
async function openTelling(): Promise<{ readonly store: Store; readonly locks: string[] }> {
	const dir = tempDir();
	const locks: string[] = [];
	const sys = recordingSys({
		lockFile(descriptor, mode) {
			locks.push(`${mode} ${path.basename(readlinkSync(`/proc/self/fd/${descriptor}`), '.lock')}`);
			return true;
		},
	});
	const store = await openStore({ sys, graphRoot: `${dir}/root`, runRoot: `${dir}/run`, driver: 'vfs' });
	return { store, locks };
}

test('a store claims itself, then Podman’s lock, then the tables', async () => {
	const { store, locks } = await openTelling();
	expect(locks).toEqual(['exclusive instance', 'exclusive storage', 'shared layers', 'shared images']);
	await store[Symbol.asyncDispose]();
});

test.each<[string, (store: Store) => Promise<unknown>, readonly string[]]>([
	[
		'removeImage',
		(store) => store.removeImage(zeros),
		['exclusive layers', 'exclusive images', 'shared containers'],
	],
	[
		'commitImage',
		(store) =>
			store.commitImage({
				manifest: Buffer.from('{}'),
				manifestDigest: `sha256:${zeros}`,
				config: Buffer.from('{}'),
				configDigest: `sha256:${zeros}`,
				topLayer: undefined,
				names: ['localhost/x:1'],
				createdAtNanos: 0n,
			}),
		['shared layers', 'exclusive images'],
	],
	['check', (store) => store.check(), ['shared layers', 'shared images', 'shared containers']],
	['findImage', (store) => store.findImage('x'), ['shared images']],
	['listContainers', (store) => store.listContainers(), ['shared containers']],
	['presentLayers', (store) => store.presentLayers([zeros]), ['shared layers']],
])('%s takes its locks in the order of c/storage', async (_, act, expected) => {
	const { store, locks } = await openTelling();
	locks.length = 0;
	await act(store);
	expect(locks).toEqual(expected);
	await store[Symbol.asyncDispose]();
});

test('an image without layers is committed, found by what it is called, and removed', async () => {
	const { store } = await openTelling();
	const config = Buffer.from('{"rootfs":{"diff_ids":[]}}');
	const image = {
		manifest: Buffer.from('{"config":{}}'),
		manifestDigest: `sha256:${'a'.repeat(64)}`,
		index: { bytes: Buffer.from('{"manifests":[]}'), digest: `sha256:${'b'.repeat(64)}` },
		config,
		configDigest: `sha256:${zeros}`,
		topLayer: undefined,
		names: ['docker.io/library/empty:1'],
		createdAtNanos: 1_767_323_045_000_000_000n,
	};
	const committed = await store.commitImage(image);
	expect([...committed.bigData.keys()]).toEqual([
		`sha256:${zeros}`,
		`manifest-sha256:${'b'.repeat(64)}`,
		`manifest-sha256:${'a'.repeat(64)}`,
		'manifest',
	]);
	expect(committed.createdAtNanos).toBe(1_767_323_045_000_000_000n);
	expect((await store.findImage(`empty@${image.index.digest}`))?.id).toBe(zeros);
	const again = await store.commitImage({ ...image, names: ['localhost/second:1'] });
	expect(again.names).toEqual(['localhost/second:1', 'docker.io/library/empty:1']);
	expect(await store.removeImage(zeros)).toEqual({
		untagged: again.names,
		removedImages: [zeros],
		removedLayers: [],
	});
	await expect(store.addNames(zeros, ['x:1'])).rejects.toThrow('it is not in the store');
	await expect(store.removeNames(zeros, ['x:1'])).rejects.toThrow('it is not in the store');
	await store[Symbol.asyncDispose]();
});
