import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { defaultCrictlConfigPath } from '../../cri/crictl-config.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { replaceFile } from '../archives/replace-file.ts';
import {
	type CrictlOption,
	crictlOptions,
	parseOption,
	parseSettings,
	parseValue,
	type Setting,
} from '../config/crictl-options.ts';
import type { FlagSpecs } from '../flags.ts';
import { print } from '../output/print.ts';
import { tableText } from '../output/table.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

const flags = {
	get: { kind: 'text', value: 'KEY', help: 'print the value of an option' },
	set: { kind: 'list', value: 'KEY=VALUE', help: 'set an option; several, or several with commas between' },
	list: { kind: 'switch', help: 'print all options' },
} as const satisfies FlagSpecs;

/** @throws UsageError where nothing, or more than one thing, was asked for. */
function readSettings(
	flags: { readonly get: string | undefined; readonly set: readonly string[]; readonly list: boolean },
	operands: readonly string[],
): readonly Setting[] {
	const asked = [flags.get !== undefined, flags.set.length > 0, flags.list, operands.length > 0];
	if (asked.filter(Boolean).length !== 1) {
		throw new UsageError('config needs one of --get KEY, --set KEY=VALUE, --list, or KEY VALUE');
	}
	if (operands.length === 0) return parseSettings(flags.set);
	const [key = '', value] = operands;
	if (value === undefined)
		throw new UsageError(`config needs a value for "${key}"; config --get ${key} prints it`);
	const option = parseOption(key);
	return [[option, parseValue(option, value)]];
}

/** Where the file is, by the rules of all verbs. @throws UsageError for a file that is not crictl's. */
function configPath({ configPath, env }: Pick<VerbContext, 'configPath' | 'env'>): string {
	const path = configPath ?? (env['CRI_CONFIG_FILE'] || defaultCrictlConfigPath);
	if (path.endsWith('.toml')) throw new UsageError(`config changes crictl's file only, not "${path}"`);
	return path;
}

async function readText(path: string, signal: AbortSignal): Promise<string> {
	try {
		return await readFile(path, { encoding: 'utf8', signal });
	} catch (error) {
		signal.throwIfAborted();
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
		throw new Error(`cannot read crictl config "${path}": ${(error as Error).message}`, { cause: error });
	}
}

/** `criscope config` */
export const configVerb = defineVerb({
	name: 'config',
	aliases: [],
	summary: "Show or change crictl's configuration file, which criscope reads too",
	operands: { least: 0, most: 2, words: '[KEY VALUE]' },
	flags,
	notes: [
		`Options: ${Object.keys(crictlOptions).join(', ')}.`,
		`The file is that of --config or CRI_CONFIG_FILE, else ${defaultCrictlConfigPath}. It is replaced as a whole; comments stay.`,
	].join('\n'),
	async run({ flags, operands }, context) {
		const settings = readSettings(flags, operands);
		const wanted = flags.get === undefined ? undefined : parseOption(flags.get);
		const path = configPath(context);
		const { readConfigDocument } = await import('../config/config-document.ts');
		const document = readConfigDocument(await readText(path, context.signal), path);
		if (wanted !== undefined) {
			await print(context, `${sanitizeLine(String(document.get(wanted)))}\n`);
		} else if (flags.list) {
			const options = Object.keys(crictlOptions) as readonly CrictlOption[];
			await print(
				context,
				tableText([['KEY', 'VALUE'], ...options.map((key) => [key, String(document.get(key))])]),
			);
		} else {
			await mkdir(dirname(path), { recursive: true });
			await using file = await replaceFile(path);
			await file.write(Buffer.from(document.with(settings)));
			await file.keep();
		}
		return 0;
	},
});
