/** The image of a container: which it is, and what its config says about running it. */
import { FailedPreconditionError, NotFoundError } from '../../cri/errors.ts';
import { parseConfig } from '../image/config.ts';
import { asObject, asString, asStringMap, asStrings } from '../image/json-fields.ts';
import { repoDigestsOf } from '../image/summary.ts';
import type { ImageRunConfig } from '../oci/spec-input.ts';
import type { Store, StoredImage, WaitOptions } from '../storage/model.ts';

/** An image that is here. */
export type ContainerImage = {
	readonly image: StoredImage;
	/** A digest reference where it has one, else its id. */
	readonly imageRef: string;
	readonly config: ImageRunConfig;
};

/** @throws NotFoundError: a runtime does not pull for a container; FailedPreconditionError for a damaged one */
export async function findContainerImage(
	images: Store,
	reference: string,
	options?: WaitOptions,
): Promise<ContainerImage> {
	const image = await images.findImage(reference, options);
	if (image === undefined) {
		throw new NotFoundError(`cannot use image "${reference}": it is not here, and must be pulled first`);
	}
	const { layer } = image;
	const [isWhole, config] = await Promise.all([
		layer === undefined || images.presentLayers([layer], options).then((present) => present.has(layer)),
		// Told apart below: whose layer is damaged, too, hears of that first.
		images.readBigData(image, `sha256:${image.id}`, options).catch((error: unknown) => ({ error })),
	]);
	if (!isWhole) {
		throw new FailedPreconditionError(
			`cannot use image "${reference}": it is damaged, and must be pulled again`,
		);
	}
	if ('error' in config) throw config.error;
	const { raw } = parseConfig(config);
	return { image, imageRef: repoDigestsOf(image)[0] ?? image.id, config: runConfigOf(raw['config']) };
}

/** Source: OCI image-spec v1.1, config.md; StopSignal and what else Docker's has under the same names */
function runConfigOf(value: unknown): ImageRunConfig {
	const config = asObject(value) ?? {};
	return {
		entrypoint: asStrings(config['Entrypoint']),
		cmd: asStrings(config['Cmd']),
		env: asStrings(config['Env']),
		workingDir: asString(config['WorkingDir']) ?? '',
		user: asString(config['User']) ?? '',
		volumes: Object.keys(asObject(config['Volumes']) ?? {}),
		stopSignal: asString(config['StopSignal']) ?? '',
		labels: asStringMap(asObject(config['Labels'])),
	};
}
