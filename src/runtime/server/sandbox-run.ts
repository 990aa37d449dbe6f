import { AlreadyExistsError, CriError, errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import { podSandboxId } from '../../cri/ids.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { podSandboxName } from '../store/names.ts';
import type { PodParts } from './pod-parts.ts';
import { makeSandbox } from './sandbox-make.ts';

/**
 * RPC RunPodSandbox. A request of the same metadata gets the sandbox that is there, or joins the making under way: never
 * a second one. A client that vanishes gets it at its next try.
 */
export function createRunPodSandbox(parts: PodParts): ServedRuntime['runPodSandbox'] {
	return async ({ config, runtimeHandler }, options) => {
		const { name } = config.metadata;
		const handler = parts.handlers.demand(runtimeHandler);
		checked(name, () => parts.specs.checkSandbox(config, handler));
		const known = parts.sandboxes.byName(podSandboxName(config.metadata));
		if (known?.phase === 'complete') {
			if (known.runtimeHandler !== runtimeHandler) {
				throw new AlreadyExistsError(
					`cannot run pod sandbox "${name}": it is there already, with the handler "${known.runtimeHandler}"`,
				);
			}
			parts.creations.claim(known.id);
			return podSandboxId(known.id);
		}
		const make = (signal: AbortSignal) => makeSandbox(parts, config, runtimeHandler, signal);
		return podSandboxId(await parts.creations.join(podSandboxName(config.metadata), make, options));
	};
}

/** Errors of a check name the pod, too. */
function checked(name: string, check: () => void): void {
	try {
		check();
	} catch (error) {
		const message = `cannot run pod sandbox "${name}": ${errorMessage(error)}`;
		if (error instanceof InvalidArgumentError) throw new InvalidArgumentError(message, { cause: error });
		if (error instanceof CriError) throw new CriError(error.code, message, { cause: error });
		throw error;
	}
}
