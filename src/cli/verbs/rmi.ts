import { errorMessage, isNotFound, NotFoundError } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { namesOf } from '../images/image-names.ts';
import { print } from '../output/print.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

type Options = { readonly signal: AbortSignal };

/**
 * Ids of the images that containers of this runtime use.
 * @throws Error where that cannot be said of one container: then nothing may be called unused.
 */
async function idsInUse(client: CriClient, options: Options): Promise<ReadonlySet<string>> {
	const containers = await client.runtime.listContainers(undefined, options);
	const names = new Set(containers.flatMap(({ image, imageRef }) => [image.image, imageRef].filter(Boolean)));
	const ids = new Set(containers.map(({ imageId }): string => imageId).filter(Boolean));
	for (const name of names) {
		try {
			const { image } = await client.images.imageStatus(name, { verbose: false }, options);
			if (image) ids.add(image.id);
		} catch (error) {
			options.signal.throwIfAborted();
			throw new Error(`cannot tell which images are in use: ${errorMessage(error)}`, { cause: error });
		}
	}
	return ids;
}

/** Ids of what `--all` or `--prune` removes: a pruning leaves pinned images and those in use. */
async function chosenIds(client: CriClient, prune: boolean, options: Options): Promise<readonly string[]> {
	const images = await client.images.listImages(undefined, options);
	const kept = prune ? await idsInUse(client, options) : new Set<string>();
	return images.filter(({ id, pinned }) => !(prune && pinned) && !kept.has(id)).map(({ id }) => id);
}

/**
 * Removes one image.
 * @returns the names that are gone: all of them with containerd, only the named tag with those that untag
 */
async function removeImage(client: CriClient, name: string, options: Options): Promise<readonly string[]> {
	const { image } = await client.images.imageStatus(name, { verbose: false }, options);
	if (!image) throw new NotFoundError(`cannot remove image "${name}": there is no such image`);
	await client.images.removeImage(name, options);
	const after = await client.images.imageStatus(image.id, { verbose: false }, options).catch((error) => {
		if (isNotFound(error)) return { image: undefined };
		throw error;
	});
	const left = new Set(after.image ? namesOf(after.image) : []);
	return namesOf(image).filter((known) => !left.has(known));
}

/** `criscope rmi` */
export const rmiVerb = defineVerb({
	name: 'rmi',
	aliases: [],
	summary: 'Remove one or more images',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[IMAGE…]' },
	flags: {
		all: { kind: 'switch', short: 'a', help: 'remove all images' },
		prune: {
			kind: 'switch',
			short: 'q',
			help: 'remove all images that no container uses, but for pinned ones',
		},
		force: { kind: 'switch', short: 'f', help: 'an image that is not there is no failure' },
	},
	notes: `An IMAGE is a name, a digest or an id. Also by one of its tags an image goes with all of them, as the CRI has it; only
CRI-O takes just the tag away while others are left. What is gone is printed. criscope untag takes single names.`,
	async run({ flags, operands }, context) {
		const { all, prune, force } = flags;
		if (operands.length === 0 && !all && !prune) throw new UsageError('rmi needs an IMAGE, --all or --prune');
		if (all && prune) throw new UsageError('rmi takes --all or --prune, not both');
		const client = await context.connect();
		const options = { signal: context.signal };
		const chosen = all || prune ? await chosenIds(client, prune, options) : [];
		const wanted = [...new Set([...operands, ...chosen])];
		if (wanted.length === 0) {
			context.stderr.write('No images to remove\n');
			return 0;
		}
		const byName = new Set(operands);
		return forEachObject(wanted, context, async (name) => {
			try {
				for (const gone of await removeImage(client, name, options)) {
					await print(context, `Deleted: ${sanitizeLine(gone)}\n`);
				}
			} catch (error) {
				// Somebody else was faster, which is what was wanted.
				if (isNotFound(error) && (force || !byName.has(name))) return;
				throw error;
			}
		});
	},
});
