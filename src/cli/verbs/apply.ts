import { sanitizeLine } from '../../text/sanitize.ts';
import { applyPod } from '../apply/apply-pod.ts';
import { deletePods } from '../apply/delete-pods.ts';
import { filesFlag, readManifests } from '../apply/files-flag.ts';
import { graceFlag, graceSeconds } from '../apply/grace-flag.ts';
import { warningsOf } from '../apply/warnings.ts';
import { forEachObject } from '../failures.ts';
import { credentialFlags, givenCredentials } from '../images/credentials.ts';
import { formatFlags, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { runtimeHandlerFlag } from '../requests/runtime-handler-flag.ts';
import { tidyEarlierRuns } from '../run/earlier-runs.ts';
import type { PullPolicy } from '../run/ensure-image.ts';
import { progressFlag, progressMode } from '../transfers/progress-flag.ts';
import { defineVerb } from '../verb.ts';

/** `criscope apply` */
export const applyVerb = defineVerb({
	name: 'apply',
	aliases: [],
	summary: 'Run the pods of a Kubernetes manifest, without a cluster',
	operands: { least: 0, most: Number.POSITIVE_INFINITY, words: '[FILE…]' },
	flags: {
		...filesFlag,
		replace: { kind: 'switch', help: 'remove a pod that differs, and make it anew' },
		delete: { kind: 'switch', help: 'remove the pods instead; also criscope delete' },
		...graceFlag,
		...formatFlags,
		pull: {
			kind: 'text',
			value: 'WHEN',
			choices: ['always', 'missing', 'never'],
			help: "always, missing or never; the manifest's imagePullPolicy otherwise",
		},
		quiet: { kind: 'switch', short: 'q', help: 'no progress of pulls, no warnings' },
		...progressFlag,
		...credentialFlags,
		...runtimeHandlerFlag,
	},
	notes: `A file holds one or more documents: v1 Pod, and ConfigMap and Secret that its pods use. A pod that is there and equal is
unchanged. Nothing is made when a field is unknown, or asks for what only a cluster has. Init containers run one after the
other. No daemon stays: what ends is not started again, and nothing is probed.`,
	async run({ flags, operands }, context) {
		const format = outputFormat(flags, 'table');
		const manifests = await readManifests([...flags.filename, ...operands], context);
		const grace = graceSeconds(flags);
		const auth = await givenCredentials(flags, context);
		const client = await context.connect();
		if (flags.delete) return deletePods(client, manifests, { format, graceSeconds: grace }, context);
		await tidyEarlierRuns(client, context);
		const tell = (line: string): void => void context.stderr.write(`criscope: ${sanitizeLine(line)}\n`);
		const options = {
			replace: flags.replace,
			runtimeHandler: flags.runtime,
			graceSeconds: grace,
			images: {
				policy: flags.pull as PullPolicy | undefined,
				auth,
				platform: undefined,
				timeoutMs: Number.POSITIVE_INFINITY,
				mode: progressMode(flags, context),
			},
			tell,
		};
		const results: unknown[] = [];
		const pods = manifests.flatMap((manifest) => manifest.pods.map((pod) => ({ pod, manifest })));
		const exitCode = await forEachObject(pods, context, async ({ pod, manifest }) => {
			const applied = await applyPod(client, pod, manifest, options, context);
			results.push(applied);
			const { namespace, name, action } = applied;
			if (action !== 'unchanged' && !flags.quiet) {
				for (const warning of warningsOf(pod)) tell(`pod ${namespace}/${name}: ${warning}`);
			}
			if (format === 'table') await print(context, `pod ${sanitizeLine(`${namespace}/${name}`)} ${action}\n`);
		});
		await printResults(results, format, context);
		return exitCode;
	},
});
