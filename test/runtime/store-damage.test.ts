/** Stores after bad days: killed writers, files that a power cut emptied, records cut short, a full disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	mkdirSync,
	readdirSync,
	readFileSync,
	rmSync,
	truncateSync,
	unlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FailedPreconditionError, ResourceExhaustedError } from '../../src/cri/errors.ts';
import type { Damage, Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { commitByHand, stageByHand } from '../helpers/commit-by-hand.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { readStoreFiles } from '../helpers/store-files.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import type { VariedImage } from '../helpers/varied-images.ts';

const missing = whatIsMissing(...podmanRequirements);

describe.skipIf(missing)(`a damaged store${missing ?? ''}`, () => {
	let podman: Podman;
	let store: Store | undefined;
	const at = (...names: readonly string[]) => path.join(podman.graphRoot, ...names);
	const open = async (): Promise<Store> => {
		await store?.[Symbol.asyncDispose]();
		store = await openStore({ sys: loadLibc(), graphRoot: podman.graphRoot, runRoot: podman.runRoot });
		return store;
	};
	const layerIds = (image: VariedImage) =>
		image.diffIds.map((_, depth) => store?.layerIdOf(image.diffIds.slice(0, depth + 1)) ?? '');

	beforeEach(() => {
		podman = openPodman();
	});
	afterEach(async () => {
		await store?.[Symbol.asyncDispose]();
		store = undefined;
		await podman.stop();
	});

	test('is whole after its writer was killed at any moment', { timeout: 120_000 }, async () => {
		const program = path.join(import.meta.dirname, 'store-commit-program.ts');
		for (let round = 0; round < 7; round += 1) {
			const args = [program, podman.graphRoot, podman.runRoot, `round${round % 3}`];
			const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
			await once(child.stdout, 'data');
			await new Promise((resolve) => setTimeout(resolve, (round * 7) % 60));
			child.kill('SIGKILL');
			await once(child, 'exit');
			if (round % 3 === 2) await podman.images();
			const reopened = await open();
			expect(await reopened.check()).toEqual([]);
			await commitByHand(reopened, smallImage(`round${round % 3}`), ['localhost/again:1']);
			expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
			await reopened[Symbol.asyncDispose]();
			store = undefined;
		}
		await podman.checkStore();
		expect(readdirSync(at('criscope/staging'))).toEqual([]);
	});

	const harms: readonly [string, RegExp, (base: string, top: string) => void][] = [
		['empty link', /"link" is empty/, (base) => truncateSync(at('overlay', base, 'link'))],
		['empty lower', /"lower" is empty/, (_, top) => truncateSync(at('overlay', top, 'lower'))],
		[
			'missing diff',
			/"diff" is missing/,
			(_, top) => rmSync(at('overlay', top, 'diff'), { recursive: true }),
		],
		['missing folder', /its folder is missing/, (base) => rmSync(at('overlay', base), { recursive: true })],
		[
			'missing tar-split',
			/tar-split.gz" is missing/,
			(base) => unlinkSync(at('overlay-layers', `${base}.tar-split.gz`)),
		],
	];
	test.each(harms)('names a layer with %s, and is mended by committing it again', async (_, cause, harm) => {
		const opened = await open();
		const image = smallImage('harmed');
		await commitByHand(opened, image, ['localhost/harmed:1']);
		const ids = layerIds(image);
		const [base = '', top = ''] = ids;
		harm(base, top);

		const damages: Damage[] = [];
		const present = await opened.presentLayers(ids, { onDamage: (damage) => damages.push(damage) });
		expect(present.size).toBeLessThan(2);
		expect(damages.map((damage) => damage.cause).join()).toMatch(cause);
		expect((await opened.check()).map((damage) => damage.cause).join()).toMatch(cause);

		await commitByHand(opened, image, ['localhost/harmed:1']);
		expect(await opened.check()).toEqual([]);
		expect([...(await opened.presentLayers(ids)).keys()]).toEqual(ids);
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
		expect(await podman.checkStore()).toEqual([image.imageId]);
	});

	test('makes lost links anew, without a pull', async () => {
		const opened = await open();
		const image = smallImage('links');
		await commitByHand(opened, image, ['localhost/links:1']);
		rmSync(at('overlay/l'), { recursive: true });
		mkdirSync(at('overlay/l'));
		expect(await opened.check()).toEqual([]);
		expect(readdirSync(at('overlay/l'))).toHaveLength(2);
	});

	test('names a damaged manifest, and is mended by committing the image again', async () => {
		const opened = await open();
		const image = smallImage('manifest');
		const committed = await commitByHand(opened, image, ['localhost/manifest:1']);
		truncateSync(at('overlay-images', image.imageId, 'manifest'));
		await expect(opened.readBigData(committed, 'manifest')).rejects.toThrow(/is empty; pull the image again/);
		expect(await opened.check()).toMatchObject([{ kind: 'image', id: image.imageId }]);
		await commitByHand(opened, image, []);
		expect(String(await opened.readBigData(committed, 'manifest'))).toBe(String(image.manifest));
		writeFileSync(at('overlay-images', image.imageId, 'manifest'), 'x'.repeat(image.manifest.length));
		await expect(opened.readBigData(committed, 'manifest')).rejects.toThrow(FailedPreconditionError);
		await commitByHand(opened, image, []);
		expect(await opened.check()).toEqual([]);
		expect((await podman.images())[0]?.Names).toEqual(['localhost/manifest:1']);
	});

	test('begins anew where a power cut emptied the records, and throws nothing away', async () => {
		const opened = await open();
		const image = smallImage('emptied');
		await commitByHand(opened, image, ['localhost/emptied:1']);
		truncateSync(at('overlay-layers/layers.json'));
		truncateSync(at('overlay-images/images.json'));
		const reopened = await open();
		const kinds = (await reopened.check()).map(({ kind, cause }) => `${kind}: ${cause}`).join('\n');
		expect(kinds).toMatch(/record: .*layers.json" is empty/);
		expect(kinds).toMatch(/record: .*images.json" is empty/);
		expect(kinds).toMatch(/layer: it has a folder and no record/);
		expect(readdirSync(at('overlay-images', image.imageId))).toContain('manifest');
		await commitByHand(reopened, image, ['localhost/emptied:1']);
		expect(await reopened.check()).toEqual([]);
		expect(readStoreFiles(podman.graphRoot).problems).toEqual([]);
	});

	test('never writes over records that are cut short', async () => {
		const opened = await open();
		await commitByHand(opened, smallImage('first'), ['localhost/first:1']);
		const file = at('overlay-layers/layers.json');
		const text = readFileSync(file, 'utf8').slice(0, -20);
		writeFileSync(file, text);
		await expect(opened.listLayers()).rejects.toThrow(`cannot read records "${file}"`);
		const image = smallImage('second');
		await expect(commitByHand(opened, image, [])).rejects.toThrow(file);
		expect(await opened.check()).toMatchObject([{ kind: 'record' }]);
		expect(readFileSync(file, 'utf8')).toBe(text);
		await expect(open()).rejects.toThrow(file);
	});

	test('is left as it was by a full disk', async () => {
		const small = tempDir();
		const sys = loadLibc();
		sys.mount('none', small, 'tmpfs', 0, 'size=8m');
		try {
			await using tiny = await openStore({ sys, graphRoot: `${small}/root`, runRoot: podman.runRoot });
			await commitByHand(tiny, smallImage('kept'), ['localhost/kept:1']);
			const image = smallImage('late');
			const layers = await stageByHand(tiny, image);
			writeFileSync(path.join(small, 'filler'), '');
			try {
				for (;;) writeFileSync(path.join(small, 'filler'), Buffer.alloc(4096), { flag: 'a' });
			} catch {}
			await expect(tiny.commitLayers(layers)).rejects.toThrow(ResourceExhaustedError);
			for (const { staged } of layers) await staged[Symbol.asyncDispose]();
			unlinkSync(path.join(small, 'filler'));
			expect(await tiny.check()).toEqual([]);
			await commitByHand(tiny, image, ['localhost/late:1']);
			expect(await tiny.listImages()).toHaveLength(2);
			expect(readStoreFiles(`${small}/root`).problems).toEqual([]);
		} finally {
			sys.umount2(small, 2);
		}
	});

	test('is not opened twice by us', async () => {
		await open();
		await expect(
			openStore({ sys: loadLibc(), graphRoot: podman.graphRoot, runRoot: podman.runRoot }),
		).rejects.toThrow(`process ${process.pid} is using it`);
	});
});
