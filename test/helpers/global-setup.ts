import type { TestProject } from 'vitest/node';
import { type ContainerdAddress, containerdAddress, startContainerd } from './containerd.ts';
import { containerdRequirements, whatIsMissing } from './requires.ts';
import { pushSampleImages } from './sample-images.ts';

declare module 'vitest' {
	interface ProvidedContext {
		/** Undefined where it could not be started; `sharedContainerd` says what is missing. */
		readonly containerdAddress: ContainerdAddress | undefined;
	}
}

/** Starts one containerd for all end-to-end tests of a run. It has the sample images in its registry and no pods. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
	if (whatIsMissing(...containerdRequirements) !== undefined) {
		project.provide('containerdAddress', undefined);
		return undefined;
	}
	const containerd = await startContainerd();
	await pushSampleImages(containerd.registry);
	project.provide('containerdAddress', containerdAddress(containerd));
	return () => containerd.stop();
}
