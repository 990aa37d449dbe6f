/** Keys of crio.conf that change nothing here, each with the reason. Source: crio.conf(5) of CRI-O 1.36. */
import * as kinds from './key-kinds.ts';
import type { ConfigKey } from './key-model.ts';

type Row = readonly [key: string, kind: kinds.KeyKind, why: string];

function rows(table: string, keys: readonly Row[]): readonly ConfigKey[] {
	return keys.map(([key, kind, why]) => ({ table, key, kind, acts: 'never', why }));
}

function refused(
	table: string,
	key: string,
	kind: kinds.KeyKind,
	harmless: readonly unknown[],
	why: string,
): ConfigKey {
	return { table, key, kind, acts: 'refused', harmless, why };
}

const { flag, text, texts, path, number, textTable } = kinds;
const recovered = 'what a crash left is found and mended at every start';
const noTls = 'streams are served without TLS, on loopback, by URLs that are good for one use';
const noNri = 'there are no NRI plugins';
const noTracing = 'nothing is traced; calls are in the log and in the metrics';
const noUserns = 'containers have no user namespaces';
const noWorkloads = 'there are no workloads; allow annotations by runtime';
const noPause = 'no image is needed for the pod itself';
const noRdt = 'resource classes of the processor are not set';

/** One line a key. */
export const idleKeys: readonly ConfigKey[] = [
	...rows('crio', [
		['storage_option', texts, 'options of the store are those of storage.conf'],
		['log_dir', path, 'logs of pods without a log folder lie in the store, with the container'],
		['version_file', path, recovered],
		['version_file_persist', path, recovered],
		['imagestore', path, 'it is set in storage.conf'],
		['internal_wipe', flag, recovered],
		['internal_repair', flag, recovered],
		['clean_shutdown_file', path, recovered],
	]),
	refused('crio.api', 'stream_enable_tls', flag, [false], noTls),
	...rows('crio.api', [
		['stream_tls_cert', path, noTls],
		['stream_tls_key', path, noTls],
		['stream_tls_ca', path, noTls],
		['tls_min_version', text, noTls],
		['tls_cipher_suites', texts, noTls],
	]),
	refused('crio.runtime', 'selinux', flag, [false], 'labels of SELinux are not set'),
	refused('crio.runtime', 'uid_mappings', text, [''], noUserns),
	refused('crio.runtime', 'gid_mappings', text, [''], noUserns),
	...rows('crio.runtime', [
		['no_pivot', flag, 'containers always pivot into their root'],
		['decryption_keys_path', path, 'encrypted images are not pulled'],
		['additional_artifact_stores', texts, 'artifacts that are no images are not kept'],
		['conmon_cgroup', text, 'conmon runs in the group of its pod'],
		['min_injected_gomaxprocs', number, 'no variable is added on account of the processors'],
		['blockio_config_file', path, noRdt],
		['blockio_reload', flag, noRdt],
		['rdt_config_file', path, noRdt],
		['irqbalance_config_file', path, 'interrupts are left where they are'],
		['irqbalance_config_restore_file', text, 'interrupts are left where they are'],
		['default_mounts', texts, 'mounts are those of the request'],
		['default_mounts_file', path, 'mounts are those of the request'],
		['log_filter', text, 'the log is filtered by level only'],
		['log_to_journald', flag, 'logs of containers are files, as a kubelet expects'],
		['container_exits_dir', path, 'it lies below the root'],
		['container_attach_socket_dir', path, 'it lies below the runroot'],
		['bind_mount_prefix', path, 'sources of mounts are taken as they are'],
		['minimum_mappable_uid', number, noUserns],
		['minimum_mappable_gid', number, noUserns],
		[
			'ctr_stop_timeout',
			number,
			'the time to stop is that of each request, and containers of a pod that is stopped are killed',
		],
		['drop_infra_ctr', flag, 'an infra container is made where pods share their processes, and nowhere else'],
		['infra_ctr_cpuset', text, 'an infra container only sleeps'],
		['shared_cpuset', text, 'processors are those of the request'],
		['pinns_path', path, 'namespaces are pinned by criscope itself'],
		['enable_criu_support', flag, 'containers are not checkpointed'],
		['enable_pod_events', flag, 'events are always served'],
		['hostnetwork_disable_selinux', flag, 'labels of SELinux are not set'],
		['disable_hostport_mapping', flag, 'host ports are made for the pods that ask for them'],
	]),
	...rows('crio.runtime.runtimes.*', [
		['runtime_config_path', path, 'it belongs to runtimes of type vm'],
		['monitor_cgroup', text, 'conmon runs in the group of its pod'],
		['monitor_exec_cgroup', text, 'commands run in the group of their container'],
		['platform_runtime_paths', textTable, 'images of other platforms run by the same runtime'],
		['no_sync_log', flag, "logs are written to disk at a container's end"],
		['default_annotations', textTable, 'annotations are those of the request'],
		['stream_websockets', flag, 'WebSockets are always served'],
		['container_create_timeout', number, 'making a container may take 240 seconds'],
		['exec_cpu_affinity', text, 'commands run on the processors of their container'],
	]),
	refused(
		'crio.runtime.runtimes.*',
		'seccomp_profile',
		path,
		[''],
		'set seccomp_profile in [crio.runtime], which counts for all runtimes',
	),
	...rows('crio.runtime.workloads.*', [
		['activation_annotation', text, noWorkloads],
		['annotation_prefix', text, noWorkloads],
		['allowed_annotations', texts, noWorkloads],
		['resources', { name: 'a table', read: (value) => value }, noWorkloads],
	]),
	...rows('crio.checkpoint_restore', [['container_level_enabled', text, 'containers are not checkpointed']]),
	...rows('crio.image', [
		['default_transport', text, 'images come from registries'],
		['pause_image', text, noPause],
		['pause_image_auth_file', path, noPause],
		['pause_command', text, noPause],
		['pinned_images', texts, 'no image is protected from a kubelet that collects garbage'],
		['insecure_registries', texts, 'registries are described in registries.conf: insecure = true'],
		['registries', texts, 'registries are described in registries.conf: unqualified-search-registries'],
		['big_files_temporary_dir', path, 'layers are staged in the store'],
		['separate_pull_cgroup', text, 'pulls run in the group of criscope'],
		['auto_reload_registries', flag, 'registries.conf is always read anew when it changes'],
		['pull_progress_timeout', text, 'a pull that makes no progress is given up by its own rules'],
		['oci_artifact_mount_support', flag, 'images can be mounted, other artifacts cannot'],
		['short_name_mode', text, 'it is set in registries.conf: short-name-mode'],
	]),
	refused(
		'crio.image',
		'signature_policy_dir',
		path,
		['', '/etc/crio/policies'],
		'there is one policy for all namespaces; name it by signature_policy',
	),
	...rows('crio.network', [
		['plugin_dir', path, 'it is out of date: use plugin_dirs'],
		['cni_status_grace_period', text, 'the status of networks is told as it is'],
	]),
	...rows('crio.metrics', [['metrics_collectors', texts, 'all figures are served']]),
	...['metrics_socket', 'metrics_cert', 'metrics_key'].map((key) =>
		refused('crio.metrics', key, path, [''], 'metrics are served on a port of the loopback, without TLS'),
	),
	refused('crio.tracing', 'enable_tracing', flag, [false], noTracing),
	...rows('crio.tracing', [
		['tracing_endpoint', text, noTracing],
		['tracing_sampling_rate_per_million', number, noTracing],
	]),
	...rows('crio.stats', [
		['stats_collection_period', number, 'figures are read when they are asked for'],
		['collection_period', number, 'figures are read when they are asked for'],
	]),
	...rows('crio.nri', [
		['enable_nri', flag, noNri],
		['nri_plugin_dir', path, noNri],
		['nri_plugin_config_dir', path, noNri],
		['nri_listen', path, noNri],
		['nri_disable_connections', flag, noNri],
		['nri_plugin_registration_timeout', text, noNri],
		['nri_plugin_request_timeout', text, noNri],
	]),
	...rows('crio.nri.default_validator', [
		['nri_enable_default_validator', flag, noNri],
		['nri_validator_reject_oci_hook_adjustment', flag, noNri],
		['nri_validator_reject_runtime_default_seccomp_adjustment', flag, noNri],
		['nri_validator_reject_unconfined_seccomp_adjustment', flag, noNri],
		['nri_validator_reject_custom_seccomp_adjustment', flag, noNri],
		['nri_validator_reject_namespace_adjustment', flag, noNri],
		['nri_validator_required_plugins', texts, noNri],
		['nri_validator_tolerate_missing_plugins_annotation', text, noNri],
	]),
];
