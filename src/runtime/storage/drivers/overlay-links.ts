/**
 * The short names of overlay layers: `l/<26 characters>` points to a layer's files, so that many of them fit into the
 * options of one mount. Source: c/storage drivers/overlay
 */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { errnoCode } from '../../sys/errno.ts';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const linkPattern = /^[A-Z0-9]{26}$/;

/** A new random name. */
export function newLinkName(): string {
	return Array.from(randomBytes(26), (byte) => alphabet[byte & 31]).join('');
}

/** The name in a layer's file `link`; undefined where the file is missing or holds none. */
export async function readLinkName(layerDir: string): Promise<string | undefined> {
	const text = (await readIfThere(path.join(layerDir, 'link')))?.trim();
	return text !== undefined && linkPattern.test(text) ? text : undefined;
}

/** The name by which `l/` knows a layer, found from the other end; for a layer whose own file is lost. */
export async function findLinkName(linksDir: string, id: string): Promise<string | undefined> {
	const names = await readdir(linksDir).catch(emptyIfAbsent);
	for (const name of names) {
		if (linkPattern.test(name) && (await linkTarget(linksDir, name)) === targetOf(id)) return name;
	}
	return undefined;
}

/** Makes `l/<name>` point to a layer's files. */
export async function ensureLink(linksDir: string, name: string, id: string): Promise<void> {
	const file = path.join(linksDir, name);
	try {
		await symlink(targetOf(id), file);
	} catch (error) {
		if (errnoCode(error) !== 'EEXIST') throw error;
		if ((await linkTarget(linksDir, name)) === targetOf(id)) return;
		await rm(file, { force: true });
		await symlink(targetOf(id), file);
	}
}

/** The id that `l/<name>` points to; undefined where it is missing or points elsewhere. */
export async function linkedLayer(linksDir: string, name: string): Promise<string | undefined> {
	return /^\.\.\/([^/]+)\/diff$/.exec((await linkTarget(linksDir, name)) ?? '')?.[1];
}

function targetOf(id: string): string {
	return `../${id}/diff`;
}

async function linkTarget(linksDir: string, name: string): Promise<string | undefined> {
	return readlink(path.join(linksDir, name)).catch(() => undefined);
}

/** A file's text; undefined where it is not there. */
export async function readIfThere(file: string): Promise<string | undefined> {
	return readFile(file, 'utf8').catch((error: unknown) => {
		if (errnoCode(error) === 'ENOENT' || errnoCode(error) === 'ENOTDIR') return undefined;
		throw error;
	});
}

function emptyIfAbsent(error: unknown): string[] {
	if (errnoCode(error) === 'ENOENT') return [];
	throw error;
}
