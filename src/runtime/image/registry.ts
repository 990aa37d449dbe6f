/** From a name to the places where its image may be had: registries.conf, policy.json and credentials behind one door. */
import type { ImageReference } from '../../cri/image-reference.ts';
import type { AuthConfig } from '../../cri/model.ts';
import type { WaitOptions } from '../storage/model.ts';
import type { Repository } from './model.ts';
import type { ArchiveTransport } from './registries/policy.ts';

/** Where an image may be pulled from. */
export type PullCandidate = {
	/** The full reference that the image will be known by. */
	readonly reference: ImageReference;
	/** Mirrors in order, then the registry itself; never empty. */
	readonly sources: readonly Repository[];
};

/** The registries that this machine is configured for. Files are read anew when they change. */
export type Registries = Disposable & {
	/**
	 * Resolves what was asked for: aliases and search registries for a short name, rewritten locations, mirrors.
	 * @returns candidates in the order in which they are to be tried.
	 * @throws InvalidArgumentError (no reference, ambiguous short name), PermissionError (blocked, or refused by policy.json)
	 */
	pullCandidates(
		image: string,
		request: { readonly auth?: AuthConfig | undefined },
		options?: WaitOptions,
	): Promise<readonly PullCandidate[]>;
	/** @throws as pullCandidates */
	pushTarget(
		destination: string,
		request: { readonly auth?: AuthConfig | undefined },
		options?: WaitOptions,
	): Promise<{ readonly reference: ImageReference; readonly repository: Repository }>;
	/** @throws PermissionError where policy.json does not let images of such an archive in */
	admitArchive(transport: ArchiveTransport, options?: WaitOptions): Promise<void>;
	/** The full name that an alias gives a short one, as a pull follows it; undefined for every other name. */
	aliasOf(name: string): Promise<string | undefined>;
};
