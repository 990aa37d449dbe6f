/**
 * The short names of overlay layers: `l/<26 characters>` points to a layer's files, so that many of them fit into the
 * options of one mount. Source: c/storage drivers/overlay
 */
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { errnoCode } from '../../sys/errno.ts';

// All of it at once: an image has dozens of layers, and each turn through another thread costs ten times the call itself.

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const linkPattern = /^[A-Z0-9]{26}$/;

/** A new random name. */
export function newLinkName(): string {
	return Array.from(randomBytes(26), (byte) => alphabet[byte & 31]).join('');
}

/** The name in a layer's file `link`; undefined where the file is missing or holds none. */
export async function readLinkName(layerDir: string): Promise<string | undefined> {
	const text = textIfThere(path.join(layerDir, 'link'))?.trim();
	return text !== undefined && linkPattern.test(text) ? text : undefined;
}

/** The name by which `l/` knows a layer, found from the other end; for a layer whose own file is lost. */
export async function findLinkName(linksDir: string, id: string): Promise<string | undefined> {
	const target = targetOf(id);
	return namesIn(linksDir).find((name) => linkPattern.test(name) && linkTarget(linksDir, name) === target);
}

/** As `findLinkName`, for many layers: all links are read again only where the folder has changed. */
export function createLinkFinder(linksDir: string): (id: string) => string | undefined {
	let stamp: bigint | undefined;
	let names = new Map<string, string>();
	return (id) => {
		const changed = statSync(linksDir, { bigint: true, throwIfNoEntry: false })?.mtimeNs;
		if (changed === undefined) return undefined;
		if (changed !== stamp) {
			const found = namesIn(linksDir).filter((name) => linkPattern.test(name));
			names = new Map(found.map((name) => [linkTarget(linksDir, name) ?? '', name]));
			stamp = changed;
		}
		return names.get(targetOf(id));
	};
}

/** Makes `l/<name>` point to a layer's files. */
export async function ensureLink(linksDir: string, name: string, id: string): Promise<void> {
	const file = path.join(linksDir, name);
	try {
		symlinkSync(targetOf(id), file);
	} catch (error) {
		if (errnoCode(error) !== 'EEXIST') throw error;
		if (linkTarget(linksDir, name) === targetOf(id)) return;
		rmSync(file, { force: true });
		symlinkSync(targetOf(id), file);
	}
}

/** The id that `l/<name>` points to; undefined where it is missing or points elsewhere. */
export async function linkedLayer(linksDir: string, name: string): Promise<string | undefined> {
	return /^\.\.\/([^/]+)\/diff$/.exec(linkTarget(linksDir, name) ?? '')?.[1];
}

function targetOf(id: string): string {
	return `../${id}/diff`;
}

function linkTarget(linksDir: string, name: string): string | undefined {
	try {
		return readlinkSync(path.join(linksDir, name));
	} catch {
		return undefined;
	}
}

/** A file's text; undefined where it is not there. */
export async function readIfThere(file: string): Promise<string | undefined> {
	return textIfThere(file);
}

function textIfThere(file: string): string | undefined {
	try {
		return readFileSync(file, 'utf8');
	} catch (error) {
		if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
		throw error;
	}
}

function namesIn(dir: string): readonly string[] {
	try {
		return readdirSync(dir);
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	}
}
