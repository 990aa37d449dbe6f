import type { FilesystemUsage, ImageFsInfo } from '../../cri/model.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { imageFsInfoJson } from '../images/image-json.ts';
import { documentOutput, tableOrDocumentFlags } from '../output/document-output.ts';
import { humanSize } from '../output/human-size.ts';
import { print } from '../output/print.ts';
import { statusText } from '../output/status-entry.ts';
import { defineVerb } from '../verb.ts';

function usageLines(label: string, usages: readonly FilesystemUsage[]): readonly string[] {
	const lines = usages.flatMap(({ timestampNanos, mountpoint, usedBytes = 0n, inodesUsed = 0n }, index) => [
		`TimeStamp[${index}]: ${timestampNanos}`,
		`Disk[${index}]: ${humanSize(usedBytes, 4)}`,
		`Inodes[${index}]: ${inodesUsed}`,
		`Mountpoint[${index}]: ${mountpoint}`,
	]);
	// The blank is crictl's.
	return [`${label} Filesystem `, ...lines];
}

/** The lines of `-o table`. */
export function imageFsInfoTable({ imageFilesystems, containerFilesystems }: ImageFsInfo): string {
	const lines = [...usageLines('Container', containerFilesystems), ...usageLines('Image', imageFilesystems)];
	return `${lines.map(sanitizeLine).join('\n')}\n`;
}

/** `criscope imagefsinfo` */
export const imagefsinfoVerb = defineVerb({
	name: 'imagefsinfo',
	aliases: [],
	summary: 'Show what images and containers take of their filesystems',
	operands: { least: 0, most: 0, words: '' },
	flags: tableOrDocumentFlags,
	notes: '',
	async run({ flags }, context) {
		const output = documentOutput(flags, 'json', ['table']);
		const client = await context.connect();
		const info = await client.images.imageFsInfo({ signal: context.signal });
		const text =
			output.format === 'table'
				? imageFsInfoTable(info)
				: await statusText([{ status: imageFsInfoJson(info), info: {} }], output, context);
		await print(context, text);
		return 0;
	},
});
