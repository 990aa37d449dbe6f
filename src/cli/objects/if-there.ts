import { isNotFound } from '../../cri/errors.ts';

/** The answer about an object out of a list; undefined where it has gone since. */
export async function ifThere<Result>(answer: Promise<Result>): Promise<Result | undefined> {
	try {
		return await answer;
	} catch (error) {
		if (isNotFound(error)) return undefined;
		throw error;
	}
}
