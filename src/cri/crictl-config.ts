/**
 * Reads crictl's configuration file, so that who has set crictl up needs to tell criscope nothing.
 * Source: cri-tools v1.36 docs/crictl.md; pkg/common/file.go for the defaults of keys that are missing.
 */
import { readFile } from 'node:fs/promises';
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
	// Most nodes have no such file, and the parser is as big as everything else before the first frame.
	const { parseCrictlConfig } = await import('./crictl-config-text.ts');
	return parseCrictlConfig(text, path);
}

function reason(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
