import type { SavePart } from '../../cri/image-transfer.ts';
import { replaceFile } from '../archives/replace-file.ts';
import { explainCriOnly, ownTool } from '../images/cri-only.ts';
import { print } from '../output/print.ts';
import { progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { type ShownTransfer, showTransfer } from '../transfers/show-transfer.ts';
import { explainLost } from '../transfers/take-events.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

const formats = ['docker-archive', 'oci-archive', 'oci-dir'] as const;

/** The archive alone; events go to the picture. @throws UnavailableError where the runtime went away amid it */
export async function* archiveBytes(
	parts: AsyncIterable<SavePart>,
	shown: ShownTransfer,
): AsyncGenerator<Uint8Array, void> {
	let bytes = 0;
	let hasBegun = false;
	try {
		for await (const part of parts) {
			hasBegun = true;
			if (part.kind === 'event') {
				shown.event(part.event);
				continue;
			}
			bytes += part.bytes.length;
			shown.archive(bytes, undefined);
			yield part.bytes;
		}
	} catch (error) {
		throw hasBegun ? explainLost(error, shown) : error;
	}
	// An answer cut short would otherwise look like an archive.
	if (shown.state().completed.length === 0) throw new Error('the runtime ended the archive without a result');
}

async function writeTo(
	path: string,
	archive: AsyncIterable<Uint8Array>,
	context: VerbContext,
): Promise<void> {
	if (path === '-') {
		for await (const bytes of archive) await print(context, bytes);
		return;
	}
	await using file = await replaceFile(path);
	for await (const bytes of archive) await file.write(bytes);
	await file.keep();
}

/** `criscope save` */
export const saveVerb = defineVerb({
	name: 'save',
	aliases: [],
	summary: 'Save images to an archive, an OCI layout or standard output',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'IMAGE…' },
	flags: {
		output: { kind: 'text', short: 'o', value: 'FILE', help: 'where to; - or nothing is standard output' },
		format: {
			kind: 'text',
			value: 'FORMAT',
			choices: formats,
			help: 'docker-archive, oci-archive or oci-dir; docker-archive when not given',
		},
		quiet: { kind: 'switch', short: 'q', help: 'tell no progress' },
		...progressFlag,
	},
	notes:
		'FILE appears when it is whole; where something fails, nothing is left and what was there before stays.',
	async run({ flags, operands: images }, context) {
		// What standard output leads to is written on, not replaced.
		const path = ['/dev/stdout', undefined].includes(flags.output) ? '-' : (flags.output ?? '-');
		const format = formats.find((known) => known === flags.format) ?? 'docker-archive';
		if (format === 'oci-dir' && path === '-')
			throw new UsageError('--format oci-dir needs a directory: -o DIR');
		if (path === '-' && context.stdoutIsTerminal) {
			throw new UsageError('save does not write an archive to a terminal: use -o FILE, or a pipe');
		}
		const client = await context.connect();
		const mode = progressMode(flags, context);
		using shown = showTransfer(context, { mode, direction: 'save', subject: images.join(', ') });
		try {
			const parts = client.transfers.saveImages(
				{ images, format: format === 'docker-archive' ? format : 'oci-archive' },
				{ signal: context.signal },
			);
			if (format === 'oci-dir') {
				const { unpackLayout } = await import('../archives/oci-layout.ts');
				await unpackLayout(archiveBytes(parts, shown), path);
			} else {
				await writeTo(path, archiveBytes(parts, shown), context);
			}
		} catch (error) {
			context.signal.throwIfAborted();
			throw explainCriOnly(error, 'save images', ownTool);
		}
		shown.done();
		return 0;
	},
});
