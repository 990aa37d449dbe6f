/** Where the cgroups of pods, containers and monitors lie, by driver. Source: runtime.md section 3.8; systemd.slice(5). */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { Cgroups } from './cgroups.ts';

/** Begins the name of every cgroup that is ours, so that recovery knows it. */
const ownPrefix = 'criscope-';

const monitorPrefix = `${ownPrefix}conmon-`;
/** Where pods without a parent of their own go. */
const defaultParents = { cgroupfs: '/criscope', systemd: 'system.slice' } as const;

/** What the cgroupfs driver makes for a pod without a parent. */
const isOwnFolder = new RegExp(`^${defaultParents.cgroupfs}/${ownPrefix}[0-9a-f]{64}$`);

type PathsFor = Cgroups['pathsFor'];

/** The rules of the cgroupfs driver: folders below folders. */
export const cgroupfsPathsFor: PathsFor = (parent, kind, id) => {
	if (parent.endsWith('.slice')) {
		throw new InvalidArgumentError(
			`cannot use cgroup_parent "${parent}": a slice needs the systemd driver, and this runtime uses cgroupfs`,
		);
	}
	if (parent.split('/').includes('..') || parent.includes('\0')) {
		throw new InvalidArgumentError(`cannot use cgroup_parent "${parent}": it must not climb`);
	}
	const folder = `/${(parent === '' ? defaultParents.cgroupfs : parent).split('/').filter(Boolean).join('/')}`;
	const path = `${folder === '/' ? '' : folder}/${kind === 'monitor' ? monitorPrefix : ownPrefix}${id}`;
	return { cgroupsPath: path, path };
};

/** The rules of the systemd driver: `a-b.slice` lies in `a.slice`, a container is a scope in it. */
export const systemdPathsFor: PathsFor = (parent, kind, id) => {
	// kubelets give a path, of which the last part names the slice.
	const slice = parent === '' ? defaultParents.systemd : (parent.split('/').filter(Boolean).at(-1) ?? '');
	// Each part between dashes is a level, and none is nameless. Source: systemd.slice(5)
	const isNameless = slice !== '-.slice' && slice.slice(0, -'.slice'.length).split('-').includes('');
	if (isOwnFolder.test(parent)) {
		throw new InvalidArgumentError(
			`cannot use cgroup "${parent}": the pod was made with cgroup_manager "cgroupfs", and this runtime uses "systemd" now; what runs goes on, for more the pod has to be made anew`,
		);
	}
	if (!slice.endsWith('.slice') || isNameless || !/^[\w.:@\\-]+$/.test(slice)) {
		throw new InvalidArgumentError(
			`cannot use cgroup_parent "${parent}": the systemd driver needs the name of a slice, such as "system.slice"`,
		);
	}
	const prefix = kind === 'monitor' ? 'criscope-conmon' : 'criscope';
	return {
		cgroupsPath: `${slice}:${prefix}:${id}`,
		path: `${expandSlice(slice)}/${prefix}-${id}.scope`,
	};
};

/**
 * The parent that a pod without one has, by what its record says: under systemd its containers lie beside those of other pods, under
 * cgroupfs in a cgroup of its own. It says which of the two made it, which need not be the one of today's configuration.
 */
export function defaultParentOf(podCgroupParent: string): string {
	return defaultParents[driverOf(podCgroupParent)];
}

/** Where something lies that was made earlier, by whichever driver. Its parent is the one that it was made with, or the default. */
export const existingPath: Cgroups['pathOf'] = (parent, kind, id) =>
	(driverOf(parent) === 'systemd' ? systemdPathsFor : cgroupfsPathsFor)(parent, kind, id).path;

/** None without systemd is recorded as ''. */
function driverOf(parent: string): Cgroups['driver'] {
	return parent === '' || parent.endsWith('.slice') ? 'systemd' : 'cgroupfs';
}

function expandSlice(slice: string): string {
	if (slice === '-.slice') return '';
	const words = slice.slice(0, -'.slice'.length).split('-');
	return words.map((_, index) => `/${words.slice(0, index + 1).join('-')}.slice`).join('');
}
