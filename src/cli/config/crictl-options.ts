/**
 * The options of crictl's configuration file, and their values.
 * Source: cri-tools v1.36 pkg/common/file.go, cmd/crictl/config.go.
 */
import { UsageError } from '../usage-error.ts';

type Kind = 'text' | 'number' | 'switch';

/** Every option, in the order in which crictl lists them. */
export const crictlOptions = {
	'runtime-endpoint': 'text',
	'image-endpoint': 'text',
	timeout: 'number',
	debug: 'switch',
	'pull-image-on-create': 'switch',
	'disable-pull-on-run': 'switch',
} as const satisfies Readonly<Record<string, Kind>>;

export type CrictlOption = keyof typeof crictlOptions;
export type OptionValue = string | number | boolean;

/** What crictl takes where the file does not say. */
export function defaultValue(option: CrictlOption): OptionValue {
	const kind = crictlOptions[option];
	return kind === 'text' ? '' : kind === 'number' ? 0 : false;
}

/** @throws UsageError for a name that is none. */
export function parseOption(name: string): CrictlOption {
	if (Object.hasOwn(crictlOptions, name)) return name as CrictlOption;
	const names = Object.keys(crictlOptions).join(', ');
	throw new UsageError(`no configuration option named "${name}"; there are ${names}`);
}

const truths = ['1', 't', 'T', 'true', 'TRUE', 'True'];
const lies = ['0', 'f', 'F', 'false', 'FALSE', 'False'];

/** Reads a value as Go's strconv does. @throws UsageError where it is none for this option. */
export function parseValue(option: CrictlOption, text: string): OptionValue {
	switch (crictlOptions[option]) {
		case 'text':
			return text;
		case 'number': {
			const number = Number(text);
			if (!/^[+-]?\d+$/u.test(text) || !Number.isSafeInteger(number)) {
				throw new UsageError(`option ${option} is a whole number of seconds, not "${text}"`);
			}
			return number;
		}
		case 'switch':
			if (truths.includes(text)) return true;
			if (lies.includes(text)) return false;
			throw new UsageError(`option ${option} is true or false, not "${text}"`);
	}
}

/** One option and its new value. */
export type Setting = readonly [option: CrictlOption, value: OptionValue];

/** Reads `key=value,key=value` texts. @throws UsageError that quotes what is wrong. */
export function parseSettings(texts: readonly string[]): readonly Setting[] {
	return texts
		.flatMap((text) => text.split(','))
		.map((pair): Setting => {
			const equals = pair.indexOf('=');
			if (equals < 1) throw new UsageError(`flag --set is KEY=VALUE, not "${pair}"`);
			const option = parseOption(pair.slice(0, equals));
			return [option, parseValue(option, pair.slice(equals + 1))];
		});
}
