import { describe, expect, test } from 'vitest';
import {
	CriError,
	FailedPreconditionError,
	InvalidArgumentError,
	NotFoundError,
	PermissionError,
	UnavailableError,
} from '../../../../src/cri/errors.ts';
import type { PullTransferRequest, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import type { ServedRuntime } from '../../../../src/cri/transport/served-runtime.ts';
import { PolicyRefusedError } from '../../../../src/runtime/image/registries/policy.ts';
import { ShutdownError } from '../../../../src/runtime/image/shared-transfers.ts';
import { createServices } from '../../../../src/runtime/server/services.ts';
import { type FakeImage, fakeParts } from './fake-images.ts';

const completed: TransferEvent = {
	kind: 'completed',
	imageId: 'f'.repeat(64),
	manifestDigest: '',
	names: [],
	upToDate: true,
};

function serving(images: readonly FakeImage[], transfers: Parameters<typeof fakeParts>[1] = {}) {
	const parts = fakeParts(images, transfers);
	return { ...parts, services: createServices(parts, {} as ServedRuntime) };
}

describe('ListImages', () => {
	test('lists what can be used, and tells the log of the rest', async () => {
		const { services, ids, logged } = serving([{ names: ['a/b:1'] }, { names: ['a/c:1'], unreadable: true }]);
		const listed = await services.images.listImages();
		expect(listed.map(({ id }) => id)).toEqual([ids[0]]);
		expect(await Array.fromAsync(services.images.streamImages())).toEqual(listed);
		expect(logged[0]?.fields).toEqual({ image: ids[1] });
	});

	test('with a filter looks one up, and an unknown one is an empty list', async () => {
		const { services, ids } = serving([{ names: ['a/b:1'] }, { names: ['a/c:1'] }]);
		expect((await services.images.listImages({ image: 'a/c:1' })).map(({ id }) => id)).toEqual([ids[1]]);
		expect(await services.images.listImages({ image: 'nope' })).toEqual([]);
	});

	test('reads each config once, however often it is asked', async () => {
		const { services, reads, images, ids } = serving([{ names: ['a:1'] }, { names: ['b:1'] }]);
		await services.images.listImages();
		await services.images.listImages();
		expect(reads).toHaveLength(2);
		expect(new Set(reads).size).toBe(2);
		images.delete(ids[0] ?? '');
		expect(await services.images.listImages()).toHaveLength(1);
	});
});

describe('ImageStatus', () => {
	test('tells of user, annotations and, where asked, the config without what is not the OCI’s', async () => {
		const config = {
			config: { User: '1000:50', Labels: { l: 'v' } },
			container_config: { Cmd: [] },
			docker_version: '1',
		};
		const { services, ids } = serving([{ names: ['a/b:1'], config, annotations: { note: 'x' } }]);
		const { image, info } = await services.images.imageStatus('a/b:1', { verbose: true });
		expect(image).toMatchObject({
			id: ids[0],
			repoTags: ['a/b:1'],
			uid: 1000n,
			username: '',
			spec: { annotations: { note: 'x' } },
		});
		const told = JSON.parse(info['info'] ?? '');
		expect(told.labels).toEqual({ l: 'v' });
		expect(Object.keys(told.imageSpec).toSorted()).toEqual(['architecture', 'config', 'os', 'rootfs']);
		expect((await services.images.imageStatus('a/b:1', { verbose: false })).info).toEqual({});
	});

	test('of an unknown image has none, and of a damaged one too, so that a kubelet pulls it again', async () => {
		const { services, logged } = serving([{ names: ['a:1'], damaged: true }]);
		expect(await services.images.imageStatus('b:1', { verbose: true })).toEqual({
			image: undefined,
			info: {},
		});
		expect(logged).toEqual([]);
		expect(await services.images.imageStatus('a:1', { verbose: true })).toEqual({
			image: undefined,
			info: {},
		});
		expect(logged[0]?.fields?.['error']).toContain('its link is empty');
	});
});

test('RemoveImage takes the image by any name, and what is gone is gone', async () => {
	const { services, images, ids } = serving([{ names: ['a:1', 'b:1'] }, { names: ['c:1'] }]);
	await Promise.all(Array.from({ length: 5 }, () => services.images.removeImage('b:1')));
	await services.images.removeImage('0'.repeat(64));
	expect([...images.keys()]).toEqual([ids[1]]);
});

test.each(['', '  '])('a request that names no image ("%s") is a mistake', async (image) => {
	const { images, transfers } = serving([]).services;
	for (const call of [
		() => images.imageStatus(image, { verbose: false }),
		() => images.pullImage({ image }),
		() => images.removeImage(image),
		() => Array.fromAsync(transfers.pullImage({ image })),
		() => Array.fromAsync(transfers.pushImage({ image })),
		() => Array.fromAsync(transfers.saveImages({ images: ['a', image], format: 'oci-archive' })),
		() => Array.fromAsync(transfers.saveImages({ images: [], format: 'oci-archive' })),
		() => transfers.tagImage({ image, tag: 'x' }),
		() => transfers.untagImage({ image, tags: [] }),
		async () => transfers.describeImage(image),
	]) {
		await expect(call()).rejects.toBeInstanceOf(InvalidArgumentError);
	}
});

describe('PullImage', () => {
	test('answers with the id, and takes the pull to its very end', async () => {
		let ended = false;
		const requests: PullTransferRequest[] = [];
		const { services } = serving([], {
			pull: async function* (request) {
				requests.push(request);
				yield completed;
				ended = true;
			},
		});
		const auth = { username: 'u', password: 'p' };
		expect(await services.images.pullImage({ image: 'a:1', auth })).toBe('f'.repeat(64));
		expect([ended, requests]).toEqual([true, [{ image: 'a:1', auth }]]);
	});

	test('tells a registry that is away from a runtime that is away', async () => {
		const failing = (error: Error) =>
			serving([], {
				// biome-ignore lint/correctness/useYield: it fails
				pull: async function* () {
					throw error;
				},
			}).services;
		const away = new UnavailableError('cannot pull image "a": nobody answers');
		const told = await failing(away)
			.images.pullImage({ image: 'a' })
			.catch((error: unknown) => error);
		expect(told).toMatchObject({ code: 'unknown', message: `RegistryUnavailable: ${away.message}` });
		const event = await Array.fromAsync(failing(away).transfers.pullImage({ image: 'a' })).catch(
			(error: unknown) => error,
		);
		expect(event).toMatchObject({ code: 'unknown', message: away.message });
		const ending = new ShutdownError('the runtime is shutting down');
		await expect(failing(ending).images.pullImage({ image: 'a' })).rejects.toBe(ending);
		await expect(Array.fromAsync(failing(ending).transfers.pullImage({ image: 'a' }))).rejects.toBe(ending);
		const refused = new PermissionError('cannot pull image "a": the policy rejects it', {
			cause: new PolicyRefusedError('the policy rejects it'),
		});
		await expect(failing(refused).images.pullImage({ image: 'a' })).rejects.toMatchObject({
			code: 'unknown',
			message: 'SignatureValidationFailed: cannot pull image "a": the policy rejects it',
		});
		const missing = new NotFoundError('no such tag');
		await expect(failing(missing).images.pullImage({ image: 'a' })).rejects.toBe(missing);
		expect(told).toBeInstanceOf(CriError);
	});
});

describe('names', () => {
	test.each([
		['x', 'localhost/x:latest'],
		['team/x:2', 'localhost/team/x:2'],
		['reg.example:5000/x', 'reg.example:5000/x:latest'],
		['docker.io/x', 'docker.io/library/x:latest'],
	])('%s becomes %s', async (tag, name) => {
		const { services, images, ids } = serving([{ names: ['a/b:1'] }]);
		await services.transfers.tagImage({ image: 'a/b:1', tag });
		expect(images.get(ids[0] ?? '')?.names).toEqual(['a/b:1', name]);
	});

	test('that cannot be one, or an image that is not there, are said so', async () => {
		const { transfers } = serving([{ names: ['a/b:1'] }]).services;
		await expect(transfers.tagImage({ image: 'a/b:1', tag: 'UPPER' })).rejects.toBeInstanceOf(
			InvalidArgumentError,
		);
		const tag = `x@sha256:${'0'.repeat(64)}`;
		await expect(transfers.tagImage({ image: 'a/b:1', tag })).rejects.toThrow('has a digest');
		await expect(transfers.tagImage({ image: 'none', tag: 'x' })).rejects.toBeInstanceOf(NotFoundError);
	});

	test('are taken one by one, or all, short or in full', async () => {
		const names = ['localhost/x:1', 'docker.io/library/y:latest', 'reg.example/z:1'];
		const { services, images, ids } = serving([{ names }]);
		const left = () => images.get(ids[0] ?? '')?.names;
		await services.transfers.untagImage({ image: ids[0] ?? '', tags: ['x:1', 'y'] });
		expect(left()).toEqual(['reg.example/z:1']);
		await expect(services.transfers.untagImage({ image: ids[0] ?? '', tags: ['q'] })).rejects.toThrow(
			'it is not called "q"; its names are reg.example/z:1',
		);
		await services.transfers.untagImage({ image: ids[0] ?? '', tags: [] });
		expect(left()).toEqual([]);
	});

	test('are known by aliases, and by the search registry that gave them', async () => {
		const names = ['quay.example/full/nick:1', 'reg.example/z:1', 'one.example/w:1', 'two.example/w:1'];
		const { services, images, ids } = serving([{ names }]);
		const untag = (tag: string) => services.transfers.untagImage({ image: ids[0] ?? '', tags: [tag] });
		await untag('nick:1');
		await untag('z:1');
		await expect(untag('w:1')).rejects.toThrow('its names are one.example/w:1, two.example/w:1');
		expect(images.get(ids[0] ?? '')?.names).toEqual(['one.example/w:1', 'two.example/w:1']);
	});
});

test('an archive is sent in pieces of bounded size, in order', async () => {
	const bytes = Buffer.alloc(600_000).map((_, index) => index % 253);
	const { services } = serving([], {
		save: async function* () {
			yield { kind: 'chunk', bytes };
			yield { kind: 'event', event: completed };
		},
	});
	const parts = await Array.fromAsync(
		services.transfers.saveImages({ images: ['a'], format: 'oci-archive' }),
	);
	const chunks = parts.flatMap((part) => (part.kind === 'chunk' ? [part.bytes] : []));
	expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThanOrEqual(256 * 1024);
	expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
	expect(parts.at(-1)).toEqual({ kind: 'event', event: completed });
});

test('ImageFsInfo names one filesystem for images and containers', async () => {
	const filesystem = {
		timestampNanos: 7n,
		mountpoint: '/root/overlay-images',
		usedBytes: 5n,
		inodesUsed: 2n,
	};
	expect(await serving([]).services.images.imageFsInfo()).toEqual({
		imageFilesystems: [filesystem],
		containerFilesystems: [filesystem],
	});
});

test('an image in use is not removed, and who uses it is said', async () => {
	const { services, store } = serving([{ names: ['a:1'] }]);
	const used = new FailedPreconditionError('container c uses it');
	Object.assign(store, {
		removeImage: async () => {
			throw used;
		},
	});
	await expect(services.images.removeImage('a:1')).rejects.toBe(used);
});
