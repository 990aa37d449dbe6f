/** Makes config.json. Everything was looked up before, so this is pure. Source: runtime.md sections 3.9, 3.10; CRI-O 1.36. */
import { type CapabilityChoice, chooseCapabilities } from './capabilities.ts';
import type { OciMount, OciProcess, OciResources, OciSpec } from './model.ts';
import { allowedAnnotation } from './spec-annotations.ts';
import type { ContainerSpecInput } from './spec-input.ts';
import { specMounts } from './spec-mounts.ts';
import { specNamespaces } from './spec-namespaces.ts';
import { maskedPaths, readonlyPaths } from './spec-paths.ts';
import {
	clampOomScoreAdj,
	processArgs,
	processCwd,
	processEnv,
	processRlimits,
	processUmask,
	runsSystemd,
} from './spec-process.ts';
import { ociResources, unifiedOfAnnotation } from './spec-resources.ts';

/** Old enough for every runtime in use; what is newer is optional in it. */
export const ociVersion = '1.0.2';

/**
 * The spec of a container.
 * @throws InvalidArgumentError for a request that cannot be met, FailedPreconditionError for a missing PID namespace
 */
export function buildContainerSpec(input: ContainerSpecInput): OciSpec {
	const { container, extras } = input;
	const { security } = container;
	const namespaces = specNamespaces(input);
	const mounts = specMounts(input);
	const masked = [
		...maskedPaths(security, extras?.host?.thermalThrottlePaths ?? []),
		...systemdMasked(input),
	];
	const readonly = readonlyPaths(security);
	const propagation = rootfsPropagation(input.mounts);
	return {
		ociVersion,
		process: specProcess(input),
		root: {
			path: input.rootfsPath,
			readonly: security.readonlyRootfs || extras?.settings?.readOnly === true,
		},
		// Setting it needs a UTS namespace that is not the host's.
		...(namespaces.some(({ type }) => type === 'uts') && { hostname: input.hostname }),
		mounts,
		...(extras?.hooks !== undefined && Object.keys(extras.hooks).length > 0 && { hooks: extras.hooks }),
		annotations: input.annotations,
		linux: {
			namespaces,
			...(input.devices.length > 0 && { devices: input.devices }),
			cgroupsPath: input.cgroupsPath,
			resources: specResources(input),
			...(propagation !== undefined && { rootfsPropagation: propagation }),
			...(!unconfined(input) && input.seccomp !== undefined && { seccomp: input.seccomp }),
			...(masked.length > 0 && { maskedPaths: masked }),
			...(readonly.length > 0 && { readonlyPaths: readonly }),
		},
	};
}

/** What the container's process may do. @throws InvalidArgumentError for an unknown name */
export function containerCapabilities(
	input: Pick<ContainerSpecInput, 'container' | 'limits' | 'extras'>,
): CapabilityChoice {
	return chooseCapabilities(input.container.security, {
		bounding: input.limits.boundingCapabilities,
		defaults: input.extras?.settings?.defaultCapabilities,
		inheritable: input.extras?.settings?.addInheritableCapabilities,
	});
}

/** What was asked for and could not be given, as sentence parts for the log; empty mostly. */
export function specShortfalls(input: ContainerSpecInput): readonly string[] {
	const { leftOut } = containerCapabilities(input);
	const wanted = input.container.resources?.oomScoreAdj;
	const shortfalls: string[] = [];
	if (leftOut.length > 0) shortfalls.push(`capabilities left out, as we lack them: ${leftOut.join(', ')}`);
	if (wanted !== undefined && clampOomScoreAdj(Number(wanted), input.limits) !== Number(wanted)) {
		shortfalls.push(`oom_score_adj ${wanted} raised to ${clampOomScoreAdj(Number(wanted), input.limits)}`);
	}
	// A kubelet sends an empty one to hosts without.
	const selinux = Object.values(input.container.security.selinux ?? {}).some((part) => part !== '');
	if (selinux) {
		const why = input.limits.selinux ? 'labels are not supported' : 'this host has no SELinux';
		shortfalls.push(`SELinux options left out, as ${why}`);
	}
	return shortfalls;
}

