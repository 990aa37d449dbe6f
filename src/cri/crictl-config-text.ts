import { parse } from 'yaml';
import type { CrictlConfig } from './crictl-config.ts';
import { errorMessage, InvalidArgumentError } from './errors.ts';

/**
 * Reads the file's text. Unknown keys are crictl's affair.
 * @throws InvalidArgumentError that names the file and the key or line.
 */
export function parseCrictlConfig(text: string, path: string): CrictlConfig {
	const fail = (cause: string, error?: unknown): never => {
		throw new InvalidArgumentError(`cannot read crictl config "${path}": ${cause}`, { cause: error });
	};
	let document: unknown;
	try {
		document = parse(text, { prettyErrors: true });
	} catch (error) {
		return fail((errorMessage(error).split('\n', 1)[0] ?? '').replace(/:$/u, ''), error);
	}
	if (document === null || document === undefined) document = {};
	if (typeof document !== 'object' || Array.isArray(document))
		return fail('it is no list of "key: value" lines');
	const fields = document as Readonly<Record<string, unknown>>;
	const textOf = (key: string): string | undefined => {
		const value = fields[key];
		if (value === undefined || value === null || value === '') return undefined;
		return typeof value === 'string' ? value : fail(`"${key}" is ${JSON.stringify(value)}, not a text`);
	};
	const seconds = fields['timeout'] ?? 0;
	if (typeof seconds !== 'number' || !Number.isFinite(seconds)) {
		return fail(`"timeout" is ${JSON.stringify(seconds)}, not a number of seconds`);
	}
	return {
		runtimeEndpoint: textOf('runtime-endpoint'),
		imageEndpoint: textOf('image-endpoint'),
		timeoutMs: seconds > 0 ? seconds * 1000 : undefined,
	};
}
