import { describe, expect, test } from 'vitest';
import { checkLayerCount, parseConfig } from '../../../../src/runtime/image/config.ts';
import { parseManifest } from '../../../../src/runtime/image/manifest.ts';
import {
	checkOnlyPlatform,
	chooseManifest,
	hostPlatform,
	parsePlatform,
} from '../../../../src/runtime/image/platform.ts';
import { buildVariedImage, mixedBytes } from '../../../helpers/varied-images.ts';

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const digest = (digit: string) => `sha256:${digit.repeat(64)}`;
const oci = 'application/vnd.oci.image';
const descriptor = { mediaType: `${oci}.layer.v1.tar+gzip`, digest: digest('1'), size: 5 };
const config = { mediaType: `${oci}.config.v1+json`, digest: digest('2'), size: 7 };
const manifest = { schemaVersion: 2, mediaType: `${oci}.manifest.v1+json`, config, layers: [descriptor] };

describe('parseManifest', () => {
	test.each(['oci', 'docker'] as const)('reads a manifest of the %s format', (mediaTypes) => {
		const image = buildVariedImage({ layers: [mixedBytes(10, 1)], variant: { mediaTypes } });
		expect(parseManifest(image.manifest, '')).toMatchObject({
			kind: 'manifest',
			mediaType: image.mediaType,
			config: { digest: `sha256:${image.imageId}` },
			layers: [{ digest: image.blobs[1]?.digest, sizeBytes: image.blobs[1]?.bytes.length }],
		});
	});

	test('goes by the served type where the document has none, and by its looks where that says nothing', () => {
		const { mediaType: _, ...bare } = manifest;
		expect(parseManifest(json(bare), `${oci}.manifest.v1+json; charset=utf-8`).kind).toBe('manifest');
		expect(parseManifest(json(bare), 'text/plain').kind).toBe('manifest');
		expect(parseManifest(json({ schemaVersion: 2, manifests: [] }), 'application/json').kind).toBe('index');
	});

	test.each([
		['Docker schema 1', { schemaVersion: 1, fsLayers: [] }, /schema 1, which is no longer supported/],
		[
			'an artifact',
			{
				...manifest,
				artifactType: 'x/chart',
				config: { ...config, mediaType: 'application/vnd.oci.empty.v1+json' },
			},
			/not an image but an artifact of the type "x\/chart"/,
		],
		['layers and manifests', { ...manifest, manifests: [] }, /both layers and manifests/],
		['an unknown type', { mediaType: 'text/html' }, /unknown type "text\/html"/],
		[
			'a digest that is a path',
			{ ...manifest, layers: [{ ...descriptor, digest: 'sha256:../../x' }] },
			/its layer 1 has the digest "sha256:..\/..\/x"/,
		],
		[
			'a negative size',
			{ ...manifest, layers: [{ ...descriptor, size: -1 }] },
			/its layer 1 has the size -1/,
		],
		[
			'a size that is a fraction',
			{ ...manifest, config: { ...config, size: 1.5 } },
			/its config has the size 1.5/,
		],
		[
			'a config that is too large',
			{ ...manifest, config: { ...config, size: 5e6 } },
			/the config has 5000000 bytes, more than/,
		],
		['no layers', { ...manifest, layers: undefined }, /no list of layers/],
		['too many layers', { ...manifest, layers: Array.from({ length: 501 }, () => descriptor) }, /501 layers/],
		['an array', [], /no JSON object/],
	])('refuses %s', (_, value, message) => {
		expect(() => parseManifest(json(value), '')).toThrow(message);
	});

	test('refuses what is no JSON, and what is too large', () => {
		expect(() => parseManifest(Buffer.from('<html>'), '')).toThrow('it is no JSON');
		expect(() => parseManifest(Buffer.alloc(5_000_000), '')).toThrow('more than 4194304');
	});
});

