import { errorMessage } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { type ArchiveSource, openArchive } from '../archives/archive-source.ts';
import { forEachObject } from '../failures.ts';
import { explainCriOnly, ownTool } from '../images/cri-only.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { type ProgressMode, progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { showTransfer } from '../transfers/show-transfer.ts';
import { takeEvents } from '../transfers/take-events.ts';
import type { Completed } from '../transfers/transfer-state.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

async function loadArchive(
	client: CriClient,
	source: ArchiveSource,
	{ name, mode }: { readonly name: string | undefined; readonly mode: ProgressMode },
	context: VerbContext,
): Promise<readonly Completed[]> {
	using shown = showTransfer(context, { mode, direction: 'load', subject: source.name });
	async function* counted(): AsyncGenerator<Uint8Array, void> {
		let bytes = 0;
		for await (const chunk of source.bytes) {
			bytes += chunk.length;
			shown.archive(bytes, source.totalBytes);
			yield chunk;
		}
	}
	try {
		const events = client.transfers.loadImages({ name }, counted(), { signal: context.signal });
		const completed = await takeEvents(events, shown);
		shown.done();
		return completed;
	} catch (error) {
		throw explainCriOnly(error, 'load archives', ownTool);
	}
}

/** `criscope load` */
export const loadVerb = defineVerb({
	name: 'load',
	aliases: [],
	summary: 'Load images from archives, OCI layouts or standard input',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[FILE…]' },
	flags: {
		input: { kind: 'text', short: 'i', value: 'FILE', help: 'the same as the operand; - is standard input' },
		name: {
			kind: 'text',
			short: 'n',
			value: 'NAME',
			help: "name for an archive's single image that has none",
		},
		quiet: { kind: 'switch', short: 'q', help: 'print ids only, and no progress' },
		...formatFlags,
		...progressFlag,
	},
	notes: `A FILE is a docker-archive or an oci-archive, compressed or not, or a directory with an OCI layout. Without one, the
archive is read from standard input.`,
	async run({ flags, operands }, context) {
		const format = outputFormat(flags, 'table');
		const paths = [...(flags.input === undefined ? [] : [flags.input]), ...operands];
		if (flags.name !== undefined && paths.length > 1)
			throw new UsageError('--name goes with a single archive');
		if (paths.filter((path) => path === '-').length > 1)
			throw new UsageError('standard input can be read once');
		const wanted = paths.length > 0 ? paths : ['-'];
		const mode = progressMode(flags, context);
		const results: unknown[] = [];
		// Before a runtime is looked for: what is typed wrongly is told first.
		const first = wanted[0] === '-' ? await openArchive('-', context) : undefined;
		const client = await context.connect();
		const load = async (path: string): Promise<void> => {
			const source = path === '-' && first ? first : await openArchive(path, context);
			const images = await loadArchive(client, source, { name: flags.name, mode }, context);
			for (const { imageId, manifestDigest, names, upToDate } of images) {
				results.push({ source: source.name, imageId, manifestDigest, names, upToDate });
				if (format !== 'table') continue;
				const said = names.length > 0 ? names : [imageId];
				const lines = flags.quiet ? [imageId] : said.map((name) => `Loaded image: ${name}`);
				await print(context, lines.map((line) => `${sanitizeLine(line)}\n`).join(''));
			}
		};
		const exitCode = await forEachObject(wanted, context, load, (error, path) => {
			results.push({ source: path, error: errorMessage(error) });
			return errorMessage(error);
		});
		await printResults(results, format, context);
		return exitCode;
	},
});
