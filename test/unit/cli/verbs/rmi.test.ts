import { expect, test } from 'vitest';
import { containerId, imageId, podSandboxId } from '../../../../src/cri/ids.ts';
import type { Container, Image } from '../../../../src/cri/model.ts';
import { fakeImage, run } from '../verb-host.ts';

/** A store in memory. With `untags` a removal by tag takes only the tag while others are left. */
function createStore(all: readonly Image[], { untags = false } = {}) {
	let images = all;
	const find = (name: string) => images.find(({ id, repoTags }) => id === name || repoTags.includes(name));
	return {
		removed: [] as string[],
		listImages: async () => images,
		imageStatus: async (name: string) => ({ image: find(name), info: {} }),
		async removeImage(name: string) {
			this.removed.push(name);
			const image = find(name);
			if (name === 'example.com/used:1') throw new Error(`cannot remove image "${name}": in use`);
			images = images.filter((other) => other !== image);
			if (!image || !untags || name === image.id || image.repoTags.length === 1) return;
			images = [...images, { ...image, repoTags: image.repoTags.filter((tag) => tag !== name) }];
		},
	};
}

function container(image: string, id: string): Container {
	return {
		id: containerId('c'),
		podSandboxId: podSandboxId('p'),
		metadata: { name: 'c', attempt: 0 },
		image: { image, userSpecifiedImage: '', runtimeHandler: '', annotations: {} },
		imageRef: image,
		imageId: imageId(id),
		state: 'running',
		createdAtNanos: undefined,
		labels: {},
		annotations: {},
	};
}

const two = fakeImage('sha256:aa', ['example.com/a:1', 'example.com/a:2']);
const used = fakeImage('sha256:bb', ['example.com/used:1']);
const pinned = fakeImage('sha256:cc', ['example.com/pause:1'], { pinned: true });
const spare = fakeImage('sha256:dd', []);

test('what is gone is said: every tag, or the one that was taken away', async () => {
	const all = createStore([two]);
	expect((await run(['rmi', 'example.com/a:1'], { services: { images: all } })).stdout).toBe(
		'Deleted: example.com/a:1\nDeleted: example.com/a:2\n',
	);
	const one = createStore([two], { untags: true });
	expect((await run(['rmi', 'example.com/a:1'], { services: { images: one } })).stdout).toBe(
		'Deleted: example.com/a:1\n',
	);
	const bare = createStore([spare]);
	expect((await run(['rmi', 'sha256:dd'], { services: { images: bare } })).stdout).toBe(
		'Deleted: sha256:dd\n',
	);
});

test('after a failure the others are removed all the same, and the exit code tells', async () => {
	const images = createStore([two, used]);
	const ran = await run(['rmi', 'nope', 'example.com/used:1', 'sha256:aa'], { services: { images } });
	expect(ran).toMatchObject({
		exitCode: 1,
		stdout: 'Deleted: example.com/a:1\nDeleted: example.com/a:2\n',
		stderr:
			'criscope: cannot remove image "nope": there is no such image\ncriscope: cannot remove image "example.com/used:1": in use\n',
	});
	expect((await run(['rmi', '-f', 'nope'], { services: { images } })).exitCode).toBe(0);
});

test('a pruning leaves what is pinned and what containers use, by whichever name', async () => {
	for (const use of [container('example.com/used:1', ''), container('gone', 'sha256:bb')]) {
		const images = createStore([two, used, pinned, spare]);
		const runtime = { listContainers: async () => [use] };
		const ran = await run(['rmi', '--prune'], { services: { images, runtime } });
		expect(ran.exitCode).toBe(0);
		expect(images.removed).toEqual(['sha256:aa', 'sha256:dd']);
	}
});

test('nothing is pruned while it is not known what is in use', async () => {
	const images = createStore([two, used]);
	const runtime = { listContainers: async () => [container('example.com/used:1', '')] };
	const broken = Object.assign(images, {
		imageStatus: () => Promise.reject(new Error('the store is damaged')),
	});
	await expect(run(['rmi', '--prune'], { services: { images: broken, runtime } })).rejects.toThrow(
		/cannot tell which images are in use: the store is damaged/,
	);
	expect(images.removed).toEqual([]);
});

test('with nothing to remove there is nothing to fail', async () => {
	const ran = await run(['rmi', '-a'], { services: { images: createStore([]) } });
	expect(ran).toMatchObject({ exitCode: 0, stdout: '', stderr: 'No images to remove\n' });
});
