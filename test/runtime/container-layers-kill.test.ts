import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand } from '../helpers/commit-by-hand.ts';
import { layerRequest } from '../helpers/container-layer-requests.ts';
import { mountPointsBelow } from '../helpers/mounts.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';

const missing = whatIsMissing(...podmanRequirements);
const program = fileURLToPath(new URL('./container-layers-program.ts', import.meta.url));
/** Every how manyeth step; 1 takes minutes. */
const stride = Number(process.env['CRISCOPE_KILL_STRIDE'] ?? 16);

describe.skipIf(missing).each(['overlay', 'vfs'] as const)(`kill -9 on %s${missing ?? ''}`, (driver) => {
	let podman: Podman;
	const open = (): Promise<Store> =>
		openStore({ sys: loadLibc(), graphRoot: podman.graphRoot, runRoot: podman.runRoot, driver });
	beforeEach(() => {
		podman = openPodman({ storageDriver: driver });
	});
	afterEach(() => podman.stop());

	/** Runs the program. @returns what it wrote: how many steps there are; empty where it was killed. */
	function runUntil(step: number, imageId: string): string {
		const { stdout, stderr, signal, status } = spawnSync(
			process.execPath,
			[program, podman.graphRoot, podman.runRoot, driver, imageId, String(step)],
			{ encoding: 'utf8' },
		);
		if (signal !== 'SIGKILL' && status !== 0) throw new Error(stderr);
		return stdout.trim();
	}

	/** As the runtime does when it starts and finds nothing else of a container. */
	async function recover(imageId: string): Promise<void> {
		await using store = await open();
		const layers = store.containerLayers;
		for (const id of await layers.listOwn()) await layers.remove(id);
		for (const id of await layers.listImageMounts()) await layers.unmountImage(id);
		expect([...(await layers.listOwn()), ...(await layers.listImageMounts())]).toEqual([]);
		expect(await store.listContainers()).toEqual([]);
		expect(await store.check()).toEqual([]);
		// The name is free again.
		const request = layerRequest('victim', imageId);
		await layers.create(request);
		await layers.mount(request.id);
		await layers.remove(request.id);
	}

	test('leaves nothing that cannot be removed, whatever the step', { timeout: 600_000 }, async () => {
		const image = await (async () => {
			await using store = await open();
			return await commitByHand(store, smallImage('base'), ['localhost/base:1']);
		})();
		const steps = Number(runUntil(-1, image.id));
		expect(steps).toBeGreaterThan(20);
		for (let step = 1 + (Date.now() % stride); step <= steps; step += stride) {
			// The number of steps is not the same every time: a lock file may have to be asked for twice.
			if (runUntil(step, image.id) !== '') break;
			try {
				await recover(image.id);
				const counts = path.join(podman.runRoot, `${driver}-layers/mountpoints.json`);
				expect(JSON.parse(readFileSync(counts, 'utf8'))).toEqual([]);
				expect(mountPointsBelow(podman.dir)).toEqual([]);
				const home = path.join(podman.graphRoot, driver, driver === 'vfs' ? 'dir' : '');
				expect(readdirSync(home).filter((name) => /^[0-9a-f]{64}$|^l$/.test(name) === false)).toEqual([]);
				expect(readdirSync(home).filter((name) => /^[0-9a-f]{64}$/.test(name))).toHaveLength(2);
				if (driver === 'overlay') expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
			} catch (error) {
				throw new Error(`killed before step ${step} of ${steps}`, { cause: error });
			}
		}
		expect(await podman.run('ps', '--all', '--external', '--quiet')).toBe('');
		await podman.rmi('localhost/base:1');
	});
});
