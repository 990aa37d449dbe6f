/** The configuration of `criscope serve`: a file in crio.conf's terms and its drop-ins. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import { findHandlers } from '../default-handlers.ts';
import type { LogLevel } from '../log.ts';
import type { HandlerConfig } from '../oci/model.ts';
import { defaultSpecSettings, type SpecSettings } from '../oci/spec-settings.ts';
import { errnoCode } from '../sys/errno.ts';
import { type ConfigValues, parseConfigFile } from './config-file.ts';
import { handlersOf } from './config-handlers.ts';
import { checkNamedFiles } from './named-files.ts';

/** What the files say; undefined where they leave it to others. */
export type RuntimeConfig = {
	readonly root: string | undefined;
	readonly runRoot: string | undefined;
	readonly storageDriver: 'overlay' | 'vfs' | undefined;
	readonly socketPath: string | undefined;
	readonly maxSendMessageBytes: number | undefined;
	readonly maxReceiveMessageBytes: number | undefined;
	readonly streaming: {
		readonly host: string | undefined;
		readonly port: number | undefined;
		readonly idleTimeoutMs: number | undefined;
	};
	readonly logLevel: LogLevel | undefined;
	readonly logSizeMaxBytes: number;
	readonly defaultSysctls: Readonly<Record<string, string>>;
	/** Groups of the metrics that pods have in the CRI; undefined for all. */
	readonly includedMetrics: readonly string[] | undefined;
	/** Without the store's root. */
	readonly specs: SpecSettings;
	readonly cgroupDriver: 'cgroupfs' | 'systemd';
	readonly namespacesDir: string | undefined;
	/** The default first. @param runDir where each runtime keeps its own records. @throws InvalidArgumentError */
	readonly handlers: (runDir: string) => readonly HandlerConfig[];
	readonly globalAuthFile: string | undefined;
	readonly signaturePolicy: string | undefined;
	readonly network: {
		readonly confDir: string;
		readonly binDirs: readonly string[];
		readonly defaultNetworks: readonly string[];
		/** Of the network of a node that has none; empty for no such network, undefined for the usual ones. */
		readonly builtinSubnets: readonly string[] | undefined;
	};
	/** undefined: not asked for. */
	readonly metrics: { readonly host: string; readonly port: number } | undefined;
	/** The files that were read, in that order. */
	readonly files: readonly string[];
	/** Sentences about what is passed over. */
	readonly notes: readonly string[];
	/** All that was set, for comparing two readings. */
	readonly values: ConfigValues;
};

/** Where it is read from. */
export type ConfigPlaces = {
	/** Instead of /etc/criscope/runtime.conf; has to be there. */
	readonly file?: string | undefined;
	/** Instead of /etc/criscope/runtime.conf.d; has to be there. */
	readonly dir?: string | undefined;
	readonly env: Readonly<Record<string, string | undefined>>;
};

export const defaultConfigFile = '/etc/criscope/runtime.conf';
export const defaultConfigDir = '/etc/criscope/runtime.conf.d';

/**
 * Reads the file, then the drop-ins by name; the later setting wins, key by key.
 * @throws InvalidArgumentError in one sentence, with file and line
 */
export async function loadRuntimeConfig({ file, dir, env }: ConfigPlaces): Promise<RuntimeConfig> {
	const main = await readIfThere(file ?? defaultConfigFile, file !== undefined);
	const dropIns = await listDropIns(dir ?? defaultConfigDir, dir !== undefined);
	const read = [
		...(main === undefined ? [] : [{ file: file ?? defaultConfigFile, text: main }]),
		...(await Promise.all(
			dropIns.map(async (place) => ({ file: place, text: (await readIfThere(place, false)) ?? '' })),
		)),
	];
	const parsed = read.map((one) => parseConfigFile(one.text, one.file));
	const values: ConfigValues = new Map(parsed.flatMap((one) => [...one.values]));
	const notes = parsed.flatMap((one) => one.notes);
	const config = buildRuntimeConfig(values, { env, notes, files: read.map((one) => one.file) });
	// Which programs are there does not depend on the folder.
	return { ...config, notes: [...notes, ...checkNamedFiles(values, config.handlers('/run'))] };
}

