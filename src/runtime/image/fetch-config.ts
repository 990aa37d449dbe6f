/** The config of an image: small, held in memory, out of the first source that gives it whole. */
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import type { WaitOptions } from '../storage/model.ts';
import { BlobContentError, type FetchLimits, fetchBlob } from './fetch-blob.ts';
import type { Descriptor, Repository } from './model.ts';

/**
 * Fetches a blob of at most 4 MiB (its descriptor has been checked).
 * @throws InvalidArgumentError where no source has the right bytes; RegistryError
 */
export async function fetchConfig(
	descriptor: Descriptor,
	sources: readonly Repository[],
	limits: FetchLimits,
	onNote: (text: string) => void,
	{ signal }: WaitOptions = {},
): Promise<Buffer> {
	for (let attempt = 0; ; attempt += 1) {
		const bytes = Buffer.allocUnsafeSlow(descriptor.sizeBytes);
		try {
			await fetchBlob(
				{
					descriptor,
					sources: sources.slice(attempt),
					limits,
					to: bytes,
					onBytes: () => undefined,
					onNote,
				},
				{ signal },
			);
			return bytes;
		} catch (error) {
			if (!(error instanceof BlobContentError)) throw error;
			if (attempt + 1 >= sources.length) {
				throw new InvalidArgumentError(`config ${errorMessage(error)}`, { cause: error });
			}
			onNote(`config ${errorMessage(error)}; it is fetched anew from the next source`);
		}
	}
}
