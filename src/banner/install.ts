/** Puts the snippet into /etc/profile.d and takes it away. */
import { randomBytes } from 'node:crypto';
import { access, constants, lstat, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSnippet, snippetText } from './snippet.ts';

/** Where login shells look. Source: /etc/profile of Debian, Fedora, SUSE and Alpine. */
export const snippetPath = '/etc/profile.d/criscope.sh';

/** What can be done with the snippet. */
export type Deed = 'install' | 'uninstall' | 'print';

/** Where things are; tests have them elsewhere. */
export type InstallOptions = {
	/** bin/criscope, absolute. */
	readonly criscope: string;
	/** The snippet's file. */
	readonly path?: string | undefined;
	/** Whether this process may write there, by its user. */
	readonly isRoot: boolean;
};

function causeOf(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? String(error.code) : '';
	const words: Readonly<Record<string, string>> = {
		ENOSPC: 'no space left on the disk',
		EROFS: 'the file system is read-only',
		EACCES: 'permission denied',
		EPERM: 'operation not permitted',
		ENOENT: 'there is no such folder: the login shells of this host read no snippets',
	};
	return words[code] ?? (error instanceof Error ? error.message : String(error));
}

/** The file that is there: ours, nothing, or somebody else's. @throws Error where it cannot be read. */
async function present(path: string, verb: string): Promise<'ours' | 'none' | 'foreign'> {
	try {
		// A link was put there by somebody who keeps the file elsewhere.
		if (!(await lstat(path)).isFile()) return 'foreign';
		return isSnippet(await readFile(path, 'utf8')) ? 'ours' : 'foreign';
	} catch (error) {
		if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none';
		throw new Error(`cannot ${verb} login banner "${path}": ${causeOf(error)}`, { cause: error });
	}
}

function refuse(path: string, verb: string): never {
	throw new Error(
		`cannot ${verb} login banner "${path}": a file that criscope did not make is there; move it away first`,
	);
}

async function install({ criscope, path = snippetPath }: InstallOptions): Promise<string> {
	const text = snippetText(criscope);
	if ((await present(path, 'install')) === 'foreign') refuse(path, 'install');
	try {
		await access(criscope, constants.X_OK);
	} catch (error) {
		throw new Error(`cannot install login banner "${path}": "${criscope}" cannot be run`, { cause: error });
	}
	const current = await readFile(path, 'utf8').catch(() => undefined);
	if (current === text) return `The login banner is installed already: ${path}\n`;
	// Not in the folder's own pattern *.sh, so that a login in this very moment does not read half of it.
	const temporary = join(dirname(path), `.criscope-${randomBytes(6).toString('hex')}`);
	try {
		await writeFile(temporary, text, { mode: 0o644, flag: 'wx', flush: true });
		await rename(temporary, path);
	} catch (error) {
		await rm(temporary, { force: true });
		throw new Error(`cannot install login banner "${path}": ${causeOf(error)}`, { cause: error });
	}
	return `Installed the login banner: ${path}\nIt is shown at the next interactive login; criscope banner --uninstall removes it.\n`;
}

async function uninstall({ path = snippetPath }: InstallOptions): Promise<string> {
	const found = await present(path, 'uninstall');
	if (found === 'foreign') refuse(path, 'uninstall');
	if (found === 'none') return `The login banner is not installed: there is no ${path}\n`;
	try {
		await rm(path);
	} catch (error) {
		throw new Error(`cannot uninstall login banner "${path}": ${causeOf(error)}`, { cause: error });
	}
	return `Removed the login banner: ${path}\n`;
}

/**
 * Installs, removes or prints the snippet.
 * @returns what to tell the person
 * @throws Error in one sentence; nothing is changed then.
 */
export async function runDeed(deed: Deed, options: InstallOptions): Promise<string> {
	if (deed === 'print') return snippetText(options.criscope);
	if (!options.isRoot) {
		throw new Error(
			`cannot ${deed} login banner "${options.path ?? snippetPath}": it takes root, try: sudo criscope banner --${deed}`,
		);
	}
	return deed === 'install' ? install(options) : uninstall(options);
}

/** The command that belongs to a program at this path: bin/criscope beside the folder of main.js. */
export async function commandBeside(mainPath: string): Promise<string> {
	return join(dirname(dirname(await realpath(mainPath))), 'bin/criscope');
}
