/**
 * Reads crictl's configuration file, so that who has set crictl up needs to tell criscope nothing.
 * Source: cri-tools v1.36 docs/crictl.md; pkg/common/file.go for the defaults of keys that are missing.
 */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { InvalidArgumentError } from './errors.ts';

/** Where crictl looks without being told. */
export const defaultCrictlConfigPath = '/etc/crictl.yaml';

/** The keys of the file that concern us; undefined where the file does not say. */
export type CrictlConfig = {
	readonly runtimeEndpoint: string | undefined;
	readonly imageEndpoint: string | undefined;
	/** The file has it in seconds; 0 or less, which crictl takes for its default, is undefined here. */
	readonly timeoutMs: number | undefined;
};

/**
 * Reads the file.
 * @returns undefined where there is none.
 * @throws InvalidArgumentError with one sentence where it cannot be read or is wrong.
 */
export async function readCrictlConfig(
	path: string,
	options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CrictlConfig | undefined> {
	let text: string;
	try {
		text = await readFile(path, { encoding: 'utf8', signal: options.signal });
	} catch (error) {
		options.signal?.throwIfAborted();
		if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
			return undefined;
		}
		throw new InvalidArgumentError(`cannot read crictl config "${path}": ${reason(error)}`, { cause: error });
	}
	return parseCrictlConfig(text, path);
}

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
		return fail(reason(error).split('\n', 1)[0] ?? '', error);
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

function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
