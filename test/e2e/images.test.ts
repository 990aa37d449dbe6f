/**
 * Pulls told layer by layer and images taken apart, with the real runtime behind the real program: `criscope serve`
 * for what the second service tells, containerd for what is shown without it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing('root', '/bin/busybox');

/** Pulls an image by name in the list of images. */
async function pull(tui: Tui, name: string): Promise<void> {
	await tui.press('P');
	await tui.until('Pull image:');
	await tui.press('<ctrl+e> <ctrl+u>');
	tui.type(name);
	await tui.until(`Pull image: ${name}`);
	await tui.press('<enter>');
}

describe.skipIf(missing !== undefined)(`images of criscope serve${missing ?? ''}`, () => {
	let dir: string;
	let registry: FakeRegistry;
	let mirror: FakeRegistry;
	let serve: Serve;
	let tui: Tui;
	let count = 0;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-images-');
		registry = await startFakeRegistry();
		mirror = await startFakeRegistry();
		serve = await startServe({
			dir: path.join(dir, 'serve'),
			registriesConf: [
				'unqualified-search-registries = []',
				`[[registry]]\nprefix = "shop.example.com"\nlocation = "${registry.host}"\ninsecure = true`,
				`[[registry.mirror]]\nlocation = "${mirror.host}"\ninsecure = true`,
			].join('\n'),
		});
		tui = startTui({ args: ['--runtime-endpoint', serve.endpoint], columns: 120, rows: 40 });
		await tui.until(/live/);
		await tui.press('3');
		await tui.until('▶3 Images');
	});
	afterAll(async () => {
		await tui?.stop();
		await serve?.stop();
		await registry?.stop();
		await mirror?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	/** An image that no test has had before, at the registry. @returns its name and the digest of its own layer. */
	async function fresh(word: string) {
		count += 1;
		const repository = `${word}-${count}-${process.pid}`;
		const image = smallImage(repository);
		await registry.push(repository, '1', image);
		const manifest = JSON.parse(image.manifest.toString()) as { layers: { digest: string }[] };
		const own = manifest.layers.at(-1)?.digest ?? '';
		return { name: `shop.example.com/${repository}:1`, own, short: own.slice(7, 19) };
	}

	test('a pull shows its layers as they come, and the image is there', async () => {
		const { name, own, short } = await fresh('told');
		const heal = registry.fault({ on: 'blob', where: own, fault: { kind: 'drip', bytesPerSecond: 60_000 } });
		await pull(tui, name);
		await tui.press('b');
		await tui.until(new RegExp(`${short} pulling +[█░]{10} \\S+/\\S+`), 20_000);
		await tui.until(/ \d+% {2,}\S+ \S+ of \S+ \S+ {2}\S+ \S+\/s/, 20_000);
		heal();
		await tui.until(`pulled    ${name}`, 30_000);
		expect(tui.screen()).toMatch(new RegExp(`${short} done`));
		expect(await serve.cri.image('ImageStatus', { image: { image: name } })).toMatchObject({
			image: { repo_tags: [name] },
		});
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test('a layer that comes from elsewhere and a mirror that fails are said', async () => {
		const { name } = await fresh('mirrored');
		await pull(tui, name);
		await tui.press('b');
		await tui.until(`pulled    ${name}`, 30_000);
		// The mirror has nothing: the image came from the registry itself, and the lines say so.
		expect(tui.screen()).toContain(`from ${registry.host}`);
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test('x ends a pull that stands still; a retry goes through', async () => {
		const { name, own } = await fresh('stalled');
		const heal = registry.fault({ on: 'blob', where: own, fault: { kind: 'stall', afterBytes: 1_000 } });
		await pull(tui, name);
		await tui.press('b');
		await tui.until(/pulling +[█░]{10}/, 20_000);
		await tui.press('x');
		await tui.until('cancelled');
		heal();
		await pull(tui, name);
		await tui.until(`pulled    ${name}`, 30_000);
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test('bytes that are not what was promised end a pull with words', async () => {
		const { name, own } = await fresh('corrupt');
		registry.fault({ on: 'blob', where: own, fault: { kind: 'corrupt', atByte: 500 } });
		await pull(tui, name);
		await tui.press('b');
		await tui.until(`failed    ${name}`, 30_000);
		expect(tui.screen()).toMatch(/digest|verif|corrupt/i);
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test('an image is taken apart: layers, sizes, who shares them, what removing it frees', async () => {
		const first = await fresh('first');
		const second = await fresh('second');
		for (const { name } of [first, second]) {
			await pull(tui, name);
			await tui.until(`Pulled ${name}`, 30_000);
		}
		await tui.press(`/ ${first.name.split('/')[1]} <enter>`);
		await tui.until(/\(1 of \d+\)/);
		await tui.press('l');
		await tui.until('Layers (2), the base first');
		await tui.until(/ 1 +[\d.]+[KM] +[\d.]+[KM] [0-9a-f]{13} \S+/);
		expect(tui.screen()).toMatch(/ 2 +[\d.]+[KM] +[\d.]+[KM] [0-9a-f]{13}\n/);
		expect(tui.screen()).toMatch(/Its own +[\d.]+ KiB: what removing it would free/);
		expect(tui.screen()).toContain('No container of this node.');
		await tui.press('/');
		tui.type('compressed');
		await tui.until(/\/compressed +\S+/);
		await tui.press('<enter> <escape> <escape>');
		await tui.until('▶3 Images');
	});
});

const noContainerd = whatIsMissing(...containerdRequirements);

describe.skipIf(noContainerd !== undefined)(`images of containerd${noContainerd ?? ''}`, () => {
	test('layers and history without sizes, with the reason in one line', async () => {
		const containerd = sharedContainerd();
		await using tui = startTui({ args: ['--runtime-endpoint', containerd.endpoint], columns: 120, rows: 40 });
		await tui.until('pause:3.9');
		await tui.press('3 / pause <enter>');
		await tui.until(/Images \(1(?: of \d+)?\)/);
		await tui.press('l');
		await tui.until(/Layers \(\d+\), the base first/);
		expect(tui.screen().match(/not known: the CRI has no words/g)).toHaveLength(1);
		expect(tui.screen()).toMatch(/ 1 +\? +\? [0-9a-f]{13} \?/);
		expect(tui.screen()).toMatch(/Names +registry\.k8s\.io\/pause:3\.9/);
	});
});
