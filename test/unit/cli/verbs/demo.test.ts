import { expect, test } from 'vitest';
import { demoPods } from '../../../../src/cli/demo/demo-plan.ts';
import { startDemo } from '../../../../src/cli/demo/start-demo.ts';
import { UnimplementedError } from '../../../../src/cri/errors.ts';
import { podSandboxId } from '../../../../src/cri/ids.ts';
import type { PodSandbox } from '../../../../src/cri/model.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { fakeImage, run } from '../verb-host.ts';

function pod(name: string, labels: PodSandbox['labels']): PodSandbox {
	return {
		id: podSandboxId(`id-of-${name}`),
		metadata: { name, uid: 'u', namespace: 'demo', attempt: 0 },
		state: 'ready',
		createdAtNanos: undefined,
		labels,
		annotations: {},
		runtimeHandler: '',
	};
}

test('--remove takes what is marked, also from a runtime that ignores selectors, and keeps names that others gave', async () => {
	const [web] = demoPods;
	const acts: string[] = [];
	const act = (word: string) => async (id: unknown) => void acts.push(`${word} ${JSON.stringify(id)}`);
	const ran = await run(['demo', '--remove'], {
		services: {
			runtime: {
				listPodSandbox: async () => [pod('theirs', {}), pod('ours', { 'io.criscope.demo': 'true' })],
				listContainers: async () => [],
				stopPodSandbox: act('stop'),
				removePodSandbox: act('remove'),
			},
			images: {
				imageStatus: async (name) => ({
					image: name === web?.image ? fakeImage('aa', [name, 'example.com/kept:1']) : undefined,
					info: {},
				}),
			},
			transfers: { untagImage: act('untag') },
		},
	});
	expect(acts).toEqual([
		'stop "id-of-ours"',
		'remove "id-of-ours"',
		`untag {"image":"${web?.image}","tags":["${web?.image}"]}`,
	]);
	expect(ran).toMatchObject({
		exitCode: 0,
		stdout: `Deleted: pod ours\nDeleted: image ${web?.image}\n`,
	});
});

test('without a demo, --remove says so and is no failure', async () => {
	const ran = await run(['demo', '--remove'], {
		services: {
			runtime: { listPodSandbox: async () => [] },
			images: { imageStatus: async () => ({ image: undefined, info: {} }) },
		},
	});
	expect(ran).toMatchObject({ exitCode: 0, stdout: '', stderr: 'No demo to remove\n' });
});

test('a runtime without the second service gets one sentence', async () => {
	const client = {
		runtime: { listPodSandbox: async () => [] },
		images: { listImages: async () => [], imageStatus: async () => ({ image: undefined, info: {} }) },
		transfers: {
			loadImages: () => {
				throw new UnimplementedError('unknown service');
			},
		},
	} as unknown as CriClient;
	const { signal } = new AbortController();
	await expect(startDemo(client, Buffer.from('x'), () => undefined, { signal })).rejects.toThrow(
		"this runtime cannot load images, which the demo has to: it speaks the CRI only; run the demo on criscope's own",
	);
});

test('what fails midway is undone, and images that were there before stay', async () => {
	const [web, logger] = demoPods;
	const acts: string[] = [];
	const made: PodSandbox[] = [];
	const client = {
		runtime: {
			listPodSandbox: async () => made,
			listContainers: async () => [],
			runPodSandbox: async ({ config }: { config: PodSandbox }) => {
				// Cut short: it is made, but its id never comes back.
				made.push({ ...pod('web', config.labels), metadata: config.metadata });
				throw new Error('no address left');
			},
			stopPodSandbox: async (id: string) => void acts.push(`stop ${id}`),
			removePodSandbox: async (id: string) => void acts.push(`remove ${id}`),
		},
		images: {
			listImages: async () => [fakeImage('aa', [web?.image ?? ''])],
			imageStatus: async (name: string) => ({ image: fakeImage(name, [name]), info: {} }),
			removeImage: async (name: string) => void acts.push(`rmi ${name}`),
		},
		transfers: { loadImages: async function* () {} },
	} as unknown as CriClient;
	const { signal } = new AbortController();
	await expect(startDemo(client, Buffer.from('x'), () => undefined, { signal })).rejects.toThrow(
		'no address left',
	);
	expect(acts.slice(0, 3)).toEqual(['stop id-of-web', 'remove id-of-web', `rmi ${logger?.image}`]);
	expect(acts).toHaveLength(2 + demoPods.length - 1);
});
