import type { PullRemedies } from '../../cri/pull-errors.ts';

/** What to do about a failed pull, where a key of the inspector does it. */
export const pullRemedies: PullRemedies = {
	diskFull: 'X prunes what is left over; then pull again.',
	rateLimit: 'Log in (L in the list of tasks) for a higher limit, or wait and pull again.',
	unauthorized: 'L in the list of tasks asks for user name and password.',
	other: 'Its own words say more: b shows them.',
};
