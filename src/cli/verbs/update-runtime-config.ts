import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

const flags = {
	'pod-cidr': { kind: 'text', short: 'p', value: 'CIDR', help: 'addresses for pods, such as 10.88.0.0/16' },
} as const satisfies FlagSpecs;

/** `criscope update-runtime-config` */
export const updateRuntimeConfigVerb = defineVerb({
	name: 'update-runtime-config',
	aliases: [],
	summary: 'Tell the runtime the addresses of pods',
	operands: { least: 0, most: 0, words: '' },
	flags,
	notes: '',
	async run({ flags }, context) {
		const podCidr = flags['pod-cidr'];
		if (podCidr === undefined) throw new UsageError('update-runtime-config needs --pod-cidr CIDR');
		const client = await context.connect();
		await client.runtime.updateRuntimeConfig({ podCidr }, { signal: context.signal });
		context.stderr.write('Runtime config successfully updated\n');
		return 0;
	},
});
