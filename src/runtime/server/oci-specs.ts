/** config.json by the rules of src/runtime/oci, with what is the same for all containers of this host. */
import { FailedPreconditionError, InvalidArgumentError } from '../../cri/errors.ts';
import type { SecurityContext } from '../../cri/pod-request.ts';
import type { Log } from '../log.ts';
import { chooseSeccomp } from '../oci/seccomp.ts';
import type { HostLimits } from '../oci/spec-input.ts';
import { prepareContainerSpec } from '../oci/spec-prepare.ts';
import { ociResources } from '../oci/spec-resources.ts';
import type { SpecHost, SpecSettings } from '../oci/spec-settings.ts';
import { podSysctls } from '../oci/sysctls.ts';
import type { ContainerSpecs } from './container-spec.ts';

/** @param settings read anew for each container, so that a changed configuration counts for the next */
export function createContainerSpecs({
	limits,
	host,
	settings,
	log,
}: {
	readonly limits: HostLimits;
	readonly host: SpecHost;
	readonly settings: () => SpecSettings;
	readonly log: Log;
}): ContainerSpecs {
	return {
		checkSandbox({ security, sysctls }) {
			demandNoUserns(security);
			const { network, ipc } = security.namespaces;
			podSysctls(sysctls, { hostNetwork: network === 'node', hostIpc: ipc === 'node' });
		},
		checkContainer({ security, mounts }, sandbox) {
			demandNoUserns(security);
			if (security.privileged && !sandbox.security.privileged) {
				throw new InvalidArgumentError(
					'config.linux.security_context.privileged is set, and its pod sandbox is not privileged',
				);
			}
			if (mounts.some((mount) => mount.recursiveReadOnly) && !limits.recursiveReadOnly) {
				throw new InvalidArgumentError('recursive read-only mounts need Linux 5.12 or later');
			}
		},
		async make(request, { signal } = {}) {
			signal?.throwIfAborted();
			const { imageMounts, bundleDir, files, ...rest } = request;
			const images = new Map(
				[...imageMounts].map(([index, at]) => [rest.container.mounts[index]?.containerPath ?? '', at]),
			);
			const { notes, ...made } = prepareContainerSpec({
				...rest,
				files,
				limits,
				host,
				settings: settings(),
				runDir: bundleDir,
				imageMounts: images,
				containerEnvPath: files.containerEnv,
			});
			for (const note of notes) log('warn', note, { object: request.id });
			return made;
		},
		sandboxSeccomp({ security }) {
			const { seccompProfile, privilegedSeccompProfile } = settings();
			return chooseSeccomp({
				profile: security.seccomp,
				privileged: security.privileged,
				configuredProfile: seccompProfile,
				privilegedProfile: privilegedSeccompProfile,
				isEnabled: limits.seccomp,
				target: { capabilities: [], kernel: limits.kernel },
			});
		},
		resources: (request, handler) =>
			ociResources(request, {
				cgroupVersion: limits.cgroupVersion,
				memorySwap: host.memorySwap,
				hugetlb: host.hugetlb,
				minimumMemoryBytes: handler.minimumMemoryBytes,
			}),
	};
}

/** Source: runc 1.1 maps no ids of mounts, without which a user namespace cannot use an image. */
function demandNoUserns({ namespaces: { userns } }: SecurityContext): void {
	if (userns?.mode !== 'pod') return;
	throw new FailedPreconditionError(
		'user namespaces are not supported: the OCI runtime maps no ids of mounts',
	);
}
