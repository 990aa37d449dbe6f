import { sanitizeLine } from '../../text/sanitize.ts';
import { forEachObject } from '../failures.ts';
import { credentialFlags, givenCredentials } from '../images/credentials.ts';
import { describePullFailure, type Pulled, type PullOptions, pullOneImage } from '../images/pull-image.ts';
import { parsePairs } from '../key-values.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { readPodConfig } from '../requests/read-config.ts';
import { progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

/** `criscope pull` */
export const pullVerb = defineVerb({
	name: 'pull',
	aliases: [],
	summary: 'Pull images from registries',
	operands: { least: 1, most: Number.POSITIVE_INFINITY, words: 'IMAGE…' },
	flags: {
		quiet: { kind: 'switch', short: 'q', help: 'print ids only, and no progress' },
		...formatFlags,
		...progressFlag,
		...credentialFlags,
		platform: {
			kind: 'text',
			value: 'OS/ARCH[/VARIANT]',
			help: "pull for another platform than the runtime's",
		},
		annotation: { kind: 'list', short: 'a', value: 'KEY=VALUE', help: 'annotation of the request' },
		'pod-config': { kind: 'text', value: 'FILE', help: 'pull on behalf of this pod (JSON or YAML)' },
		'pull-timeout': {
			kind: 'duration',
			aliases: ['pt'],
			value: 'DURATION',
			help: 'longest time for each image; 0 is no limit',
			env: 'CRICTL_PULL_TIMEOUT',
		},
	},
	notes: `Without credentials, those of podman, docker and kubelet on this machine are used. Several images are pulled one
after the other; when one fails, the others are pulled all the same, and the exit code is 1.`,
	async run({ flags, operands }, context) {
		const format = outputFormat(flags, 'table');
		const platform = flags.platform;
		const podConfig = flags['pod-config'];
		if (platform !== undefined && !/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/u.test(platform)) {
			throw new UsageError(`flag --platform is os/architecture[/variant], not "${platform}"`);
		}
		if (platform !== undefined && (podConfig !== undefined || flags.annotation.length > 0)) {
			throw new UsageError('--platform does not go together with --pod-config and --annotation');
		}
		const options: PullOptions = {
			auth: await givenCredentials(flags, context),
			platform,
			annotations: flags.annotation.length > 0 ? parsePairs(flags.annotation, '--annotation') : undefined,
			sandboxConfig: podConfig === undefined ? undefined : await readPodConfig(podConfig, context),
			timeoutMs: flags['pull-timeout'] || Number.POSITIVE_INFINITY,
			mode: progressMode(flags, context),
		};
		const client = await context.connect();
		const results: (Pulled | { readonly image: string; readonly error: string })[] = [];
		const exitCode = await forEachObject(
			operands,
			context,
			async (image) => {
				const pulled = await pullOneImage(client, image, options, context);
				results.push(pulled);
				if (format !== 'table') return;
				const id = sanitizeLine(pulled.imageId);
				await print(context, flags.quiet ? `${id}\n` : `Image is up to date for ${id}\n`);
			},
			(error, image) => {
				const text = describePullFailure(error, image);
				results.push({ image, error: text });
				return text;
			},
		);
		await printResults(results, format, context);
		return exitCode;
	},
});
