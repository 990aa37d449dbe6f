/** Reads the documents of a manifest: pods, and the ConfigMaps and Secrets that stand in the same file. */
import { readDocuments } from '../requests/read-document.ts';
import { DocumentError } from '../requests/read-message.ts';
import type { VerbContext } from '../verb.ts';
import { configMapShape, podShape, secretShape } from './manifest-shape.ts';
import { readShape, type Shaped } from './shape.ts';

/** A Pod as it was written. */
export type PodManifest = Shaped<typeof podShape>;
export type PodSpec = NonNullable<PodManifest['spec']>;
export type ContainerSpec = NonNullable<PodSpec['containers']>[number];
export type VolumeSpec = NonNullable<PodSpec['volumes']>[number];

/** Keys and values of a ConfigMap or a Secret, as bytes. */
export type KeyedBytes = ReadonlyMap<string, Uint8Array>;

/** What a file holds. Maps go by `namespace/name`. */
export type Manifest = {
	readonly pods: readonly PodManifest[];
	readonly configMaps: ReadonlyMap<string, KeyedBytes>;
	readonly secrets: ReadonlyMap<string, KeyedBytes>;
};

type Named = { readonly metadata?: PodManifest['metadata'] };

/** `namespace/name` of an object. @throws DocumentError without a name */
export function objectPath({ metadata }: Named): string {
	const { name, namespace = 'default' } = metadata ?? {};
	if (!name) throw new DocumentError('"metadata.name" is missing');
	return `${namespace}/${name}`;
}

const texts = (map: Readonly<Record<string, string>> = {}) =>
	Object.entries(map).map(([key, text]) => [key, Buffer.from(text, 'utf8')] as const);

const base64 = (map: Readonly<Record<string, string>> = {}) =>
	Object.entries(map).map(([key, text]) => {
		const bytes = Buffer.from(text, 'base64');
		const isBase64 = bytes.toString('base64').replace(/=+$/u, '') === text.replaceAll(/[\s=]/gu, '');
		if (!isBase64) throw new DocumentError(`"data.${key}" must be base64`);
		return [key, bytes] as const;
	});

type Kinded = { readonly apiVersion?: unknown; readonly kind?: unknown; readonly items?: unknown };

/** Sorts documents by kind. @throws DocumentError that names document and field. */
export function sortDocuments(documents: readonly unknown[]): Manifest {
	const pods: PodManifest[] = [];
	const configMaps = new Map<string, KeyedBytes>();
	const secrets = new Map<string, KeyedBytes>();
	const paths = new Set<string>();

	function take(document: unknown): void {
		const { apiVersion, kind, items } = (document ?? {}) as Kinded;
		if (typeof document !== 'object' || document === null || typeof kind !== 'string') {
			throw new DocumentError('it is no object of Kubernetes: "kind" is missing');
		}
		if (apiVersion !== 'v1' || !['Pod', 'ConfigMap', 'Secret', 'List'].includes(kind)) {
			throw new DocumentError(
				`${kind} of ${String(apiVersion)} cannot be applied without a cluster; v1 Pod can, with ConfigMap and Secret beside it`,
			);
		}
		if (kind === 'List') {
			for (const item of Array.isArray(items) ? items : []) take(item);
			return;
		}
		if (kind === 'Pod') {
			const pod = readShape(document, podShape);
			const path = objectPath(pod);
			if (paths.has(path)) throw new DocumentError(`pod "${path}" stands in it twice`);
			paths.add(path);
			pods.push(pod);
		} else if (kind === 'ConfigMap') {
			const map = readShape(document, configMapShape);
			configMaps.set(objectPath(map), new Map([...texts(map.data), ...base64(map.binaryData)]));
		} else {
			const secret = readShape(document, secretShape);
			secrets.set(objectPath(secret), new Map([...base64(secret.data), ...texts(secret.stringData)]));
		}
	}
	for (const [index, document] of documents.entries()) {
		try {
			take(document);
		} catch (error) {
			if (!(error instanceof DocumentError) || documents.length === 1) throw error;
			throw new DocumentError(`document ${index + 1}: ${error.message}`, { cause: error });
		}
	}
	if (pods.length === 0) throw new DocumentError('there is no Pod in it');
	return { pods, configMaps, secrets };
}

/** Reads a file, `-` for standard input. @throws UsageError that names the file and the field. */
export function readManifest(path: string, context: VerbContext): Promise<Manifest> {
	return readDocuments('manifest', path, sortDocuments, context);
}
