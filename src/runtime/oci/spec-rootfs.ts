/** What is made ready inside a container's root filesystem, and beside it, before it is created. Source: CRI-O 1.36. */
import {
	chownSync,
	copyFileSync,
	existsSync,
	lstatSync,
	mkdirSync,
	realpathSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { errnoCode } from '../sys/errno.ts';
import type { OciMount } from './model.ts';
import { mkdirInRootfs, readFileInRootfs } from './rootfs-path.ts';
import type { ResolvedUser } from './spec-input.ts';
import { maxUserFileBytes, parseGroup, parsePasswd } from './users.ts';

/** The folder to start in. @throws InvalidArgumentError where the image has something else there */
export function makeWorkingDir(rootfs: string, cwd: string): void {
	try {
		mkdirInRootfs(rootfs, cwd);
	} catch (error) {
		throw new InvalidArgumentError(`cannot use working_dir "${cwd}": ${(error as Error).message}`, {
			cause: error,
		});
	}
}

/** Programs older than /proc look there for what is mounted. The image's own file stays. */
export function makeMtab(rootfs: string): void {
	const etc = mkdirInRootfs(rootfs, '/etc');
	try {
		symlinkSync('/proc/mounts', path.join(etc, 'mtab'));
	} catch (error) {
		if (errnoCode(error) !== 'EEXIST') throw error;
	}
}

/**
 * The volumes that an image names: folders in the container's own layer, or of their own beside it.
 * @returns mounts for those that are bound
 */
export function prepareImageVolumes(
	volumes: readonly string[],
	options: {
		readonly rootfs: string;
		readonly runDir: string;
		readonly mode: 'mkdir' | 'bind' | 'ignore';
		readonly owner: Pick<ResolvedUser, 'uid' | 'gid'>;
	},
): readonly OciMount[] {
	if (options.mode === 'ignore') return [];
	return volumes.flatMap((volume, index) => {
		try {
			mkdirInRootfs(options.rootfs, volume, { owner: options.owner });
		} catch (error) {
			throw new InvalidArgumentError(
				`cannot make volume "${volume}" of the image: ${(error as Error).message}`,
				{
					cause: error,
				},
			);
		}
		if (options.mode === 'mkdir') return [];
		const source = path.join(options.runDir, 'volumes', String(index));
		mkdirSync(source, { recursive: true, mode: 0o755 });
		chownSync(source, options.owner.uid, options.owner.gid);
		return [{ destination: volume, type: 'bind', source, options: ['bind', 'rprivate', 'rw'] }];
	});
}

/**
 * /etc/passwd and /etc/group with a line for a user and a group that they lack: programs look their own name up. The image's
 * files stay as they are; copies are bound over them. A file that the container's own user may write is left alone.
 */
export function prepareUserFiles(
	user: ResolvedUser,
	options: {
		readonly rootfs: string;
		readonly runDir: string;
		/** As given, for the name of the line. */
		readonly userName: string;
		readonly home: string;
		/** Where the request mounts something itself. */
		readonly takenPaths: ReadonlySet<string>;
	},
): readonly OciMount[] {
	if (/[\r\n:]/.test(options.home)) {
		throw new InvalidArgumentError('cannot use HOME of the environment: it holds a line end or a colon');
	}
	if (options.takenPaths.has('/etc')) return [];
	const name = options.userName.split(':')[0] || 'default';
	const { uid, gid } = user;
	const mounts: OciMount[] = [];
	const add = (file: '/etc/passwd' | '/etc/group', line: string, isKnown: (text: string) => boolean) => {
		if (options.takenPaths.has(file)) return;
		const source = copyWithLine(options, { file, line, isKnown, writer: { uid, gid } });
		if (source === undefined) return;
		const access = ['rw', 'bind', 'nodev', 'nosuid', 'noexec'];
		mounts.push({ destination: file, type: 'bind', source, options: access });
	};
	add('/etc/passwd', `${name}:x:${uid}:${gid}:${name} user:${options.home || '/tmp'}:/sbin/nologin`, (text) =>
		parsePasswd(text).some((entry) => entry.uid === uid),
	);
	add('/etc/group', `${gid}:x:${gid}:`, (text) => parseGroup(text).some((entry) => entry.gid === gid));
	return mounts;
}

function copyWithLine(
	{ rootfs, runDir }: { readonly rootfs: string; readonly runDir: string },
	{
		file,
		line,
		isKnown,
		writer,
	}: {
		readonly file: string;
		readonly line: string;
		readonly isKnown: (text: string) => boolean;
		readonly writer: { readonly uid: number; readonly gid: number };
	},
): string | undefined {
	let content: ReturnType<typeof readFileInRootfs>;
	try {
		content = readFileInRootfs(rootfs, file, maxUserFileBytes);
	} catch {
		// No plain file, or a huge one: no reason not to run.
		return undefined;
	}
	if (content === undefined || content.text === '' || isKnown(content.text)) return undefined;
	const { stats, text } = content;
	const mode = stats.mode & 0o777;
	if ((mode & 0o022) !== 0) return undefined;
	if ((mode & 0o200) !== 0 && stats.uid === writer.uid) return undefined;
	const copy = path.join(runDir, path.basename(file));
	writeFileSync(copy, `${text}${text.endsWith('\n') ? '' : '\n'}${line}\n`, { mode });
	chownSync(copy, stats.uid, stats.gid);
	return copy;
}

/**
 * The local time of the configuration. @param timezone `Europe/Berlin`, `Local` for the host's, '' for the image's
 * @throws InvalidArgumentError where the host does not know it
 */
export function timezoneMount(
	timezone: string,
	{ rootfs, runDir }: { readonly rootfs: string; readonly runDir: string },
): readonly OciMount[] {
	if (timezone === '') return [];
	const zones = '/usr/share/zoneinfo';
	const file = timezone.toLowerCase() === 'local' ? '/etc/localtime' : path.join(zones, timezone);
	const isInside = file === '/etc/localtime' || file.startsWith(`${zones}/`);
	if (!isInside || !existsSync(file) || !lstatSync(realpathSync(file)).isFile()) {
		throw new InvalidArgumentError(`cannot use timezone "${timezone}": this host does not know it`);
	}
	mkdirInRootfs(rootfs, '/etc');
	// A copy: a container that writes there must not change the host's.
	const source = path.join(runDir, 'localtime');
	copyFileSync(realpathSync(file), source);
	const options = ['ro', 'bind', 'nodev', 'nosuid', 'noexec'];
	return [{ destination: '/etc/localtime', type: 'bind', source, options }];
}
