import { sanitizeLine } from '../../text/sanitize.ts';
import { credentialFlags, givenCredentials } from '../images/credentials.ts';
import { explainCriOnly, ownTool } from '../images/cri-only.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { showTransfer } from '../transfers/show-transfer.ts';
import { takeEvents } from '../transfers/take-events.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

const formats = ['oci', 'docker'] as const;
const compressions = ['gzip', 'zstd'] as const;

/** `criscope push` */
export const pushVerb = defineVerb({
	name: 'push',
	aliases: [],
	summary: 'Push an image to a registry',
	operands: { least: 1, most: 2, words: 'IMAGE [DESTINATION]' },
	flags: {
		quiet: { kind: 'switch', short: 'q', help: 'print the digest only, and no progress' },
		...formatFlags,
		...progressFlag,
		...credentialFlags,
		format: {
			kind: 'text',
			value: 'FORMAT',
			choices: formats,
			help: 'oci or docker; as it is stored when not given',
		},
		compression: {
			kind: 'text',
			value: 'KIND',
			choices: compressions,
			help: 'gzip or zstd for layers that must be packed anew; zstd makes it oci',
		},
	},
	notes: 'Without DESTINATION the image goes where its name says.',
	async run({ flags, operands: [image = '', destination] }, context) {
		const output = outputFormat(flags, 'table');
		const format = formats.find((known) => known === flags.format);
		const compression = compressions.find((known) => known === flags.compression);
		if (format === 'docker' && compression === 'zstd') {
			throw new UsageError(
				'--compression zstd does not go together with --format docker, which knows gzip only',
			);
		}
		const auth = await givenCredentials(flags, context);
		const client = await context.connect();
		const to = destination ?? image;
		const mode = progressMode(flags, context);
		using shown = showTransfer(context, { mode, direction: 'push', subject: to });
		try {
			const events = client.transfers.pushImage(
				{ image, destination, auth, format, compression },
				{ signal: context.signal },
			);
			const [{ imageId, manifestDigest, names, upToDate }] = await takeEvents(events, shown);
			shown.done();
			// A short name was found by one in full, and that is where it went.
			const went = destination ?? names[0] ?? image;
			const result = { image, destination: went, imageId, manifestDigest, names, upToDate };
			await printResults([result], output, context);
			if (output !== 'table') return 0;
			const digest = sanitizeLine(manifestDigest);
			await print(context, flags.quiet ? `${digest}\n` : `Pushed ${sanitizeLine(went)}@${digest}\n`);
			return 0;
		} catch (error) {
			throw explainCriOnly(error, 'push images', ownTool);
		}
	},
});