function specProcess(input: ContainerSpecInput): OciProcess {
	const { container, image, user, limits, extras } = input;
	const umask = processUmask(input);
	const oomScoreAdj = container.resources?.oomScoreAdj;
	const rlimits = processRlimits(extras?.settings?.rlimits ?? [], limits);
	const apparmor = container.security.privileged ? undefined : input.apparmorProfile;
	return {
		terminal: container.tty,
		user: {
			uid: user.uid,
			gid: user.gid,
			additionalGids: [...new Set([...user.additionalGids, ...(extras?.additionalGids ?? [])])],
			...(umask !== undefined && { umask }),
		},
		args: processArgs(container, image),
		env: processEnv(input),
		cwd: processCwd(container.workingDir, image.workingDir),
		capabilities: containerCapabilities(input).capabilities,
		noNewPrivileges: container.security.noNewPrivs,
		...(rlimits.length > 0 && { rlimits }),
		...(apparmor !== undefined && { apparmorProfile: apparmor }),
		// Unset means that the container is as likely to be killed as we are; a kubelet always sends one.
		oomScoreAdj: clampOomScoreAdj(Number(oomScoreAdj ?? 0), limits),
	};
}

function specResources(input: ContainerSpecInput): OciResources {
	const { container, sandbox, handler, limits, extras } = input;
	const host = extras?.host;
	const pidsLimit = extras?.settings?.pidsLimit ?? -1;
	const asked =
		container.resources &&
		ociResources(container.resources, {
			cgroupVersion: limits.cgroupVersion,
			memorySwap: host?.memorySwap ?? false,
			hugetlb: host?.hugetlb ?? false,
			minimumMemoryBytes: handler.minimumMemoryBytes,
		});
	const annotation = allowedAnnotation(
		sandbox.annotations,
		'unifiedCgroup',
		handler.allowedAnnotations,
		container.metadata.name,
	);
	const unified =
		annotation === undefined || limits.cgroupVersion === 1 ? undefined : unifiedOfAnnotation(annotation);
	return {
		devices: deviceRules(input),
		...asked,
		...(unified !== undefined && { unified: { ...asked?.unified, ...unified } }),
		...(pidsLimit > 0 && (host?.pids ?? true) && { pids: { limit: pidsLimit } }),
	};
}

/** Nothing but the listed ones and those that each container has (the OCI runtime adds them), or everything. */
function deviceRules({
	container,
	handler,
	extras,
}: ContainerSpecInput): NonNullable<OciResources['devices']> {
	const rules = (extras?.deviceRules ?? []).map((rule) => ({ allow: true, ...rule }));
	return container.security.privileged && !handler.privilegedWithoutHostDevices
		? [{ allow: true, access: 'rwm' }, ...rules]
		: [{ allow: false, access: 'rwm' }, ...rules];
}

/** A mount can only follow the host, or show itself there, if the root does too. */
function rootfsPropagation(mounts: readonly OciMount[]): 'rshared' | 'rslave' | undefined {
	const has = (option: string) => mounts.some(({ options }) => options?.includes(option));
	return has('rshared') ? 'rshared' : has('rslave') ? 'rslave' : undefined;
}

/** A privileged container has no filter, unless the configuration names one for them. */
function unconfined({ container, extras }: ContainerSpecInput): boolean {
	return container.security.privileged && !extras?.settings?.privilegedSeccompProfile;
}

/** Whoever may write there gets a program of his run by the kernel, on the host. */
function systemdMasked(input: ContainerSpecInput): readonly string[] {
	if (input.limits.cgroupVersion === 2 || input.container.security.privileged) return [];
	if (!runsSystemd(processArgs(input.container, input.image))) return [];
	return ['/sys/fs/cgroup/systemd/release_agent'];
}
