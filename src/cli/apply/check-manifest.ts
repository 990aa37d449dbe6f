/** Finds whatever is wrong with a manifest before anything is made. */
import { DocumentError } from '../requests/read-message.ts';
import { UsageError } from '../usage-error.ts';
import { envFacts } from './apply-pod.ts';
import { findKeyed } from './environment.ts';
import type { Manifest } from './manifest.ts';
import { checkPod, containerConfig, podNameOf } from './pod-plan.ts';

/**
 * Works out every pod as far as it goes without a runtime.
 * @throws UsageError that names file, pod and field.
 */
export function checkManifest(file: string, manifest: Manifest): void {
	for (const pod of manifest.pods) {
		try {
			checkPod(pod);
			const podName = { ...podNameOf(pod), uid: '' };
			const facts = { ...envFacts(pod, manifest, podName, []), capacityBytes: 1n };
			const { initContainers = [], containers = [], volumes = [] } = pod.spec ?? {};
			for (const [list, all] of Object.entries({ initContainers, containers })) {
				for (const [index, container] of all.entries()) {
					containerConfig(pod, podName, container, `spec.${list}[${index}]`, facts);
				}
			}
			for (const [index, { configMap, secret }] of volumes.entries()) {
				const at = `spec.volumes[${index}]`;
				if (configMap) findKeyed(facts, 'ConfigMap', configMap.name, { optional: configMap.optional, at });
				if (secret) findKeyed(facts, 'Secret', secret.secretName, { optional: secret.optional, at });
			}
		} catch (error) {
			if (!(error instanceof DocumentError)) throw error;
			const where = file === '-' ? 'standard input' : `"${file}"`;
			const name = pod.metadata?.name ?? '';
			throw new UsageError(`cannot apply pod "${name}" of ${where}: ${error.message}`, { cause: error });
		}
	}
}
