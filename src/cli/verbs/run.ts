import { refuseWhatCannotBe } from '../run/refused-flags.ts';
import { areConfigs, runConfigs } from '../run/run-configs.ts';
import { type RunFlags, runFlags } from '../run/run-flags.ts';
import { runImage } from '../run/run-image.ts';
import { defineVerb } from '../verb.ts';

/** `criscope run` */
export const runVerb = defineVerb({
	name: 'run',
	aliases: [],
	summary: 'Run a container of an image, as with Podman or Docker',
	operands: {
		least: 1,
		most: Number.POSITIVE_INFINITY,
		words: 'IMAGE [COMMAND…] | CONTAINER-CONFIG POD-CONFIG',
	},
	flags: runFlags,
	flagsEndAtFirstOperand: true,
	notes: `Flags come before the image. The container gets a pod of its own; what it needs of this host (empty volumes,
/etc/hosts) is in /var/lib/criscope/pods, its logs are in /var/log/pods. Signals go to the container, its exit code
becomes this one's: 125 says that it could not be made, 126 that its command cannot be run, 127 that there is no such
command. With -it, ctrl-p ctrl-q leaves it running. With -d --rm, or after a kill -9, the next run removes it. A name or
a port of the host that is in use is refused. A second Ctrl-C stops a command that does not hear the first, a third kills
it. On containerd, what is said before anybody can attach comes from the log, which drops a carriage return before a
newline: write binary data to a volume.

Two files that end in .json, .yaml or .yml are crictl's form: a ContainerConfig and a PodSandboxConfig of the CRI. The
image is pulled first, unless --no-pull is given; the container's id is printed.`,
	async run({ flags, given, operands }, context) {
		refuseWhatCannotBe(given);
		const written = flags as RunFlags;
		if (areConfigs(operands)) return runConfigs(operands, written, given, context);
		return runImage(operands, written, context);
	},
});
