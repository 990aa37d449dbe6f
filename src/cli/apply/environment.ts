/** Variables of a container, and `$(NAME)` in them, in commands and in arguments. */
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { DocumentError } from '../requests/read-message.ts';
import type { ContainerSpec, KeyedBytes, Manifest, PodManifest } from './manifest.ts';

/** What variables can be taken from. */
export type EnvFacts = Pick<Manifest, 'configMaps' | 'secrets'> & {
	readonly pod: PodManifest;
	readonly namespace: string;
	readonly uid: string;
	/** The pod's addresses, known once it runs. */
	readonly podIps: readonly string[];
	readonly hostname: string;
	readonly hostIp: string;
};

/**
 * Puts values in the place of `$(NAME)`; `$$` is one dollar, and a name that is unknown stays as it is.
 * Source: k8s.io/kubernetes third_party/forked/golang/expansion/expand.go
 */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
	return text.replaceAll(/\$(?:\$|\(([^)]*)\))/gu, (match, name: string | undefined) =>
		name === undefined ? '$' : (values.get(name) ?? match),
	);
}

/** Finds a ConfigMap or a Secret of the same file; undefined where it may be absent. @throws DocumentError */
export function findKeyed(
	facts: Pick<EnvFacts, 'configMaps' | 'secrets' | 'namespace'>,
	kind: 'ConfigMap' | 'Secret',
	name: string | undefined,
	{ optional = false, at }: { readonly optional?: boolean | undefined; readonly at: string },
): KeyedBytes | undefined {
	const found = (kind === 'ConfigMap' ? facts.configMaps : facts.secrets).get(
		`${facts.namespace}/${name ?? ''}`,
	);
	if (found || optional) return found;
	throw new DocumentError(
		`"${at}" needs ${kind} "${name ?? ''}", which is not in the same file; there is no cluster to ask`,
	);
}

function fieldOf(
	{ pod, namespace, uid, podIps, hostname, hostIp }: EnvFacts,
	path: string,
	at: string,
): string {
	const { labels = {}, annotations = {}, name = '' } = pod.metadata ?? {};
	const fields: Readonly<Record<string, string>> = {
		'metadata.name': name,
		'metadata.namespace': namespace,
		'metadata.uid': uid,
		'spec.nodeName': hostname,
		'spec.serviceAccountName': 'default',
		'status.hostIP': hostIp,
		'status.hostIPs': hostIp,
		'status.podIP': podIps[0] ?? hostIp,
		'status.podIPs': podIps.length > 0 ? podIps.join(',') : hostIp,
	};
	const [, map, key] = /^metadata\.(labels|annotations)\['([^']+)'\]$/u.exec(path) ?? [];
	if (key !== undefined) return (map === 'labels' ? labels : annotations)[key] ?? '';
	const value = Object.hasOwn(fields, path) ? fields[path] : undefined;
	if (value !== undefined) return value;
	throw new DocumentError(
		`"${at}.fieldPath" knows no "${path}"; there are ${Object.keys(fields).join(', ')}`,
	);
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

type EnvVar = NonNullable<ContainerSpec['env']>[number];

function valueFrom({ valueFrom: from = {}, name }: EnvVar, facts: EnvFacts, at: string): string | undefined {
	const { fieldRef, configMapKeyRef, secretKeyRef, resourceFieldRef, fileKeyRef } = from;
	if (fieldRef) return fieldOf(facts, fieldRef.fieldPath ?? '', `${at}.fieldRef`);
	for (const [kind, ref] of [
		['ConfigMap', configMapKeyRef],
		['Secret', secretKeyRef],
	] as const) {
		if (!ref) continue;
		const bytes = findKeyed(facts, kind, ref.name, { optional: ref.optional, at })?.get(ref.key ?? '');
		if (bytes) return text(bytes);
		if (ref.optional === true) return undefined;
		throw new DocumentError(
			`"${at}" needs the key "${ref.key ?? ''}" of ${kind} "${ref.name ?? ''}", which has none`,
		);
	}
	const other =
		resourceFieldRef === undefined
			? fileKeyRef === undefined
				? 'nothing'
				: 'fileKeyRef'
			: 'resourceFieldRef';
	throw new DocumentError(
		`"${at}" of variable "${name ?? ''}" has ${other}; there are fieldRef, configMapKeyRef and secretKeyRef`,
	);
}

/**
 * All variables of a container, in order.
 * @param at path of the container
 * @throws DocumentError for what only a cluster knows.
 */
export function environmentOf(
	container: ContainerSpec,
	facts: EnvFacts,
	at: string,
): ReadonlyMap<string, string> {
	const values = new Map<string, string>();
	for (const [index, { prefix = '', configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
		const where = `${at}.envFrom[${index}]`;
		const keyed = configMapRef
			? findKeyed(facts, 'ConfigMap', configMapRef.name, { optional: configMapRef.optional, at: where })
			: findKeyed(facts, 'Secret', secretRef?.name, { optional: secretRef?.optional, at: where });
		for (const [key, bytes] of keyed ?? []) values.set(`${prefix}${key}`, text(bytes));
	}
	for (const [index, variable] of (container.env ?? []).entries()) {
		const where = `${at}.env[${index}]`;
		if (!variable.name || /[=\0]/u.test(variable.name))
			throw new DocumentError(`"${where}.name" is missing or has a = in it`);
		const value = variable.valueFrom
			? valueFrom(variable, facts, `${where}.valueFrom`)
			: expand(variable.value ?? '', values);
		if (value !== undefined) values.set(variable.name, value);
	}
	return values;
}

/** Command, arguments and variables as the CRI takes them. */
export function processOf(container: ContainerSpec, values: ReadonlyMap<string, string>) {
	return {
		command: (container.command ?? []).map((word) => expand(word, values)),
		args: (container.args ?? []).map((word) => expand(word, values)),
		envs: [...values].map(([key, value]): ProtocolMessage => ({ key, value: Buffer.from(value, 'utf8') })),
	};
}
