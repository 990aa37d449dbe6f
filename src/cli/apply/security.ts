/** Security contexts of pods and containers in the protocol's words. Source: kubelet pkg/kubelet/kuberuntime/security_context.go */
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { DocumentError } from '../requests/read-message.ts';
import type { ContainerSpec, PodSpec } from './manifest.ts';

type Profile = NonNullable<NonNullable<PodSpec['securityContext']>['seccompProfile']>;

/** Where a kubelet keeps seccomp profiles; names in manifests are below it. */
const seccompRoot = '/var/lib/kubelet/seccomp';

function profileOf(profile: Profile, at: string, root: string): ProtocolMessage {
	const { type, localhostProfile } = profile;
	switch (type) {
		case 'RuntimeDefault':
		case 'Unconfined':
			return { profileType: type };
		case 'Localhost':
			if (!localhostProfile || localhostProfile.split('/').includes('..')) {
				throw new DocumentError(`"${at}.localhostProfile" must name a profile`);
			}
			return { profileType: 'Localhost', localhostRef: `${root}${localhostProfile}` };
		default:
			throw new DocumentError(`"${at}.type" is RuntimeDefault, Unconfined or Localhost, not "${type ?? ''}"`);
	}
}

const int = (value: number | undefined) => (value === undefined ? undefined : { value: BigInt(value) });

/** Which namespaces a pod's containers share. */
export function namespacesOf(spec: PodSpec): ProtocolMessage {
	if (spec.hostPID === true && spec.shareProcessNamespace === true) {
		throw new DocumentError('"spec.hostPID" and "spec.shareProcessNamespace" do not go together');
	}
	return {
		network: spec.hostNetwork ? 'NODE' : 'POD',
		pid: spec.hostPID ? 'NODE' : spec.shareProcessNamespace ? 'POD' : 'CONTAINER',
		ipc: spec.hostIPC ? 'NODE' : 'POD',
	};
}

function groupsOf({ securityContext = {} }: PodSpec): readonly bigint[] {
	const { supplementalGroups = [], fsGroup } = securityContext;
	return [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])].map(BigInt);
}

/** Message LinuxSandboxSecurityContext. @throws DocumentError */
export function sandboxSecurity(spec: PodSpec): ProtocolMessage {
	const { securityContext: pod = {}, containers = [], initContainers = [] } = spec;
	const all = [...containers, ...initContainers];
	return {
		namespaceOptions: namespacesOf(spec),
		privileged: all.some(({ securityContext }) => securityContext?.privileged === true),
		seccomp: { profileType: 'RuntimeDefault' },
		...(pod.runAsUser !== undefined && {
			runAsUser: int(pod.runAsUser),
			runAsGroup: int(pod.runAsGroup),
		}),
		supplementalGroups: groupsOf(spec),
		...(pod.seLinuxOptions && { selinuxOptions: pod.seLinuxOptions }),
	};
}

/** Message LinuxContainerSecurityContext. @param at path of the container. @throws DocumentError */
export function containerSecurity(spec: PodSpec, container: ContainerSpec, at: string): ProtocolMessage {
	const pod = spec.securityContext ?? {};
	const own = container.securityContext ?? {};
	const { privileged = false, allowPrivilegeEscalation, capabilities = {} } = own;
	if (own.procMount !== undefined && own.procMount !== 'Default') {
		throw new DocumentError(
			`"${at}.securityContext.procMount" can only be Default: the CRI cannot ask for less`,
		);
	}
	if (own.windowsOptions !== undefined)
		throw new DocumentError(`"${at}.securityContext.windowsOptions" is for Windows`);
	const { add = [], drop = [] } = capabilities;
	if (
		allowPrivilegeEscalation === false &&
		(privileged || add.some((name) => /^(?:CAP_)?SYS_ADMIN$/u.test(name)))
	) {
		throw new DocumentError(
			`"${at}.securityContext.allowPrivilegeEscalation" cannot be false with privileged or SYS_ADMIN`,
		);
	}
	const seccomp = own.seccompProfile ?? pod.seccompProfile;
	const apparmor = own.appArmorProfile ?? pod.appArmorProfile;
	const selinux = own.seLinuxOptions ?? pod.seLinuxOptions;
	const runAsUser = own.runAsUser ?? pod.runAsUser;
	const runAsGroup = own.runAsGroup ?? pod.runAsGroup;
	if (runAsGroup !== undefined && runAsUser === undefined) {
		throw new DocumentError(`"${at}" has runAsGroup without runAsUser, which the CRI cannot ask for`);
	}
	return {
		namespaceOptions: namespacesOf(spec),
		privileged,
		readonlyRootfs: own.readOnlyRootFilesystem ?? false,
		noNewPrivs: allowPrivilegeEscalation === false,
		capabilities: { addCapabilities: add, dropCapabilities: drop },
		runAsUser: int(runAsUser),
		runAsGroup: int(runAsGroup),
		supplementalGroups: groupsOf(spec),
		...(pod.supplementalGroupsPolicy && { supplementalGroupsPolicy: pod.supplementalGroupsPolicy }),
		// A kubelet leaves it off unless its seccompDefault is set, and runtimes take it off what is privileged.
		seccomp: seccomp
			? profileOf(seccomp, `${at}.securityContext.seccompProfile`, `${seccompRoot}/`)
			: { profileType: 'Unconfined' },
		...(apparmor && { apparmor: profileOf(apparmor, `${at}.securityContext.appArmorProfile`, '') }),
		...(selinux && { selinuxOptions: selinux }),
	};
}

/** The user a container is known to run as; undefined where the image decides. */
export function knownUser(spec: PodSpec, container: ContainerSpec): number | undefined {
	return container.securityContext?.runAsUser ?? spec.securityContext?.runAsUser;
}

/** Whether it must not be root. */
export function mustNotBeRoot(spec: PodSpec, container: ContainerSpec): boolean {
	return container.securityContext?.runAsNonRoot ?? spec.securityContext?.runAsNonRoot ?? false;
}
