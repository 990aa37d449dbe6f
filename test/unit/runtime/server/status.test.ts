import { expect, test } from 'vitest';
import type { PodParts } from '../../../../src/runtime/server/pod-parts.ts';
import { createStatus } from '../../../../src/runtime/server/status.ts';

type Parts = Parameters<typeof createStatus>[0];

/** What the answer is made of, to be changed by a test. */
function parts() {
	const runc = { name: 'runc', type: 'oci' } as PodParts['handlers']['all'][number];
	const world: {
		handlers: readonly (typeof runc)[];
		problem: string | undefined;
		cause: { readonly reason: string; readonly message: string } | undefined;
	} = { handlers: [runc], problem: undefined, cause: undefined };
	const made = {
		network: { notReady: () => world.cause },
		handlers: {
			get all() {
				return world.handlers;
			},
			problem: () => world.problem,
		},
		limits: { recursiveReadOnly: true, boundingCapabilities: new Set(['CAP_KILL']) },
		images: { graphRoot: '/r', runRoot: '/n', driver: 'overlay' },
		cgroups: { driver: 'cgroupfs', version: 1 },
	} as unknown as Parts;
	const status = createStatus(made, { config: () => ({ pidsLimit: 1 }), limits: [] });
	return { world, runc, status };
}

test('the status is the same object as long as nothing changes, and another one at once where something does', async () => {
	const { world, runc, status } = parts();
	const first = await status({ verbose: false });
	expect(first.conditions.map(({ status: good }) => good)).toEqual([true, true]);
	expect(first.runtimeHandlers.map(({ name }) => name)).toEqual(['', 'runc']);
	expect(await status({ verbose: false })).toBe(first);
	world.cause = { reason: 'NetworkPluginNotReady', message: 'no networks' };
	expect((await status({ verbose: false })).conditions[1]).toEqual({
		type: 'NetworkReady',
		status: false,
		reason: 'NetworkPluginNotReady',
		message: 'no networks',
	});
	world.cause = { reason: 'NetworkPluginNotReady', message: 'no plugin' };
	expect((await status({ verbose: false })).conditions[1]?.message).toBe('no plugin');
	world.problem = 'no OCI runtime is installed';
	expect((await status({ verbose: false })).conditions[0]).toMatchObject({
		status: false,
		reason: 'RuntimeNotReady',
		message: 'no OCI runtime is installed',
	});
	world.handlers = [runc, { ...runc, name: 'crun' }];
	expect((await status({ verbose: false })).runtimeHandlers).toHaveLength(3);
});

test('the verbose form tells the configuration, and the brief one does not afterwards', async () => {
	const { status } = parts();
	const { info } = await status({ verbose: true });
	expect(JSON.parse(info['config'] ?? '')).toMatchObject({ root: '/r', pidsLimit: 1 });
	expect((await status({ verbose: false })).info).toEqual({});
});
