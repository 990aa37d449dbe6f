/** Reads the ids of requests: which object a call is about. */
import { readText, type WireMessage } from '../codec-fields.ts';
import { refuse } from '../codec-request-checks.ts';
import { type ContainerId, containerId, type PodSandboxId, podSandboxId } from '../ids.ts';

/** For the log: nothing is refused here. */
export function containerSubject(request: WireMessage): string {
	return readText(request['containerId']);
}

/** For the log: nothing is refused here. */
export function podSandboxSubject(request: WireMessage): string {
	return readText(request['podSandboxId']);
}

/** @throws InvalidArgumentError where there is none */
export function demandContainerId(request: WireMessage): ContainerId {
	return containerId(containerSubject(request) || refuse('containerId', 'is missing'));
}

/** @throws InvalidArgumentError where there is none */
export function demandPodSandboxId(request: WireMessage): PodSandboxId {
	return podSandboxId(podSandboxSubject(request) || refuse('podSandboxId', 'is missing'));
}