/** Makes the configuration from values. @throws InvalidArgumentError where they do not go together */
export function buildRuntimeConfig(
	values: ConfigValues,
	{
		env,
		notes = [],
		files = [],
	}: {
		readonly env: ConfigPlaces['env'];
		readonly notes?: readonly string[];
		readonly files?: readonly string[];
	},
): RuntimeConfig {
	// The kinds of the table have made sure of the types; '' is crio.conf's way to leave a text to others.
	const get = <Value>(key: string): Value | undefined => {
		const value = values.get(`crio.${key}`)?.value;
		return value === '' ? undefined : (value as Value | undefined);
	};
	const searchPath = env['PATH'] ?? '';
	const handlers = (runDir: string) =>
		handlersOf(values, findHandlers(searchPath, runDir), { runDir, searchPath });
	// Which handlers there are does not depend on the folder: what is wrong is wrong now.
	handlers('/run');
	const idleTimeoutMs = get<number>('api.stream_idle_timeout');
	const network = get<string>('network.cni_default_network');
	return {
		root: get('root'),
		runRoot: get('runroot'),
		storageDriver: get('storage_driver'),
		socketPath: get('api.listen'),
		maxSendMessageBytes: get('api.grpc_max_send_msg_size'),
		maxReceiveMessageBytes: get('api.grpc_max_recv_msg_size'),
		streaming: { host: get('api.stream_address'), port: get('api.stream_port'), idleTimeoutMs },
		logLevel: levelOf(get('runtime.log_level')),
		logSizeMaxBytes: get('runtime.log_size_max') ?? -1,
		defaultSysctls: get('runtime.default_sysctls') ?? {},
		includedMetrics: includedOf(get('stats.included_pod_metrics')),
		specs: {
			defaultCapabilities: get('runtime.default_capabilities'),
			addInheritableCapabilities: get('runtime.add_inheritable_capabilities') ?? false,
			rlimits: get('runtime.default_ulimits') ?? defaultSpecSettings.rlimits,
			env: get('runtime.default_env') ?? defaultSpecSettings.env,
			pidsLimit: get('runtime.pids_limit') ?? defaultSpecSettings.pidsLimit,
			readOnly: get('runtime.read_only') ?? false,
			seccompProfile: get('runtime.seccomp_profile') ?? '',
			privilegedSeccompProfile: get('runtime.privileged_seccomp_profile') ?? '',
			apparmorProfile: get('runtime.apparmor_profile') ?? defaultSpecSettings.apparmorProfile,
			additionalDevices: get('runtime.additional_devices') ?? defaultSpecSettings.additionalDevices,
			allowedDevices: get('runtime.allowed_devices') ?? defaultSpecSettings.allowedDevices,
			deviceOwnershipFromSecurityContext: get('runtime.device_ownership_from_security_context') ?? false,
			hooksDirs: get('runtime.hooks_dir') ?? defaultSpecSettings.hooksDirs,
			cdiSpecDirs: get('runtime.cdi_spec_dirs') ?? defaultSpecSettings.cdiSpecDirs,
			absentMountSourcesToReject: get('runtime.absent_mount_sources_to_reject') ?? [],
			imageVolumes: get('image.image_volumes') ?? defaultSpecSettings.imageVolumes,
			timezone: get('runtime.timezone') ?? '',
			graphRoot: '',
		},
		cgroupDriver: get('runtime.cgroup_manager') ?? 'cgroupfs',
		namespacesDir: get('runtime.namespaces_dir'),
		handlers,
		globalAuthFile: get('image.global_auth_file'),
		signaturePolicy: get('image.signature_policy'),
		network: {
			confDir: get('network.network_dir') ?? '/etc/cni/net.d',
			binDirs: get('network.plugin_dirs') ?? ['/opt/cni/bin', '/usr/lib/cni'],
			defaultNetworks: network === undefined ? [] : [network],
			builtinSubnets: get('network.builtin_subnets'),
		},
		metrics: get<boolean>('metrics.enable_metrics')
			? { host: get('metrics.metrics_host') ?? '127.0.0.1', port: get('metrics.metrics_port') ?? 9090 }
			: undefined,
		files,
		notes,
		values,
	};
}

function includedOf(groups: readonly string[] | undefined): readonly string[] | undefined {
	return groups?.includes('all') ? undefined : groups;
}

/** CRI-O's words for levels, in ours. */
function levelOf(word: string | undefined): LogLevel | undefined {
	switch (word) {
		case undefined:
			return undefined;
		case 'trace':
			return 'debug';
		case 'warning':
			return 'warn';
		case 'fatal':
		case 'panic':
			return 'error';
		default:
			return word as LogLevel;
	}
}

async function readIfThere(file: string, isNamed: boolean): Promise<string | undefined> {
	try {
		return await readFile(file, 'utf8');
	} catch (error) {
		if (!isNamed && errnoCode(error) === 'ENOENT') return undefined;
		throw new InvalidArgumentError(`cannot read configuration "${file}": ${errorMessage(error)}`, {
			cause: error,
		});
	}
}

/** Hidden files and editors' copies do not count. */
async function listDropIns(dir: string, isNamed: boolean): Promise<readonly string[]> {
	try {
		const names = await readdir(dir);
		return names
			.filter((name) => name.endsWith('.conf') && !name.startsWith('.'))
			.sort()
			.map((name) => path.join(dir, name));
	} catch (error) {
		if (!isNamed && errnoCode(error) === 'ENOENT') return [];
		throw new InvalidArgumentError(`cannot read configuration "${dir}": ${errorMessage(error)}`, {
			cause: error,
		});
	}
}
