import { inject } from 'vitest';
import { accessContainerd, type ContainerdAccess } from './containerd.ts';

/**
 * The containerd all end-to-end tests of a run share (global-setup.ts). A test file leaves it without pods of its own
 * (`removeAllPods` in afterAll), and starts one of its own (`startContainerd`) to stop, kill or freeze it.
 *
 * @throws Error when there is none: guard with `whatIsMissing(...containerdRequirements)`
 */
export function sharedContainerd(): ContainerdAccess {
	const address = inject('containerdAddress');
	if (address === undefined)
		throw new Error('cannot use containerd: it could not be started on this machine');
	return accessContainerd(address);
}
