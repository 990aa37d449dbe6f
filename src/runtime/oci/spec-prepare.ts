/**
 * A container's config.json from its request: looks up its user, mounts, devices, filters and hooks, makes ready what has to be
 * in its root filesystem, and builds the spec. Source: runtime.md sections 3.9, 3.10; CRI-O 1.36.
 */
import type { Mount } from '../../cri/model.ts';
import { chooseApparmor, readLoadedProfiles } from './apparmor.ts';
import { type DeviceGrant, prepareDevices } from './devices.ts';
import { type CdiEdits, cdiDevicesOfAnnotations, prepareCdiDevices } from './devices-cdi.ts';
import { joinHooks, loadHooks, matchHooks, type OciHooks } from './hooks.ts';
import type { OciMount, OciSpec } from './model.ts';
import { prepareMounts } from './mounts.ts';
import { chooseSeccomp } from './seccomp.ts';
import { buildContainerSpec, containerCapabilities, specShortfalls } from './spec.ts';
import { allowedAnnotation } from './spec-annotations.ts';
import type { ContainerSpecInput, ResolvedUser } from './spec-input.ts';
import { processArgs, processCwd, processEnv } from './spec-process.ts';
import {
	makeMtab,
	makeWorkingDir,
	prepareImageVolumes,
	prepareUserFiles,
	timezoneMount,
} from './spec-rootfs.ts';
import type { SpecExtras, SpecHost, SpecSettings } from './spec-settings.ts';
import { resolveUser, userString } from './users.ts';

type LookedUp = 'user' | 'mounts' | 'devices' | 'seccomp' | 'apparmorProfile' | 'extras';

export type PrepareRequest = Omit<ContainerSpecInput, LookedUp> & {
	readonly settings: SpecSettings;
	readonly host: SpecHost;
	/** A folder of the container's own, for files that are bound into it; it lives as long as the container. */
	readonly runDir: string;
	/** Mounted images by the container path of the mount that wants them. */
	readonly imageMounts: ReadonlyMap<string, string>;
	/** The file that tells programs that they are in a container; '' for none. */
	readonly containerEnvPath: string;
};

export type PreparedSpec = {
	readonly spec: OciSpec;
	readonly user: ResolvedUser;
	/** For ContainerStatus. */
	readonly mounts: readonly Mount[];
	/** What could not be given as asked, or not be read, as sentences for the log; empty mostly. */
	readonly notes: readonly string[];
};

/**
 * Needs the root filesystem mounted. Synchronous: a few small files and folders. On failure nothing but folders stays behind.
 * @throws InvalidArgumentError and FailedPreconditionError saying which field cannot be met
 */
export function prepareContainerSpec(request: PrepareRequest): PreparedSpec {
	const { container, image, limits, settings, rootfsPath } = request;
	const { security } = container;
	const found = resolveUser(rootfsPath, security, image.user);
	const cdi = prepareCdiDevices(
		[...container.cdiDevices, ...cdiDevicesOfAnnotations(container.annotations)],
		settings.cdiSpecDirs,
	);
	const grants = [...findDevices(request), ...cdi.devices];
	const apparmor = chooseApparmor({
		profile: security.apparmor,
		privileged: security.privileged,
		isEnabled: limits.apparmor,
		defaultProfile: settings.apparmorProfile,
		loadedProfiles: readLoadedProfiles,
	});
	const { hooks, problems } = findHooks(request, cdi);
	const extras: SpecExtras = {
		settings,
		host: request.host,
		env: cdi.env,
		additionalGids: cdi.additionalGids,
		hooks,
		deviceRules: grants.flatMap(({ rule }) => (rule === undefined ? [] : [rule])),
		containerEnvPath: request.containerEnvPath,
	};
	const draft: ContainerSpecInput = {
		...request,
		user: found,
		mounts: [],
		devices: grants.map(({ device }) => device),
		seccomp: findSeccomp({ ...request, extras }, settings),
		apparmorProfile: apparmor.profile,
		extras,
	};
	// Refuses what it refuses before anything is made on the host or in the root filesystem.
	buildContainerSpec(draft);
	const requested = prepareMounts(container.mounts, {
		recursiveReadOnly: limits.recursiveReadOnly,
		imageMounts: request.imageMounts,
		absentMountSourcesToReject: settings.absentMountSourcesToReject,
		graphRoot: settings.graphRoot,
	});
	const { user, mounts } = prepareRootfs({ ...draft, mounts: requested.mounts }, request);
	const input = { ...draft, user, mounts: [...mounts, ...requested.mounts, ...cdi.mounts] };
	const shortfalls = [...specShortfalls(input), ...(apparmor.shortfall ? [apparmor.shortfall] : [])];
	return {
		spec: buildContainerSpec(input),
		user,
		mounts: requested.status,
		notes: [...problems, ...shortfalls],
	};
}

