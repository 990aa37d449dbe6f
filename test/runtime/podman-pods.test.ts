/** Pods of `criscope serve` and containers of Podman side by side, on one store and from one image. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PodRig, startPodRig } from '../helpers/pod-rig.ts';
import { openPodman, type Podman, podmanRequirements } from '../helpers/podman.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing(
	...podmanRequirements,
	'docker-registry',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
);

describe.skipIf(missing)(`Podman beside pods${missing ?? ''}`, () => {
	let rig: PodRig;
	let podman: Podman;
	beforeAll(async () => {
		rig = await startPodRig('beside');
		const { graphRoot, runRoot } = rig.serve;
		podman = openPodman({ dir: path.join(rig.dir, 'podman'), graphRoot, runRoot });
	});
	afterAll(async () => {
		await podman?.stop();
		await rig?.stop();
	});

	test('sees a running container as external, leaves it its image, and runs its own beside it', async () => {
		const { runtime } = rig.serve.client();
		const pod = await rig.pod();
		const id = await pod.run('while :; do sleep 1; done');
		const external = async () =>
			JSON.parse(await podman.run('ps', '--all', '--external', '--format', 'json')) as readonly {
				readonly Id: string;
				readonly Image: string;
			}[];
		expect(await external()).toMatchObject([{ Id: id, Image: rig.image }]);
		await expect(podman.rmi(rig.image)).rejects.toThrow(/in use by a container/);
		await podman.run('image', 'prune', '--all', '--force');
		expect(await podman.runContainer(rig.image, ['sh', '-c', 'echo beside'])).toContain('beside');
		await podman.run('container', 'prune', '--force');

		expect(await runtime.containerStatus(id, { verbose: false })).toMatchObject({ state: 'running' });
		expect(await pod.sh(id, 'cat /opt-beside; echo kept > /tmp/kept; cat /tmp/kept')).toBe('beside\nkept\n');
		expect((await external()).map(({ Id }) => Id)).toEqual([id]);

		await runtime.stopPodSandbox(pod.id);
		await runtime.removePodSandbox(pod.id);
		expect(await external()).toEqual([]);
		await podman.rmi(rig.image);
		expect(await rig.serve.client().images.listImages()).toEqual([]);
	});
});
