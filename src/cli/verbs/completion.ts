import { completionScript, type Shell, shells } from '../completion/scripts.ts';
import { print } from '../output/print.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

/** `criscope completion` */
export const completionVerb = defineVerb({
	name: 'completion',
	aliases: [],
	summary: 'Print what makes a shell complete verbs, flags, names and ids',
	operands: { least: 0, most: 1, words: '[bash|zsh|fish]' },
	flags: {},
	notes: `Without a word, for bash. For this shell: source <(criscope completion bash). For all of them, write it to
/etc/bash_completion.d/criscope, to _criscope in a folder of zsh's $fpath, or to ~/.config/fish/completions/criscope.fish.
Names and ids are asked of the runtime for 400 ms at most; CRISCOPE_COMPLETION_MS is another limit, for slow machines.`,
	async run({ operands: [shell = 'bash'] }, context) {
		if (!(shells as readonly string[]).includes(shell)) {
			throw new UsageError(`no completion for "${shell}"; there are ${shells.join(', ')}`);
		}
		await print(context, completionScript(shell as Shell));
		return 0;
	},
});