function findDevices({ container, sandbox, handler, settings }: PrepareRequest): readonly DeviceGrant[] {
	const { runAsUser, runAsGroup, privileged } = container.security;
	return prepareDevices(container.devices, {
		privileged,
		privilegedWithoutHostDevices: handler.privilegedWithoutHostDevices,
		additional: settings.additionalDevices,
		annotation: allowedAnnotation(sandbox.annotations, 'devices', handler.allowedAnnotations),
		allowed: settings.allowedDevices,
		owner: settings.deviceOwnershipFromSecurityContext
			? { uid: Number(runAsUser ?? 0n), gid: Number(runAsGroup ?? 0n) }
			: undefined,
	});
}

function findSeccomp(
	draft: Pick<ContainerSpecInput, 'container' | 'limits' | 'extras'>,
	settings: SpecSettings,
): ContainerSpecInput['seccomp'] {
	const { security } = draft.container;
	return chooseSeccomp({
		profile: security.seccomp,
		privileged: security.privileged,
		configuredProfile: settings.seccompProfile,
		privilegedProfile: settings.privilegedSeccompProfile,
		isEnabled: draft.limits.seccomp,
		target: {
			capabilities: containerCapabilities(draft).capabilities.bounding,
			kernel: draft.limits.kernel,
		},
	});
}

function findHooks(
	{ container, sandbox, image, settings }: PrepareRequest,
	cdi: CdiEdits,
): { readonly hooks: OciHooks; readonly problems: readonly string[] } {
	const { rules, problems } = loadHooks(settings.hooksDirs);
	const matched = matchHooks(rules, {
		annotations: { ...container.annotations, ...sandbox.annotations },
		args: processArgs(container, image),
		hasBindMounts: container.mounts.length > 0,
	});
	return { hooks: joinHooks(matched, cdi.hooks), problems };
}

/** Writes to the root filesystem and beside it. */
function prepareRootfs(
	draft: ContainerSpecInput,
	{ settings, runDir }: PrepareRequest,
): { readonly user: ResolvedUser; readonly mounts: readonly OciMount[] } {
	const { container, image, rootfsPath: rootfs, user } = draft;
	const cwd = processCwd(container.workingDir, image.workingDir);
	const volumes = prepareImageVolumes(image.volumes, {
		rootfs,
		runDir,
		mode: settings.imageVolumes,
		owner: user,
	});
	makeWorkingDir(rootfs, cwd);
	makeMtab(rootfs);
	const home = givenHome(draft) ?? cwd;
	const userFiles = prepareUserFiles(user, {
		rootfs,
		runDir,
		userName: userString(container.security, image.user),
		home,
		takenPaths: new Set(draft.mounts.map(({ destination }) => destination)),
	});
	const isNew = userFiles.some(({ destination }) => destination === '/etc/passwd');
	return {
		user: isNew ? { ...user, home } : user,
		mounts: [...userFiles, ...volumes, ...timezoneMount(settings.timezone, { rootfs, runDir })],
	};
}

/** HOME of the image or the request; undefined where neither sets it. */
function givenHome(draft: ContainerSpecInput): string | undefined {
	const unset = ' ';
	const env = processEnv({ ...draft, user: { ...draft.user, home: unset } });
	const home = env.find((entry) => entry.startsWith('HOME='))?.slice('HOME='.length);
	return home === unset || home === '' ? undefined : home;
}
