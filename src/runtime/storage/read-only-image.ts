import { FailedPreconditionError } from '../../cri/errors.ts';
import type { WaitOptions } from './model.ts';
import type { StoreParts } from './store-parts.ts';

/**
 * Refuses to change an image that only an additional store has. Does nothing where none has it.
 * @param verb as in `cannot <verb> image`
 * @throws FailedPreconditionError naming the store
 */
export async function refuseReadOnly(
	parts: Pick<StoreParts, 'additional'>,
	verb: string,
	id: string,
	options: WaitOptions = {},
): Promise<void> {
	for (const { images, place } of parts.additional) {
		const found = await images.read(({ byId }) => byId.has(id), options);
		if (!found) continue;
		throw new FailedPreconditionError(
			`cannot ${verb} image "${id}": it is in the read-only store "${place.root}"`,
		);
	}
}
