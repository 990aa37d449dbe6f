/**
 * Which image of an index fits this machine.
 * Source: GOARCH names; go.podman.io/image pkg/platform for the order of variants.
 */
import { InvalidArgumentError, NotFoundError } from '../../cri/errors.ts';
import type { Descriptor, ImageIndex, Platform } from './model.ts';

/** From the most capable to the least; a machine runs what is below it. */
const variants: Readonly<Record<string, readonly string[]>> = {
	arm: ['v8', 'v7', 'v6', 'v5'],
	arm64: ['v8'],
};

const goArchitectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };
const zstdAnnotation = 'io.github.containers.compression.zstd';

/** This machine, in Go's words. Node knows the version of an ARM it was built for. */
export function hostPlatform(
	arch: string = process.arch,
	armVersion: unknown = process.config.variables['arm_version' as never],
): Platform {
	const architecture = goArchitectures[arch] ?? arch;
	const variant =
		architecture === 'arm64' ? 'v8' : architecture === 'arm' ? `v${armVersion ?? 7}` : undefined;
	return { os: 'linux', architecture, variant };
}

/**
 * Parses `os/architecture[/variant]`, or an architecture alone; empty is this machine.
 * @throws InvalidArgumentError
 */
export function parsePlatform(text: string | undefined): Platform {
	if (text === undefined || text === '') return hostPlatform();
	const parts = text.split('/');
	if (parts.length > 3 || parts.some((part) => !/^[a-z0-9._-]+$/i.test(part))) {
		throw new InvalidArgumentError(`cannot use platform "${text}": it is os/architecture[/variant]`);
	}
	const [first = '', architecture, variant] = parts;
	if (architecture === undefined) return { os: 'linux', architecture: first, variant: undefined };
	return { os: first, architecture, variant };
}

/** `linux/arm64/v8`; `unknown` where an image does not say. */
export function formatPlatform(platform: Platform): string {
	const { os, architecture, variant } = platform;
	return `${os || 'unknown'}/${architecture || 'unknown'}${variant === undefined ? '' : `/${variant}`}`;
}

/** An entry of an index. */
export type IndexEntry = ImageIndex['manifests'][number];

/**
 * Chooses the entry for a platform: the best variant first, and among equals the one compressed with zstd. Attestations
 * (`unknown/unknown`) are no images. An index with a single entry that names no platform is that entry.
 * @throws NotFoundError that lists what there is.
 */
export function chooseManifest(index: ImageIndex, wanted: Platform): Descriptor {
	for (const variant of wantedVariants(wanted)) {
		const fitting = index.manifests.filter(
			({ platform }) =>
				platform?.os === wanted.os &&
				platform.architecture === wanted.architecture &&
				platform.variant === variant,
		);
		const chosen = fitting.find(({ annotations }) => annotations[zstdAnnotation] === 'true') ?? fitting[0];
		if (chosen !== undefined) return chosen;
	}
	const images = index.manifests.filter(({ platform }) => !isAttestation(platform));
	const [only] = images;
	if (images.length === 1 && only?.platform === undefined && only !== undefined) return only;
	const present = [
		...new Set(images.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []))),
	];
	throw new NotFoundError(
		`no match for platform ${formatPlatform(wanted)}; there ${present.length === 0 ? 'is none' : `are ${present.join(', ')}`}`,
	);
}

/**
 * Refuses an image that is for one platform only, and not for the one that was asked for. One that does not say what it is
 * for passes, and so does another variant that the wanted one runs.
 * @throws NotFoundError
 */
export function checkOnlyPlatform(only: Platform, wanted: Platform): void {
	const fits =
		(only.os === '' || only.os === wanted.os) &&
		(only.architecture === '' || only.architecture === wanted.architecture) &&
		(only.variant === undefined || wantedVariants(wanted).includes(only.variant));
	if (fits) return;
	throw new NotFoundError(
		`no match for platform ${formatPlatform(wanted)}; there is ${formatPlatform(only)} only`,
	);
}

function isAttestation(platform: Platform | undefined): boolean {
	return platform?.os === 'unknown' && platform.architecture === 'unknown';
}

/** Variants to look for, best first; images often leave theirs out. */
function wantedVariants({ architecture, variant }: Platform): readonly (string | undefined)[] {
	const known = variants[architecture] ?? [];
	if (variant === undefined) return [undefined, ...known];
	const from = known.indexOf(variant);
	return [...(from < 0 ? [variant] : known.slice(from)), undefined];
}
