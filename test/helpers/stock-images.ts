import { busyboxLayer } from './image-archive.ts';
import type { TarEntry } from './tar-writer.ts';
import {
	buildVariedImage,
	type ImageVariant,
	layerOf,
	manyFiles,
	mixedBytes,
	type VariedImage,
} from './varied-images.ts';

/**
 * An image of 300 MB and 15,000 files in five layers, one of them half of it. Takes seconds to make.
 *
 * @param issue of two different ones no layer is the same
 */
export function bigImage(variant?: ImageVariant, issue = 0): VariedImage {
	const shares = [
		{ folder: 'usr', files: 7000, megabytes: 150 },
		{ folder: 'opt/runtime', files: 4000, megabytes: 70 },
		{ folder: 'srv/modules', files: 3500, megabytes: 50 },
		{ folder: 'srv/app', files: 500, megabytes: 34 },
	];
	const layers = shares.map(({ folder, files, megabytes }, index) =>
		layerOf(
			manyFiles({
				folder,
				files,
				totalBytes: megabytes * 1_000_000,
				seed: 1000 * (index + 1) + 10_000 * issue,
			}),
		),
	);
	return buildVariedImage({ layers: [baseLayer(issue), ...layers], variant: variant ?? {} });
}

/** An image of 50 layers of a dozen files each: what a long Dockerfile leaves. @param issue as of `bigImage` */
export function manyLayersImage(variant?: ImageVariant, issue = 0): VariedImage {
	const layers = Array.from({ length: 49 }, (_, index) =>
		layerOf([
			{ path: `step/${index}` },
			...Array.from({ length: 10 }, (_, file) => ({
				path: `step/${index}/file-${file}`,
				content: mixedBytes(20_000 + 997 * file, 7000 + 100 * index + file + 100_000 * issue),
			})),
			{ path: 'etc/last-step', content: `${index}\n` },
		]),
	);
	return buildVariedImage({ layers: [baseLayer(issue), ...layers], variant: variant ?? {} });
}

function baseLayer(issue: number): Buffer {
	const mark = issue === 0 ? [] : [{ path: 'etc/issue', content: `${issue}\n` }];
	return layerOf([...busyboxLayer(), ...mark]);
}

/** A small image that runs: busybox, and a layer that makes it differ from others. */
export function smallImage(name: string, variant?: ImageVariant): VariedImage {
	const marker: readonly TarEntry[] = [
		// With its parent, whose time would else be that of the unpacking.
		{ path: 'var' },
		{ path: `opt-${name}`, content: `${name}\n` },
		{
			path: `var/${name}.bin`,
			content: mixedBytes(
				300_000,
				[...name].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7),
			),
		},
	];
	return buildVariedImage({ layers: [layerOf(busyboxLayer()), layerOf(marker)], variant: variant ?? {} });
}

/** cap_net_raw+ep, as setcap writes it. Source: linux/capability.h, vfs_cap_data revision 2. */
export const netRawCapability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

/** What the middle layer of `oddImage` holds. No path comes twice: Podman, too, refuses such a layer. */
const oddEntries: readonly TarEntry[] = [
	{ path: 'odd' },
	{ path: 'odd/setuid', mode: 0o4755, content: '#!/bin/sh\n' },
	{ path: 'odd/setgid', mode: 0o2755, gid: 50, content: '#!/bin/sh\n' },
	{ path: 'odd/sticky', mode: 0o1777 },
	{ path: 'odd/owned', uid: 1234, gid: 4321, mode: 0o640, content: 'mine\n' },
	{ path: 'odd/large-owner', uid: 3_000_000, gid: 3_000_001, content: 'base 256\n' },
	{
		path: 'odd/capable',
		mode: 0o755,
		content: '#!/bin/sh\n',
		xattrs: { 'security.capability': netRawCapability },
	},
	{
		path: 'odd/tagged',
		content: 'x\n',
		xattrs: { 'user.colour': 'blue', 'user.binary': Buffer.from([0, 1, 255]) },
	},
	{ path: 'odd/first-name', content: 'two names\n' },
	{ path: 'odd/second-name', kind: 'hardlink', target: 'odd/first-name' },
	{ path: 'odd/link', target: 'first-name' },
	{ path: 'odd/dangling', target: '/nowhere/at/all' },
	{ path: 'odd/escaping', target: '../../../../etc/hostname' },
	{ path: 'odd/null', kind: 'character', major: 1, minor: 3, mode: 0o666 },
	{ path: 'odd/loop', kind: 'block', major: 7, minor: 0, mode: 0o660 },
	{ path: 'odd/pipe', kind: 'fifo', mode: 0o600 },
	{ path: Buffer.from([0x6f, 0x64, 0x64, 0x2f, 0xff, 0xfe, 0x6e, 0xe9]), content: 'not UTF-8\n' },
	{ path: 'odd/grüße-世界-🐳', content: 'UTF-8\n' },
	{ path: 'odd/with\nnewline and "quotes"', content: 'x\n' },
	{ path: `odd/${'l'.repeat(200)}`, content: 'a long name\n' },
	{ path: `odd/${'g'.repeat(200)}`, longNames: 'gnu', content: 'a long name in the GNU way\n' },
	{ path: 'odd/long-link', target: `/${'t/'.repeat(90)}end` },
	{ path: 'odd/deep/er/and/deep/er', content: 'folders without entries\n' },
	{
		path: 'odd/sparse',
		content: Buffer.concat([Buffer.alloc(4096, 'a'), Buffer.alloc(4096, 'b')]),
		sparse: {
			realBytes: 2 ** 20,
			pieces: [
				{ offset: 8192, bytes: 4096 },
				{ offset: 2 ** 20 - 4096, bytes: 4096 },
			],
		},
	},
	{ path: 'odd/old', mtimeSeconds: -86_400, content: 'before 1970\n' },
	{ path: 'odd/precise', mtimeSeconds: 1_700_000_000.25, content: 'x\n' },
	{ path: 'odd/empty', content: '' },
	{ path: './odd/./dotted', content: 'x\n' },
];

/**
 * An image of every oddity that a layer may have. Its layers: busybox and things to hide; the oddities; whiteouts and an
 * opaque folder over the first.
 *
 * @param options.sparse false leaves the sparse file out: skopeo 1.9 cannot make its layer anew from a store of Podman 4.3
 */
export function oddImage(variant?: ImageVariant, options: { readonly sparse?: boolean } = {}): VariedImage {
	const odd = oddEntries.filter(({ sparse }) => sparse === undefined || options.sparse !== false);
	const below: readonly TarEntry[] = [
		{ path: 'gone' },
		{ path: 'gone/file', content: 'hidden with its folder\n' },
		{ path: 'half' },
		{ path: 'half/gone', content: 'hidden\n' },
		{ path: 'half/stays', content: 'stays\n' },
		{ path: 'opaque' },
		{ path: 'opaque/gone', content: 'hidden\n' },
		{ path: 'turned', content: 'a file below\n' },
	];
	const above: readonly TarEntry[] = [
		{ path: '.wh.gone', content: '' },
		{ path: 'half/.wh.gone', content: '' },
		{ path: 'opaque' },
		{ path: 'opaque/.wh..wh..opq', content: '' },
		{ path: 'opaque/new', content: 'new\n' },
		{ path: 'turned' },
		{ path: 'turned/into', content: 'a folder above\n' },
	];
	return buildVariedImage({
		layers: [layerOf([...busyboxLayer(), ...below]), layerOf(odd), layerOf(above)],
		variant: variant ?? {},
	});
}
