import { AlreadyExistsError, CriError, errorMessage } from '../../cri/errors.ts';
import { containerId } from '../../cri/ids.ts';
import type { ServedRuntime } from '../../cri/transport/served-runtime.ts';
import { OciRuntimeError } from '../oci/model.ts';
import { containerName } from '../store/names.ts';
import { makeContainer } from './container-make.ts';
import { findReady, type PodParts } from './pod-parts.ts';
import { containerCreationKey } from './sandbox-stop.ts';

/**
 * RPC CreateContainer. A request of the same metadata gets the container that is there, or joins the making under way.
 * @throws NotFoundError for the sandbox or the image; FailedPreconditionError, InvalidArgumentError
 */
export function createCreateContainer(parts: PodParts): ServedRuntime['createContainer'] {
	return async ({ podSandboxId, config }, options) => {
		const sandbox = findReady(parts, podSandboxId, 'create a container in pod sandbox');
		parts.creations.claim(sandbox.id);
		const { name } = config.metadata;
		try {
			parts.specs.checkContainer(config, sandbox.request, parts.handlers.of(sandbox));
			const fullName = containerName(config.metadata, sandbox.request.metadata);
			const known = parts.containers.byName(fullName);
			if (known !== undefined && known.podSandboxId !== sandbox.id) {
				throw new AlreadyExistsError(
					`its name is that of container ${known.id}, of pod sandbox ${known.podSandboxId}`,
				);
			}
			if (known?.phase === 'complete') {
				parts.creations.claim(known.id);
				return containerId(known.id);
			}
			const key = containerCreationKey(sandbox.id, fullName);
			const make = (signal: AbortSignal) => makeContainer(parts, sandbox, config, signal);
			return containerId(await parts.creations.join(key, make, options));
		} catch (error) {
			throw withName(error, name);
		}
	};
}

/** Says which container it was. What the OCI runtime refuses is no fault of the server. */
function withName(error: unknown, name: string): unknown {
	const start = `cannot create container "${name}": `;
	if (!(error instanceof CriError || error instanceof OciRuntimeError)) return error;
	if (error.message.startsWith(start)) return error;
	const code = error instanceof CriError ? error.code : 'unknown';
	return new CriError(code, `${start}${errorMessage(error)}`, { cause: error });
}
