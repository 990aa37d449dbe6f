/**
 * Directories that hold an OCI image layout, as archives and back.
 * Source: OCI image-spec v1.1 image-layout.md.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, pack } from 'tar-stream';
import { besidePath } from './replace-file.ts';
import { writeFailure } from './write-failure.ts';

const markers = ['oci-layout', 'index.json'];
const algorithmPattern = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*$/u;
const encodedPattern = /^[a-zA-Z0-9=_-]+$/u;
/** An index names images; one as large as this is none. */
const largestIndexBytes = 4 << 20;

type Member = { readonly name: string; readonly path: string; readonly sizeBytes: number };

async function member(dir: string, name: string): Promise<Member> {
	const path = join(dir, name);
	const { size } = await stat(path);
	return { name, path, sizeBytes: size };
}

/** Files of a layout in the order of an archive: what says what it is comes first. */
async function membersOf(dir: string): Promise<readonly Member[]> {
	const members = await Promise.all(markers.map((name) => member(dir, name)));
	for (const algorithm of (await readdir(join(dir, 'blobs'))).toSorted()) {
		if (!algorithmPattern.test(algorithm)) continue;
		for (const encoded of (await readdir(join(dir, 'blobs', algorithm))).toSorted()) {
			// What lies there half written under another name belongs to nobody.
			if (encodedPattern.test(encoded)) members.push(await member(dir, `blobs/${algorithm}/${encoded}`));
		}
	}
	return members;
}

/** A layout as the bytes of an oci-archive. */
export type PackedLayout = { readonly archive: AsyncIterable<Uint8Array>; readonly totalBytes: number };

const blockBytes = 512;

/** Files are opened when it is their turn, and none before somebody asks for the first byte. */
async function* packed(dir: string, members: readonly Member[]): AsyncGenerator<Uint8Array, void> {
	const tar = pack();
	const feeding = (async () => {
		for (const { name, path, sizeBytes } of members) {
			await pipeline(createReadStream(path), tar.entry({ name, size: sizeBytes, mode: 0o644 }));
		}
		tar.finalize();
	})().catch((error: Error) => {
		tar.destroy(new Error(`cannot read "${dir}": ${error.message}`, { cause: error }));
	});
	try {
		yield* tar as unknown as AsyncIterable<Uint8Array>;
	} finally {
		// Who leaves early leaves no open file behind.
		tar.destroy();
		await feeding;
	}
}

/**
 * Packs a directory while it is read; nothing is written anywhere.
 * @throws Error that names the directory, where it holds no layout.
 */
export async function packLayout(dir: string): Promise<PackedLayout> {
	let members: readonly Member[];
	try {
		const marker = await readFile(join(dir, 'oci-layout'), 'utf8');
		if (typeof JSON.parse(marker)?.imageLayoutVersion !== 'string')
			throw new Error('oci-layout names no version');
		members = await membersOf(dir);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const cause = code === 'ENOENT' ? 'it is a directory without an OCI layout in it' : message;
		throw new Error(`cannot load "${dir}": ${cause}`, { cause: error });
	}
	const roundedUp = (bytes: number) => Math.ceil(bytes / blockBytes) * blockBytes;
	return {
		archive: packed(dir, members),
		totalBytes: members.reduce(
			(sum, { sizeBytes }) => sum + blockBytes + roundedUp(sizeBytes),
			2 * blockBytes,
		),
	};
}

/** Where a member of an archive belongs in a directory; undefined for what no layout has. */
function placeOf(name: string): readonly string[] | undefined {
	const parts = name.replace(/^\.\//u, '').split('/');
	if (parts.length === 1 && markers.includes(parts[0] ?? '')) return parts;
	const [blobs, algorithm = '', encoded = ''] = parts;
	const isBlob = parts.length === 3 && blobs === 'blobs';
	return isBlob && algorithmPattern.test(algorithm) && encodedPattern.test(encoded) ? parts : undefined;
}

/**
 * Unpacks an oci-archive into a new directory, which appears whole or not at all.
 * @throws Error that names the directory: it is there already and not empty, or the archive holds what no layout has.
 */
export async function unpackLayout(archive: AsyncIterable<Uint8Array>, dir: string): Promise<void> {
	const temporary = besidePath(dir);
	const fail = (error: unknown): never => {
		if (error instanceof Error && error.message.startsWith('cannot ')) throw error;
		throw writeFailure(dir, error);
	};
	try {
		// Said before the first byte is fetched; the rename at the end makes sure.
		const found = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
			if (error.code === 'ENOENT') return [];
			throw error;
		});
		if (found.length > 0) throw Object.assign(new Error('not empty'), { code: 'ENOTEMPTY' });
		await mkdir(temporary);
		const tar = extract();
		const entries = (async () => {
			let indexed = false;
			for await (const entry of tar) {
				const { name, type, size = 0 } = entry.header;
				if (type === 'directory') {
					entry.resume();
					continue;
				}
				const place = type === 'file' ? placeOf(name) : undefined;
				if (!place) throw new Error(`the archive holds "${name}", which no OCI layout has`);
				if (place.length === 1 && size > largestIndexBytes)
					throw new Error(`"${name}" of the archive is too large`);
				indexed ||= place[0] === 'index.json';
				const path = join(temporary, ...place);
				await mkdir(dirname(path), { recursive: true });
				const file = await open(path, 'wx', 0o644);
				await pipeline(entry, file.createWriteStream());
			}
			if (!indexed) throw new Error('the archive has no index.json');
		})();
		// Both ends are waited for: an error of one must not be lost behind the other's.
		await Promise.all([pipeline(Readable.from(archive, { objectMode: false }), tar), entries]);
		await rename(temporary, dir);
	} catch (error) {
		// What ended the work is what counts, whatever becomes of the rest.
		await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
		const { code } = error as NodeJS.ErrnoException;
		if (code === 'ENOTEMPTY' || code === 'EEXIST') fail(new Error('it is there already, and not empty'));
		if (code === 'ENOTDIR' && (await stat(dir).catch(() => undefined)) !== undefined)
			fail(new Error('it is there already, and no directory'));
		fail(error);
	}
}
