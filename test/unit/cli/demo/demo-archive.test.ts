import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { extract, type Header } from 'tar-stream';
import { expect, test } from 'vitest';
import { demoArchive } from '../../../../src/cli/demo/demo-archive.ts';
import { demoPods } from '../../../../src/cli/demo/demo-plan.ts';

type Entries = ReadonlyMap<string, { readonly header: Header; readonly bytes: Buffer }>;

async function entriesOf(archive: Uint8Array): Promise<Entries> {
	const tar = extract();
	Readable.from([archive]).pipe(tar);
	const found = new Map<string, { header: Header; bytes: Buffer }>();
	for await (const entry of tar) {
		const bytes = Buffer.concat(await Array.fromAsync(entry as AsyncIterable<Buffer>));
		found.set(entry.header.name, { header: entry.header, bytes });
	}
	return found;
}

const busybox = Buffer.from('the program');
const digest = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

test('each pod has an image whose configuration names the layers as they are', async () => {
	const entries = await entriesOf(await demoArchive(demoPods, busybox));
	const manifest = JSON.parse(String(entries.get('manifest.json')?.bytes)) as {
		readonly Config: string;
		readonly RepoTags: readonly string[];
		readonly Layers: readonly string[];
	}[];
	expect(manifest.flatMap(({ RepoTags }) => RepoTags)).toEqual(demoPods.map(({ image }) => image));
	for (const [index, { Config, Layers }] of manifest.entries()) {
		const config = JSON.parse(String(entries.get(Config)?.bytes)) as {
			readonly config: { readonly User: string; readonly Cmd: readonly string[] };
			readonly rootfs: { readonly diff_ids: readonly string[] };
		};
		const layers = Layers.map((name) => entries.get(name)?.bytes ?? Buffer.alloc(0));
		expect(config.rootfs.diff_ids).toEqual(layers.map(digest));
		expect(config.config).toMatchObject({ Cmd: ['/demo'], User: demoPods[index]?.user });
		const own = await entriesOf(layers[1] ?? Buffer.alloc(0));
		expect(String(own.get('demo')?.bytes)).toBe(demoPods[index]?.script);
		expect(own.get('demo')?.header.mode).toBe(0o755);
	}
	// One base for all.
	expect(new Set(manifest.map(({ Layers }) => Layers[0])).size).toBe(1);
});

test('the base has the program, its names and the folders a container needs', async () => {
	const entries = await entriesOf(await demoArchive(demoPods, busybox));
	const manifest = JSON.parse(String(entries.get('manifest.json')?.bytes)) as { Layers: string[] }[];
	const base = await entriesOf(entries.get(manifest[0]?.Layers[0] ?? '')?.bytes ?? Buffer.alloc(0));
	expect(base.get('bin/busybox')?.bytes).toEqual(busybox);
	expect(base.get('bin/sh')?.header).toMatchObject({ type: 'symlink', linkname: 'busybox' });
	expect(base.get('tmp/')?.header.mode).toBe(0o1777);
	for (const program of ['httpd', 'date', 'sleep', 'tail']) expect(base.has(`bin/${program}`)).toBe(true);
});

test('the same program gives the same bytes, so a second load changes nothing', async () => {
	const [one, other] = [await demoArchive(demoPods, busybox), await demoArchive(demoPods, busybox)];
	expect(digest(one)).toBe(digest(other));
	expect(digest(await demoArchive(demoPods, Buffer.from('another')))).not.toBe(digest(one));
});
