/** The files of apply and delete, by `-f` as with kubectl, or as they stand. */
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { checkManifest } from './check-manifest.ts';
import { type Manifest, readManifest } from './manifest.ts';

/** To be spread into a verb's flags. */
export const filesFlag = {
	filename: { kind: 'list', short: 'f', value: 'FILE', help: 'manifest; - is standard input' },
} as const satisfies FlagSpecs;

/** Reads and checks all files before anything is done. @throws UsageError */
export async function readManifests(
	files: readonly string[],
	context: VerbContext,
): Promise<readonly Manifest[]> {
	if (files.length === 0) throw new UsageError('give at least one manifest: criscope apply pod.yaml');
	if (files.filter((file) => file === '-').length > 1)
		throw new UsageError('standard input can be read once');
	const manifests: Manifest[] = [];
	for (const file of files) {
		const manifest = await readManifest(file, context);
		checkManifest(file, manifest);
		manifests.push(manifest);
	}
	return manifests;
}
