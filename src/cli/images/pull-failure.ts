/** Failures of pulls and pushes in the words of the command line. */
import { errorMessage } from '../../cri/errors.ts';
import { parseImageReference } from '../../cri/image-reference.ts';
import { explainPullError, type PullRemedies } from '../../cri/pull-errors.ts';

const remedies: PullRemedies = {
	unauthorized: 'Give --creds USER:PASSWORD, or log in with podman login or docker login.',
	rateLimit: 'Log in (--creds, podman login) for a higher limit, or wait and pull again.',
	diskFull: 'criscope rmi --prune removes what no container uses; then pull again.',
};

function registryOf(image: string): string {
	try {
		return parseImageReference(image).domain;
	} catch {
		return '';
	}
}

/**
 * One sentence and a next step where the cause is known, with the runtime's own words behind it.
 * @param problems credentials that could not be read: a refusal may come from there
 */
export function pullFailure(error: unknown, image: string, problems: readonly string[] = []): string {
	const text = errorMessage(error);
	const registry = registryOf(image);
	const problem = explainPullError(error, { image, registry, remedies });
	const notes = problem.kind === 'unauthorized' ? problems.map((note) => `\n  note: ${note}`).join('') : '';
	// Where nothing is known of the cause, and where there is no registry to speak of, the runtime's words say it best.
	if (problem.kind === 'other' || registry === '') return `${text}${notes}`;
	const prefix = `cannot pull image "${image}": `;
	const said = text.startsWith(prefix) ? text.slice(prefix.length) : text;
	return `${prefix}${problem.sentence} ${problem.remedy}\n  the runtime said: ${said}${notes}`;
}
