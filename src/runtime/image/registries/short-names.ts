import { readFile } from 'node:fs/promises';
import { FailedPreconditionError, InvalidArgumentError } from '../../../cri/errors.ts';
import {
	formatImageReference,
	type ImageReference,
	isShortName,
	parseImageReference,
} from '../../../cri/image-reference.ts';
import type { RegistriesConf } from './conf-model.ts';
import { parseRegistriesConf } from './parse-conf.ts';

/** What a name may stand for, in the order in which it is tried; never empty. */
export type ResolvedName = {
	readonly references: readonly ImageReference[];
	/** The file that decided; undefined for a name in full. */
	readonly origin: string | undefined;
};

/** Aliases that podman recorded, by name, each with the file that says so. */
type RecordedAliases = ReadonlyMap<string, { readonly target: string; readonly origin: string }>;

/** Beside a digest a tag says nothing that counts: CRI-O drops it, too. */
function withoutIdleTag(reference: ImageReference): ImageReference {
	return reference.digest === undefined ? reference : { ...reference, tag: undefined };
}

/** What a file of short names says that a name stands for, tag and digest included; undefined for every other name. */
export function aliasOf(
	image: string,
	conf: RegistriesConf,
	cached: RecordedAliases,
): { readonly reference: ImageReference; readonly origin: string } | undefined {
	const text = image.trim();
	if (text === '' || !isShortName(text)) return undefined;
	const repository = repositoryOf(text);
	const alias = cached.get(repository) ?? conf.aliases.get(repository);
	if (alias === undefined || alias.target === '') return undefined;
	const reference = parseImageReference(`${alias.target}${text.slice(repository.length)}`);
	return { reference: withoutIdleTag(reference), origin: alias.origin };
}

/** Without tag and digest. */
function repositoryOf(text: string): string {
	return text.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}

/**
 * Says which images a name may stand for: itself, what an alias says, or the same name in each of the search registries.
 *
 * @param cached aliases that podman recorded, by name; they go before those of registries.conf
 * @throws InvalidArgumentError (no reference, or several candidates in enforcing mode, or none at all)
 * Source: go.podman.io/image/v5/pkg/shortnames; CRI-O internal/storage.
 */
export function resolveName(image: string, conf: RegistriesConf, cached: RecordedAliases): ResolvedName {
	const text = image.trim();
	// Checks the grammar, and is the answer where the name is in full.
	const asDocker = parseImageReference(text);
	if (!isShortName(text)) return { references: [withoutIdleTag(asDocker)], origin: undefined };
	const repository = repositoryOf(text);
	if (/^[0-9a-f]{64}$/.test(repository)) {
		throw new InvalidArgumentError(
			`cannot use image "${image}": it is the id of an image, not the name of one`,
		);
	}
	const alias = aliasOf(text, conf, cached);
	if (alias !== undefined) return { references: [alias.reference], origin: alias.origin };
	const references = conf.searchRegistries.map((registry) =>
		withoutIdleTag(parseImageReference(`${registry}/${text}`)),
	);
	const fail = (cause: string): never => {
		throw new InvalidArgumentError(`cannot use image "${image}": ${cause}`);
	};
	if (references.length === 0) {
		fail(
			`short-name "${repository}" did not resolve to an alias, and no unqualified-search registries are defined in ` +
				`"${conf.searchOrigin ?? 'registries.conf'}"; write it in full, as ${formatImageReference(asDocker)}`,
		);
	}
	if (references.length > 1 && conf.shortNameMode === 'enforcing') {
		fail(
			`short-name "${repository}" is ambiguous, and short-name-mode is enforcing: write one of ` +
				`${references.map(formatImageReference).join(', ')} in full, or add an alias`,
		);
	}
	return { references, origin: conf.searchOrigin };
}

/**
 * Reads the file in which podman records aliases.
 *
 * @returns an empty map where there is none
 * @throws FailedPreconditionError that names it
 */
export async function readShortNameAliases(path: string): Promise<RecordedAliases> {
	let text: string;
	try {
		text = await readFile(path, 'utf8');
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === 'ENOENT' || code === 'ENOTDIR') return new Map();
		throw new FailedPreconditionError(`cannot read short names from "${path}": ${message}`, { cause: error });
	}
	const { aliases } = parseRegistriesConf(text, path);
	return new Map([...aliases].map(([name, target]) => [name, { target, origin: path }]));
}
