import { expect, test } from 'vitest';
import { imageFsInfoJson, imageJson } from '../../../../src/cli/images/image-json.ts';
import { parseFilters, sortImages } from '../../../../src/cli/images/image-list.ts';
import { isCalled } from '../../../../src/cli/images/image-names.ts';
import { imagesTable, imagesVerbose } from '../../../../src/cli/verbs/images.ts';
import { imageId } from '../../../../src/cri/ids.ts';
import type { Image } from '../../../../src/cri/model.ts';

function image(id: string, repoTags: readonly string[], more: Partial<Image> = {}): Image {
	return {
		id: imageId(`sha256:${id.repeat(64)}`),
		repoTags,
		repoDigests: [`${repoTags[0]?.replace(/:[^:]*$/u, '') ?? 'example.com/gone'}@sha256:${id.repeat(64)}`],
		sizeBytes: 1_984_750n,
		uid: undefined,
		username: '',
		pinned: false,
		spec: undefined,
		...more,
	};
}

const api = image('a', ['example.com/api:1', 'example.com/api:2']);
const dangling = image('b', []);
const web = image('c', ['localhost:5000/web:3'], { uid: 65534n, pinned: true });
const sorted = [api, dangling, web];

function idsOf(conditions: readonly string[]): string {
	return parseFilters(conditions)(sorted)
		.map(({ id }) => id.at(-1))
		.join('');
}

test('images are sorted by tag, digest or id', () => {
	expect(sortImages([web, dangling, api])).toEqual([api, dangling, web]);
});

test.each([
	[['dangling=true'], 'b'],
	[['dangling=false'], 'ac'],
	[['reference=^example'], 'ab'],
	[['reference=web$', 'dangling=false'], 'c'],
	// The list is sorted by name: "before" is what comes after it there, which is crictl's way.
	[['since=localhost:5000/web:3'], 'ab'],
	[['before=example.com/api:1'], 'bc'],
	[['since=sha256:cc'], 'abc'],
	[[`since=example.com/gone@sha256:${'b'.repeat(64)}`], 'a'],
] as const)('%j', (conditions, ids) => expect(idsOf(conditions)).toBe(ids));

test.each([
	['dangling=perhaps', /dangling is true or false/],
	['reference=(', /no regular expression/],
	['name=x', /unknown filter "name=x"/],
	['x', /unknown filter "x"/],
])('the filter %s is refused', (condition, sentence) => {
	expect(() => parseFilters([condition])).toThrow(sentence);
});

test('a row for each tag, and columns as asked for', () => {
	const plain = imagesTable(sorted, { digests: false, pinned: false, 'no-trunc': false });
	const rows = plain.trimEnd().split('\n');
	expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
		['IMAGE', 'TAG', 'IMAGE ID', 'SIZE'],
		['example.com/api', '1', 'a'.repeat(13), '1.98MB'],
		['example.com/api', '2', 'a'.repeat(13), '1.98MB'],
		['example.com/gone', '<none>', 'b'.repeat(13), '1.98MB'],
		['localhost:5000/web', '3', 'c'.repeat(13), '1.98MB'],
	]);
	const full = imagesTable([web], { digests: true, pinned: true, 'no-trunc': true });
	const digest = `sha256:${'c'.repeat(64)}`;
	expect(full.trimEnd().split('\n').at(-1)?.split(/ {2,}/)).toEqual([
		'localhost:5000/web',
		'3',
		digest,
		digest,
		'1.98MB',
		'true',
	]);
});

test('names from a hostile runtime stay on their line', () => {
	const hostile = image('d', ['evil\x1b]0;x\x07:1\n2']);
	const text = imagesTable([hostile], { digests: false, pinned: false, 'no-trunc': false });
	expect(text).not.toMatch(/[\x07\x1b]/u);
	expect(text.split('\n')).toHaveLength(3);
	expect(imagesVerbose([hostile]).split('\n')).toHaveLength(6);
});

test('JSON has every field of the definition that is there, numbers of 64 bits as text', () => {
	expect(Object.keys(imageJson(web))).toEqual([
		'id',
		'repoTags',
		'repoDigests',
		'size',
		'uid',
		'username',
		'pinned',
	]);
	expect(imageJson(web)).toMatchObject({ size: '1984750', uid: { value: '65534' } });
	expect('uid' in imageJson(api)).toBe(false);
	const spec = { image: 'x', userSpecifiedImage: '', runtimeHandler: '', annotations: { b: '1', a: '2' } };
	expect(JSON.stringify(imageJson({ ...api, spec }))).toContain(
		'"spec":{"image":"x","annotations":{"a":"2","b":"1"},"userSpecifiedImage":"","runtimeHandler":"","imageRef":""},"pinned":false}',
	);
	const usage = { timestampNanos: 1n, mountpoint: '/x', usedBytes: 0n, inodesUsed: undefined };
	expect(imageFsInfoJson({ imageFilesystems: [usage], containerFilesystems: [] })).toEqual({
		imageFilesystems: [{ timestamp: '1', fsId: { mountpoint: '/x' }, usedBytes: { value: '0' } }],
		containerFilesystems: [],
	});
});

test.each([
	['docker.io/library/nginx:1.27', true],
	['nginx', true],
	['nginx:1.27', true],
	['library/nginx', true],
	['docker.io/library/nginx', true],
	['eee', true],
	['sha256:eeee', true],
	['nginx:1', false],
	['ginx', false],
	['ee', false],
	['fff', false],
	['docker.io', false],
])('by the name %s it is meant: %s', (name, meant) => {
	expect(isCalled(image('e', ['docker.io/library/nginx:1.27']), name)).toBe(meant);
});
