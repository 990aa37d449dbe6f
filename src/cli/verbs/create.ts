import { sanitizeLine } from '../../text/sanitize.ts';
import { findPod } from '../objects/find.ts';
import { print } from '../output/print.ts';
import { cancelTimeout, createPullFlags, pullFor, wantsPull } from '../requests/pull-flags.ts';
import { readContainerConfig, readPodConfig } from '../requests/read-config.ts';
import { defineVerb } from '../verb.ts';

/** `criscope create` */
export const createVerb = defineVerb({
	name: 'create',
	aliases: [],
	summary: 'Create a container in a pod from configuration files',
	operands: { least: 3, most: 3, words: 'POD CONTAINER-CONFIG POD-CONFIG' },
	flags: createPullFlags,
	notes: `CONTAINER-CONFIG is a ContainerConfig of the CRI in JSON or YAML, POD-CONFIG what the pod was made of. The image
must be there, or --with-pull pulls it. Prints the id of the container.`,
	async run({ flags, operands: [pod = '', containerFile = '', podFile = ''] }, context) {
		const pulls = wantsPull(flags, false);
		const config = await readContainerConfig(containerFile, context);
		const sandboxConfig = await readPodConfig(podFile, context);
		const client = await context.connect();
		const { id: podSandboxId } = await findPod(client, pod, context);
		if (pulls) await pullFor(client, { config, sandboxConfig }, flags, context);
		const request = { podSandboxId, config, sandboxConfig };
		const call = { signal: context.signal, ...cancelTimeout(flags) };
		const id = await client.runtime.createContainer(request, call);
		await print(context, `${sanitizeLine(id)}\n`);
		return 0;
	},
});
