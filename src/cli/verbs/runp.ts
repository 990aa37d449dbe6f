import { sanitizeLine } from '../../text/sanitize.ts';
import { print } from '../output/print.ts';
import { cancelTimeout } from '../requests/pull-flags.ts';
import { readPodConfig } from '../requests/read-config.ts';
import { runtimeHandlerFlag } from '../requests/runtime-handler-flag.ts';
import { defineVerb } from '../verb.ts';

/** `criscope runp` */
export const runpVerb = defineVerb({
	name: 'runp',
	aliases: [],
	summary: 'Run a new pod from a configuration file',
	operands: { least: 1, most: 1, words: 'POD-CONFIG' },
	flags: {
		...runtimeHandlerFlag,
		'cancel-timeout': {
			kind: 'duration',
			short: 'T',
			value: 'DURATION',
			help: 'give up after this long',
		},
	},
	notes: `POD-CONFIG is a PodSandboxConfig of the CRI in JSON or YAML. Prints the id of the pod.`,
	async run({ flags, operands: [file = ''] }, context) {
		const config = await readPodConfig(file, context);
		const client = await context.connect();
		const request = { config, runtimeHandler: flags.runtime ?? '' };
		const call = { signal: context.signal, ...cancelTimeout(flags) };
		const id = await client.runtime.runPodSandbox(request, call);
		await print(context, `${sanitizeLine(id)}\n`);
		return 0;
	},
});