describe('parseConfig', () => {
	test('reads what the runtime needs', () => {
		const parsed = parseConfig(
			json({
				os: 'linux',
				architecture: 'arm',
				variant: 'v7',
				created: '2026-01-02T03:04:05.000000007+01:00',
				config: { User: 'app:app' },
				rootfs: { type: 'layers', diff_ids: [digest('a')] },
				history: [
					{ created_by: 'x', empty_layer: true },
					{ created: 'never', comment: 'c' },
				],
			}),
		);
		expect(parsed).toMatchObject({ os: 'linux', variant: 'v7', user: 'app:app', diffIds: [digest('a')] });
		expect(parsed.createdAtNanos).toBe(BigInt(Date.parse('2026-01-02T02:04:05Z')) * 1_000_000n + 7n);
		expect(parsed.history).toEqual([
			{ createdAtNanos: undefined, createdBy: 'x', comment: '', emptyLayer: true },
			{ createdAtNanos: undefined, createdBy: '', comment: 'c', emptyLayer: false },
		]);
	});

	test('refuses diff_ids that are none, and another number of them than of layers', () => {
		expect(() => parseConfig(json({ rootfs: { diff_ids: ['md5:1'] } }))).toThrow('the diff_id "md5:1"');
		expect(() => parseConfig(json({ rootfs: { diff_ids: 'x' } }))).toThrow('no list of diff_ids');
		expect(() => checkLayerCount(2, parseConfig(json({})))).toThrow('2 layers, but the config has 0');
	});
});

describe('checkOnlyPlatform', () => {
	const wanted = { os: 'linux', architecture: 'arm', variant: 'v7' };

	test.each([
		['the same', wanted],
		['an older variant', { ...wanted, variant: 'v6' }],
		['no variant', { ...wanted, variant: undefined }],
		['one that does not say', { os: '', architecture: '', variant: undefined }],
	])('takes %s', (_, only) => {
		expect(() => checkOnlyPlatform(only, wanted)).not.toThrow();
	});

	test.each([
		['another architecture', { ...wanted, architecture: 'amd64', variant: undefined }, 'linux/amd64'],
		['another system', { ...wanted, os: 'windows' }, 'windows/arm/v7'],
		['a newer variant', { ...wanted, variant: 'v8' }, 'linux/arm/v8'],
	])('refuses %s', (_, only, shown) => {
		expect(() => checkOnlyPlatform(only, wanted)).toThrow(
			`no match for platform linux/arm/v7; there is ${shown} only`,
		);
	});
});

describe('chooseManifest', () => {
	const entry = (architecture: string, variant?: string, more: object = {}) => ({
		mediaType: manifest.mediaType,
		digest: digest('3'),
		sizeBytes: 1,
		annotations: {},
		urls: [],
		platform: { os: 'linux', architecture, variant },
		...more,
	});
	const unknown = entry('unknown', undefined, {
		platform: { os: 'unknown', architecture: 'unknown', variant: undefined },
	});
	const index = (...manifests: ReturnType<typeof entry>[]) => ({
		kind: 'index' as const,
		mediaType: '',
		manifests,
	});

	test('takes the best variant that runs here', () => {
		const [v5, v6, v7, none] = [entry('arm', 'v5'), entry('arm', 'v6'), entry('arm', 'v7'), entry('arm')];
		const arm = (variant?: string) => ({ os: 'linux', architecture: 'arm', variant });
		expect(chooseManifest(index(v5, none, v6, v7), arm('v6'))).toBe(v6);
		expect(chooseManifest(index(v5, v7), arm('v6'))).toBe(v5);
		expect(chooseManifest(index(v7, none), arm('v6'))).toBe(none);
		expect(chooseManifest(index(v5, v7), arm())).toBe(v7);
		expect(() => chooseManifest(index(v7), arm('v6'))).toThrow('no match for platform linux/arm/v6');
	});

	test('prefers zstd among equals, and never an attestation', () => {
		const zstd = entry('amd64', undefined, {
			annotations: { 'io.github.containers.compression.zstd': 'true' },
		});
		const wanted = parsePlatform('amd64');
		expect(chooseManifest(index(unknown, entry('amd64'), zstd), wanted)).toBe(zstd);
		expect(() => chooseManifest(index(unknown), wanted)).toThrow('there is none');
	});

	test('says what there is', () => {
		const present = index(unknown, entry('arm64', 'v8'), entry('s390x'));
		expect(() => chooseManifest(present, parsePlatform('linux/amd64'))).toThrow(
			'no match for platform linux/amd64; there are linux/arm64/v8, linux/s390x',
		);
	});

	test('platforms are read as they are written', () => {
		expect(parsePlatform('linux/arm/v7')).toEqual({ os: 'linux', architecture: 'arm', variant: 'v7' });
		expect(parsePlatform('')).toEqual(hostPlatform());
		expect(hostPlatform('x64')).toEqual({ os: 'linux', architecture: 'amd64', variant: undefined });
		expect(hostPlatform('arm64')).toEqual({ os: 'linux', architecture: 'arm64', variant: 'v8' });
		expect(() => parsePlatform('a/b/c/d')).toThrow('os/architecture[/variant]');
	});
});
