/** The names of PodSandboxes and containers, which several messages carry. */
import { readMessage, readNumber, readText } from './codec-fields.ts';
import type { ContainerMetadata, PodSandboxMetadata } from './model.ts';

/** Source: message PodSandboxMetadata. */
export function mapPodSandboxMetadata(value: unknown): PodSandboxMetadata {
	const wire = readMessage(value);
	return {
		name: readText(wire['name']),
		uid: readText(wire['uid']),
		namespace: readText(wire['namespace']),
		attempt: readNumber(wire['attempt']),
	};
}

/** Source: message ContainerMetadata. */
export function mapContainerMetadata(value: unknown): ContainerMetadata {
	const wire = readMessage(value);
	return { name: readText(wire['name']), attempt: readNumber(wire['attempt']) };
}
