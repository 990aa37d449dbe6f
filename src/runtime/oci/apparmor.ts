/** Which AppArmor profile a container gets. Source: CRI proto, SecurityProfile; CRI-O 1.36; apparmor(7). */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { SecurityProfile } from '../../cri/pod-request.ts';

/** Where the kernel lists what is loaded: `name (mode)`. */
export const loadedProfilesPath = '/sys/kernel/security/apparmor/profiles';

const unconfined = 'unconfined';

export type ApparmorRequest = {
	readonly profile: SecurityProfile | undefined;
	readonly privileged: boolean;
	/** The kernel enforces it. */
	readonly isEnabled: boolean;
	/** Of the configuration (`apparmor_profile`), for RuntimeDefault. */
	readonly defaultProfile: string;
	/** Asked for only where a name has to be looked up. */
	readonly loadedProfiles: () => ReadonlySet<string>;
};

export type ApparmorChoice = {
	/** For process.apparmorProfile; undefined for none. */
	readonly profile: string | undefined;
	/** What could not be done and was not asked for by name; one sentence part for the log. */
	readonly shortfall?: string;
};

/** @throws InvalidArgumentError for a profile that was asked for by name and is not loaded, or is empty */
export function chooseApparmor(request: ApparmorRequest): ApparmorChoice {
	const { profile, defaultProfile } = request;
	if (!request.isEnabled) {
		if (profile?.type === 'localhost') {
			throw new InvalidArgumentError(
				`cannot use AppArmor profile "${profile.localhostRef}": AppArmor is not enabled on this host`,
			);
		}
		return { profile: undefined };
	}
	if (request.privileged) return { profile: undefined };
	if (profile?.type === 'unconfined') return { profile: unconfined };
	if (profile?.type === 'localhost') return { profile: namedProfile(profile.localhostRef, request) };
	if (defaultProfile === unconfined || request.loadedProfiles().has(defaultProfile)) {
		return { profile: defaultProfile };
	}
	return {
		profile: undefined,
		shortfall: `the AppArmor profile "${defaultProfile}" is not loaded: containers run without one`,
	};
}

function namedProfile(localhostRef: string, { loadedProfiles }: ApparmorRequest): string {
	const name = localhostRef.replace(/^localhost\//, '');
	if (name === '') throw new InvalidArgumentError('cannot use AppArmor profile "": localhost_ref is empty');
	if (name === unconfined || loadedProfiles().has(name)) return name;
	throw new InvalidArgumentError(`cannot use AppArmor profile "${name}": it is not loaded`);
}

/** The profiles that the kernel has. Reading them needs root. */
export function readLoadedProfiles(file = loadedProfilesPath): ReadonlySet<string> {
	return new Set(
		readFileSync(file, 'utf8')
			.split('\n')
			.map((line) => line.replace(/ \([a-z]+\)$/, ''))
			.filter((name) => name !== ''),
	);
}
