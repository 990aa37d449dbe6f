/**
 * Configuration files of pods as crictl reads them: JSON or YAML, fields named as in the protocol's definition.
 * Source: cri-tools v1.36 cmd/crictl/util.go (loadPodSandboxConfig); docs/crictl.md for examples.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PodSandboxConfig } from '../cri/sandbox-config.ts';
import { UsageError } from './usage-error.ts';

/** Fields whose keys are the user's own words. */
const maps = new Set(['labels', 'annotations', 'sysctls', 'unified']);

/** `log_directory` and `logDirectory` both become the latter; maps stay as they are. */
function camelKeys(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(camelKeys);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, field]) => {
			const name = key.replace(/_([a-z0-9])/gu, (_, letter: string) => letter.toUpperCase());
			return [name, maps.has(name) ? field : camelKeys(field)];
		}),
	);
}

/**
 * Reads a PodSandboxConfig. A missing uid is made up, as crictl does.
 * @throws UsageError that names the file and what is wrong with it.
 */
export async function readPodConfig(
	path: string,
	options: { readonly signal: AbortSignal },
): Promise<PodSandboxConfig> {
	const fail = (cause: string, error?: unknown): never => {
		throw Object.assign(new UsageError(`cannot read pod configuration "${path}": ${cause}`), {
			cause: error,
		});
	};
	let document: unknown;
	try {
		const text = await readFile(path, { encoding: 'utf8', signal: options.signal });
		const { parseYaml } = await import('./yaml-library.ts');
		document = parseYaml(text);
	} catch (error) {
		options.signal.throwIfAborted();
		const { code, message } = error as NodeJS.ErrnoException;
		return fail(code === 'ENOENT' ? 'no such file' : (message.split('\n', 1)[0] ?? message), error);
	}
	if (typeof document !== 'object' || document === null || Array.isArray(document)) {
		return fail('it is no object with "metadata"');
	}
	const config = camelKeys(document) as PodSandboxConfig;
	const metadata = config.metadata as Partial<PodSandboxConfig['metadata']> | undefined;
	if (typeof metadata !== 'object' || metadata === null) return fail('"metadata" is missing');
	const { name, namespace, uid = '', attempt = 0 } = metadata;
	if (!name || !namespace) return fail('"metadata" needs "name" and "namespace"');
	return { ...config, metadata: { name, namespace, uid: uid || randomUUID(), attempt } };
}
