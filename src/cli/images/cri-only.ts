import { isUnimplemented, UnimplementedError } from '../../cri/errors.ts';

/**
 * Makes a sentence of what a runtime answers that has no second service.
 * @param what it cannot do: `push images`
 * @param instead what the person can do
 */
export function explainCriOnly(error: unknown, what: string, instead: string): unknown {
	if (!isUnimplemented(error)) return error;
	return new UnimplementedError(`this runtime cannot ${what}: it speaks the CRI only; ${instead}`, {
		cause: error,
	});
}

/** What serves for most verbs: the runtime's own program. */
export const ownTool = "use the runtime's own program (ctr or nerdctl, podman, skopeo)";
