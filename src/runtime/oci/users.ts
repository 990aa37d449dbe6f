/**
 * The user a container runs as, looked up in the image's own files as CRI-O and runc do.
 * Source: CRI proto, LinuxContainerSecurityContext; OCI image-spec, config.User; passwd(5), group(5).
 */
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { ContainerSecurityContext } from '../../cri/pod-request.ts';
import { readFileInRootfs } from './rootfs-path.ts';
import type { ResolvedUser } from './spec-input.ts';

/** Far more than any real one; an image must not make us read gigabytes. */
export const maxUserFileBytes = 8 * 1024 * 1024;

/** The largest id that the OCI runtimes take. */
const maxId = 2 ** 31 - 1;

export type UserRequest = Pick<
	ContainerSecurityContext,
	'runAsUser' | 'runAsUsername' | 'runAsGroup' | 'supplementalGroups' | 'supplementalGroupsPolicy'
>;

export type PasswdEntry = {
	readonly name: string;
	readonly uid: number;
	readonly gid: number;
	readonly home: string;
};

export type GroupEntry = { readonly name: string; readonly gid: number; readonly members: readonly string[] };

/**
 * The user of a container: a name over a number over what the image says over root; the group of the request over the one of
 * the image; further groups of the request, and of the image's /etc/group unless the policy is strict.
 * @throws InvalidArgumentError where the request is wrong or names a user or group that the image does not have
 */
export function resolveUser(rootfs: string, request: UserRequest, imageUser: string): ResolvedUser {
	if (request.runAsGroup !== undefined && request.runAsUser === undefined && request.runAsUsername === '') {
		throw new InvalidArgumentError('cannot use run_as_group without run_as_user or run_as_username');
	}
	const found = lookUpUser(userString(request, imageUser), {
		passwd: () => parsePasswd(userFile(rootfs, '/etc/passwd')),
		group: () => parseGroup(userFile(rootfs, '/etc/group')),
	});
	const gid =
		request.runAsGroup === undefined ? found.gid : checkedId(Number(request.runAsGroup), 'run_as_group');
	const requested = request.supplementalGroups.map((id) => checkedId(Number(id), 'supplemental_groups'));
	const ofImage = request.supplementalGroupsPolicy === 'strict' ? [] : found.groups;
	return {
		uid: found.uid,
		gid,
		additionalGids: [...new Set([gid, ...ofImage, ...requested])],
		home: found.home,
	};
}

/** What a request and an image say about the user, as image-spec writes it: `user`, `uid`, `user:group`, or ''. */
export function userString(request: UserRequest, imageUser: string): string {
	if (request.runAsUsername !== '') return request.runAsUsername;
	if (request.runAsUser !== undefined) return String(checkedId(Number(request.runAsUser), 'run_as_user'));
	return imageUser;
}

function checkedId(id: number, what: string): number {
	if (Number.isInteger(id) && id >= 0 && id <= maxId) return id;
	throw new InvalidArgumentError(`cannot use ${what} ${id}: it is not between 0 and ${maxId}`);
}

function userFile(rootfs: string, file: string): string {
	try {
		return readFileInRootfs(rootfs, file, maxUserFileBytes)?.text ?? '';
	} catch (error) {
		// Whoever asks for a number gets along without; a name is then reported as not found there.
		if (error instanceof Error && error.message.startsWith('cannot ')) return '';
		throw error;
	}
}

type FoundUser = {
	readonly uid: number;
	readonly gid: number;
	readonly home: string;
	readonly groups: readonly number[];
};

type UserFiles = {
	readonly passwd: () => readonly PasswdEntry[];
	readonly group: () => readonly GroupEntry[];
};

/** @param spec '' for root, as far as /etc/passwd does not say otherwise @throws InvalidArgumentError */
export function lookUpUser(spec: string, files: UserFiles): FoundUser {
	const [userPart = '', groupPart = ''] = spec.split(':');
	const number = decimal(userPart);
	const entry = files
		.passwd()
		.find((one) =>
			userPart === '' ? one.uid === 0 : number !== undefined ? one.uid === number : one.name === userPart,
		);
	if (entry === undefined && userPart !== '' && number === undefined) {
		throw new InvalidArgumentError(
			`cannot find user "${userPart}": the image's /etc/passwd has no such name`,
		);
	}
	const uid = entry?.uid ?? checkedId(number ?? 0, 'user id');
	const home = entry?.home || '/';
	const primary = checkedId(entry?.gid ?? 0, "the group id of the image's user");
	if (groupPart !== '') return { uid, home, gid: lookUpGroup(groupPart, files), groups: [] };
	const groups =
		entry === undefined
			? []
			: files
					.group()
					.filter(({ members }) => members.includes(entry.name))
					.map(({ gid }) => gid);
	return { uid, home, gid: primary, groups };
}

function lookUpGroup(wanted: string, files: UserFiles): number {
	const number = decimal(wanted);
	const entry = files
		.group()
		.find(({ name, gid }) => (number === undefined ? name === wanted : gid === number));
	if (entry !== undefined) return entry.gid;
	if (number !== undefined) return checkedId(number, 'group id');
	throw new InvalidArgumentError(`cannot find group "${wanted}": the image's /etc/group has no such name`);
}

function decimal(text: string): number | undefined {
	return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/** Lines that are no entries are passed over, as runc does. */
export function parsePasswd(text: string): readonly PasswdEntry[] {
	return records(text).map(([name = '', , uid = '', gid = '', , home = '']) => ({
		name,
		uid: idField(uid),
		gid: idField(gid),
		home,
	}));
}

/** Lines that are no entries are passed over. */
export function parseGroup(text: string): readonly GroupEntry[] {
	return records(text).map(([name = '', , gid = '', members = '']) => ({
		name,
		gid: idField(gid),
		members: members.split(',').filter((member) => member !== ''),
	}));
}

/** A field that is no number counts as 0 with runc; -1 here, so that garbage never names root. */
function idField(field: string): number {
	const id = /^\d+$/.test(field) ? Number(field) : -1;
	return id <= maxId ? id : -1;
}

function records(text: string): readonly (readonly string[])[] {
	return text
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '' && !line.startsWith('#'))
		.map((line) => line.split(':'))
		.filter((fields) => fields.length >= 3 && idField(fields[2] ?? '') >= 0);
}
