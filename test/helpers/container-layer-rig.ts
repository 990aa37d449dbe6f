import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore, type StoreOptions } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { mountPointsBelow } from './mounts.ts';
import { openPodman, type Podman } from './podman.ts';

/** A store and a Podman on one graph root, new for each test. */
export type ContainerLayerRig = {
	podman(): Podman;
	/** Opens the store; it is closed after the test. */
	open(options?: Partial<StoreOptions>): Promise<Store>;
	/** Closes every store that is open. */
	close(): Promise<void>;
	/** A path in the graph root. */
	at(...names: readonly string[]): string;
	/** What mountpoints.json says. */
	counts(): readonly { readonly id: string; readonly path: string; readonly count: number }[];
	/** Mounts of ours, without the private folder that they are in, and without the one that Podman makes of `overlay/`. */
	mounts(): readonly string[];
};

/** Call it inside a describe. */
export function containerLayerRig(driver: 'overlay' | 'vfs'): ContainerLayerRig {
	let podman: Podman;
	const stores: Store[] = [];
	const close = async () => {
		for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
	};
	const at = (...names: readonly string[]) => path.join(podman.graphRoot, ...names);
	beforeEach(() => {
		podman = openPodman({ storageDriver: driver });
	});
	afterEach(async () => {
		await close();
		await podman.stop();
	});
	return {
		podman: () => podman,
		async open(options = {}) {
			const { graphRoot, runRoot } = podman;
			const store = await openStore({ sys: loadLibc(), graphRoot, runRoot, driver, ...options });
			stores.push(store);
			return store;
		},
		close,
		at,
		counts: () =>
			JSON.parse(readFileSync(path.join(podman.runRoot, `${driver}-layers/mountpoints.json`), 'utf8')),
		mounts() {
			const dir = path.join(podman.runRoot, 'criscope/mounts');
			return mountPointsBelow(podman.dir).filter((point) => point !== dir && point !== at('overlay'));
		},
	};
}
