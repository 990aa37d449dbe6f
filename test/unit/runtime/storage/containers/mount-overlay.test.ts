import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseMountOptions } from '../../../../../src/runtime/storage/containers/mount-flags.ts';
import {
	mountOverlay,
	type OverlayRequest,
} from '../../../../../src/runtime/storage/containers/mount-overlay.ts';
import type { Sys } from '../../../../../src/runtime/sys/sys.ts';
import { recordingSys } from '../../../../fakes/sys.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

/** Mounts nothing; tells the options, the working directory and what was in it at that moment. */
function mountAndTell(changes: Partial<OverlayRequest> & { readonly home: string }) {
	let seen = { options: '', cwd: '', links: new Map<string, string>() };
	const mount: Sys['mount'] = (_source, _target, _type, _flags, options) => {
		const names = readdirSync('.', { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
		const links = new Map(names.map(({ name }) => [name, readlinkSync(name)]));
		seen = { options, cwd: process.cwd(), links };
	};
	mountOverlay(recordingSys({ mount }), {
		lowers: ['l/A', 'l/B'],
		upper: { files: 'x/diff', work: 'x/work' },
		target: '/t',
		flags: 4,
		options: ['volatile'],
		scratchDir: path.join(changes.home, 'scratch'),
		...changes,
	});
	return seen;
}

const many = (count: number) =>
	Array.from({ length: count }, (_, place) => `l/${String(place).padStart(26, 'A')}`);

describe('mountOverlay', () => {
	test('names layers in full while they fit', () => {
		const home = tempDir();
		expect(mountAndTell({ home })).toMatchObject({
			options: `lowerdir=${home}/l/A:${home}/l/B,upperdir=${home}/x/diff,workdir=${home}/x/work,volatile`,
			cwd: process.cwd(),
		});
	});

	test('leaves out what a view does not have', () => {
		const home = tempDir();
		const { options } = mountAndTell({ home, upper: undefined, options: [] });
		expect(options).toBe(`lowerdir=${home}/l/A:${home}/l/B`);
	});

	test('names them from within their folder where that is shorter, and comes back', () => {
		const home = tempDir();
		const before = process.cwd();
		const { options, cwd } = mountAndTell({ home, lowers: many(130) });
		expect(cwd).toBe(home);
		expect(options.startsWith(`lowerdir=l/${'0'.padStart(26, 'A')}:`)).toBe(true);
		expect(Buffer.byteLength(options)).toBeLessThan(4096);
		expect(process.cwd()).toBe(before);
	});

	test.each([500, 142])('names %i through links that are gone afterwards', (count) => {
		const home = tempDir();
		const { options, links } = mountAndTell({ home, lowers: many(count) });
		expect(Buffer.byteLength(options)).toBeLessThan(4096);
		const names = /^lowerdir=([^,]*),upperdir=([^,]*),workdir=([^,]*),volatile$/.exec(options);
		expect(names?.[1]?.split(':').map((name) => links.get(name))).toEqual(
			many(count).map((file) => path.join(home, file)),
		);
		expect(links.get(names?.[2] ?? '')).toBe(path.join(home, 'x/diff'));
		expect(links.get(names?.[3] ?? '')).toBe(path.join(home, 'x/work'));
		expect(readdirSync(path.join(home, 'scratch'))).toEqual([]);
	});

	test('never puts a comma or a colon of a path among the options', () => {
		const home = path.join(tempDir());
		const other = '/srv/images,old:1/overlay/l/C';
		const { options, links } = mountAndTell({ home, lowers: ['l/A', other] });
		expect(options).toBe('lowerdir=0:1,upperdir=2,workdir=3,volatile');
		expect(links.get('1')).toBe(other);
	});

	test('refuses more than the kernel takes', () => {
		expect(() => mountAndTell({ home: tempDir(), lowers: many(501) })).toThrow(/501 layers.*takes 500/);
	});

	test('comes back where the mount fails', () => {
		const before = process.cwd();
		const home = tempDir();
		const sys = recordingSys({
			mount() {
				throw new Error('no');
			},
		});
		const request = { home, lowers: many(200), upper: undefined, target: '/t', flags: 0, options: [] };
		expect(() => mountOverlay(sys, { ...request, scratchDir: `${home}/s` })).toThrow('no');
		expect(process.cwd()).toBe(before);
		expect(readdirSync(`${home}/s`)).toEqual([]);
	});
});

test.each([
	[undefined, 0, []],
	['', 0, []],
	['nodev', 4, []],
	['nodev,metacopy=on, noexec,rw', 12, ['metacopy=on']],
])('mount options %j are bits and words', (text, flags, options) => {
	expect(parseMountOptions(text)).toEqual({ flags, options });
});
