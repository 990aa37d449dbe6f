/**
 * Mounting a chain of layers. The options of mount(2) must fit into one page, so the longer a chain, the shorter its names:
 * in full, then relative to the folder of all layers, then through links of two letters. Source: mount(2), overlayfs.rst
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { FailedPreconditionError } from '../../../cri/errors.ts';
import type { Sys } from '../../sys/sys.ts';

export type OverlayRequest = {
	/** The folder of all layers. */
	readonly home: string;
	/** The topmost first; relative to `home`, or absolute where they lie in another store. */
	readonly lowers: readonly string[];
	/** Relative to `home`; undefined for a view that cannot be written to. */
	readonly upper: { readonly files: string; readonly work: string } | undefined;
	readonly target: string;
	readonly flags: number;
	/** Other options. */
	readonly options: readonly string[];
	/** Where links may be made for the moment of the mount. */
	readonly scratchDir: string;
};

/** The smallest page there is; the text's end takes one byte. */
const longestOptions = 4095;
/** Source: linux fs/overlayfs/params.c, OVL_MAX_STACK */
const mostLowers = 500;
/** What would have to be escaped, each kernel in its own way. */
const awkward = /[,:\\"\s]/;

/**
 * Mounts at once: no other code of this program runs meanwhile, so that the working directory may change for a moment.
 * @throws SyscallError, FailedPreconditionError for a chain that the kernel cannot take
 */
export function mountOverlay(sys: Sys, request: OverlayRequest): void {
	const { home, lowers, upper, options } = request;
	if (lowers.length > mostLowers) {
		throw new FailedPreconditionError(
			`cannot mount "${request.target}": ${lowers.length} layers lie upon each other, and the kernel takes ${mostLowers}`,
		);
	}
	const text = (name: (file: string, place: number) => string): string =>
		[
			`lowerdir=${lowers.map(name).join(':')}`,
			...(upper === undefined
				? []
				: [`upperdir=${name(upper.files, lowers.length)}`, `workdir=${name(upper.work, lowers.length + 1)}`]),
			...options,
		].join(',');
	const mount = (data: string): void => sys.mount('overlay', request.target, 'overlay', request.flags, data);
	const fits = (data: string): boolean => Buffer.byteLength(data) <= longestOptions;

	const absolute = (file: string): string => path.resolve(home, file);
	const inFull = text(absolute);
	const foreign = lowers.filter((file) => path.isAbsolute(file));
	if (fits(inFull) && ![home, ...foreign].some((file) => awkward.test(file))) {
		mount(inFull);
		return;
	}
	const relative = text((file) => file);
	if (fits(relative) && foreign.length === 0) {
		inFolder(home, () => mount(relative));
		return;
	}
	const links = path.join(request.scratchDir, `lowers-${process.pid}-${randomBytes(4).toString('hex')}`);
	mkdirSync(links, { recursive: true, mode: 0o700 });
	try {
		const files = upper === undefined ? lowers : [...lowers, upper.files, upper.work];
		for (const [place, file] of files.entries())
			symlinkSync(absolute(file), path.join(links, linkName(place)));
		inFolder(links, () => mount(text((_, place) => linkName(place))));
	} finally {
		// The kernel has followed them.
		rmSync(links, { recursive: true, force: true });
	}
}

function linkName(place: number): string {
	return place.toString(36);
}

/** Only what is synchronous may run in here: threads share the working directory. */
function inFolder(dir: string, act: () => void): void {
	let before = '/';
	try {
		before = process.cwd();
	} catch {
		// The folder that we were started in is gone.
	}
	process.chdir(dir);
	try {
		act();
	} finally {
		try {
			process.chdir(before);
		} catch {
			process.chdir('/');
		}
	}
}
