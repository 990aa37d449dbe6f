import { describe, expect, test } from 'vitest';
import { findImageEntry } from '../../../../src/runtime/storage/image-lookup.ts';
import { takeNames } from '../../../../src/runtime/storage/image-names.ts';
import { indexImages, manifestDigests } from '../../../../src/runtime/storage/records/image-records.ts';

const hex = (digit: string) => digit.repeat(64);
const records = [
	{
		id: `abc${hex('1').slice(3)}`,
		digest: `sha256:${hex('d')}`,
		names: ['docker.io/library/busybox:latest', 'docker.io/library/busybox:1'],
		'big-data-names': ['manifest', `manifest-sha256:${hex('e')}`],
		'big-data-sizes': { manifest: 5 },
		'big-data-digests': {
			manifest: `sha256:${hex('d')}`,
			[`manifest-sha256:${hex('e')}`]: `sha256:${hex('e')}`,
		},
	},
	{ id: `abd${hex('2').slice(3)}`, names: ['localhost/built:latest', 'reg.example:5000/team/tool:2'] },
	{ id: hex('3'), names: ['docker.io/library/abc:latest'] },
	{ id: hex('4') },
];
const index = indexImages([records], false);
const find = (reference: string) => findImageEntry([index], reference)?.image.id;

describe('findImageEntry', () => {
	test.each([
		['busybox', records[0]],
		['busybox:1', records[0]],
		['docker.io/busybox', records[0]],
		['docker.io/library/busybox:latest', records[0]],
		[`busybox@sha256:${hex('d')}`, records[0]],
		[`docker.io/library/busybox:gone@sha256:${hex('e')}`, records[0]],
		[`sha256:${records[0]?.id}`, records[0]],
		[records[1]?.id ?? '', records[1]],
		['abd', records[1]],
		['sha256:abd2', records[1]],
		['built', records[1]],
		['tool:2', records[1]],
		['team/tool:2', records[1]],
		['reg.example:5000/team/tool:2', records[1]],
		['abc', records[2]],
		['333', records[3 - 1]],
	])('finds %s', (reference, record) => expect(find(reference)).toBe(record?.id));

	test.each([
		'',
		'busybox:2',
		'reg.example/busybox',
		`tool@sha256:${hex('d')}`,
		`sha256:${hex('d')}`,
		'UPPER case',
		'5',
	])('does not find "%s"', (reference) => expect(find(reference)).toBeUndefined());

	test('asks for more where a prefix fits several', () => {
		expect(() => find('ab')).toThrow('2 images have an id that begins so');
	});

	test('prefers the store itself to an additional one', () => {
		const other = indexImages([[{ id: hex('9'), names: ['docker.io/library/busybox:latest'] }]], true);
		expect(findImageEntry([index, other], 'busybox')?.image.readOnly).toBe(false);
		expect(findImageEntry([index, other], hex('9'))?.image.readOnly).toBe(true);
	});
});

test('an image is known by the digests of its manifest and of its index', () => {
	const image = index.byId.get(records[0]?.id ?? '')?.image;
	expect(image && [...manifestDigests(image)]).toEqual([`sha256:${hex('d')}`, `sha256:${hex('e')}`]);
	expect(image?.bigData.get('manifest')).toEqual({ sizeBytes: 5, digest: `sha256:${hex('d')}` });
});

test('names move to the image that takes them, and stay in its history', () => {
	const before = [
		{ id: 'a', names: ['x:1', 'x:2'], 'names-history': ['x:1', 'x:2'], kept: 1 },
		{ id: 'b', names: ['y:1'], 'names-history': ['y:1'] },
	];
	expect(takeNames(before, 'b', ['x:1', 'x:2'])).toEqual([
		{ id: 'a', 'names-history': ['x:1', 'x:2'], kept: 1 },
		{ id: 'b', names: ['x:1', 'x:2', 'y:1'], 'names-history': ['x:1', 'x:2', 'y:1'] },
	]);
	expect(takeNames(before, 'b', [])).toBe(before);
});
