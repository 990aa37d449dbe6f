/**
 * Configuration files of pods and containers as crictl reads them: JSON or YAML, fields named as in the protocol's
 * definition. Unlike crictl, a field that is none is refused: a limit that was misspelt would silently not be there.
 * Source: cri-tools v1.36 cmd/crictl/util.go (loadPodSandboxConfig, loadContainerConfig); docs/crictl.md for examples.
 */
import { randomUUID } from 'node:crypto';
import type { ContainerConfig, PodSandboxConfig } from '../../cri/sandbox-config.ts';
import { readDocuments } from './read-document.ts';
import { DocumentError, readMessage } from './read-message.ts';

type Options = { readonly signal: AbortSignal };

function readOne<Config>(
	what: string,
	path: string,
	map: (document: unknown) => Config,
	options: Options,
): Promise<Config> {
	const mapOnly = ([document = {}, second]: readonly unknown[]) => {
		if (second !== undefined) throw new DocumentError('it holds more than one document');
		return map(document);
	};
	return readDocuments(what, path, mapOnly, options);
}

function podConfigOf(document: unknown): PodSandboxConfig {
	const config = readMessage(document, 'PodSandboxConfig') as Partial<PodSandboxConfig>;
	if (config.metadata === undefined) throw new DocumentError('"metadata" is missing');
	const { name, namespace, uid = '', attempt = 0 } = config.metadata;
	if (!name || !namespace) throw new DocumentError('"metadata" needs "name" and "namespace"');
	return { ...config, metadata: { name, namespace, uid: uid || randomUUID(), attempt } };
}

function containerConfigOf(document: unknown): ContainerConfig {
	const config = readMessage(document, 'ContainerConfig') as Partial<ContainerConfig>;
	if (config.metadata === undefined) throw new DocumentError('"metadata" is missing');
	const { name, attempt = 0 } = config.metadata;
	if (!name) throw new DocumentError('"metadata" needs "name"');
	const { image } = config;
	if (!image?.image) throw new DocumentError('"image" needs "image"');
	const spec = image as { readonly image: string; readonly userSpecifiedImage?: string };
	return {
		...config,
		metadata: { name, attempt },
		// What a person wrote, kept beside what it may be resolved to.
		image: { ...spec, userSpecifiedImage: spec.userSpecifiedImage || spec.image } as ContainerConfig['image'],
	};
}

/**
 * Reads a PodSandboxConfig. A missing uid is made up, as crictl does.
 * @throws UsageError that names the file and what is wrong with it.
 */
export function readPodConfig(path: string, options: Options): Promise<PodSandboxConfig> {
	return readOne('pod configuration', path, podConfigOf, options);
}

/**
 * Reads a ContainerConfig.
 * @throws UsageError that names the file and what is wrong with it.
 */
export function readContainerConfig(path: string, options: Options): Promise<ContainerConfig> {
	return readOne('container configuration', path, containerConfigOf, options);
}
