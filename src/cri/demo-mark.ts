/** By what everyone knows a pod of the demo: the verb that makes and removes it, and the inspector that offers both. */
import type { StringMap } from './model.ts';

/** Marks all pods and containers of the demo; `criscope demo --remove` goes by it. */
export const demoLabel = 'io.criscope.demo';

/** Whether a pod or container is the demo's. */
export function isOfDemo({ labels }: { readonly labels: StringMap }): boolean {
	return labels[demoLabel] === 'true';
}
