/** The keys that act. Source: crio.conf(5) of CRI-O 1.36 for names and meanings. */
import { logLevels } from '../log.ts';
import { metricGroups } from '../server/metric-row.ts';
import * as kinds from './key-kinds.ts';
import type { ConfigKey } from './key-model.ts';

type Row = readonly [key: string, kind: kinds.KeyKind, standard: string, doc: string];

function rows(table: string, acts: 'reload' | 'restart', keys: readonly Row[]): readonly ConfigKey[] {
	return keys.map(([key, kind, standard, doc]) => ({ table, key, kind, acts, default: standard, doc }));
}

const mebibyte = 2 ** 20;

/** One line a key, in the order of the documentation. */
export const actingKeys: readonly ConfigKey[] = [
	...rows('crio', 'restart', [
		['root', kinds.path, 'of storage.conf', 'Store of images and containers. Flag: `--root`.'],
		['runroot', kinds.path, 'of storage.conf', 'What of the store is lost at a reboot. Flag: `--runroot`.'],
		[
			'storage_driver',
			kinds.choice(['', 'overlay', 'vfs']),
			'of storage.conf, else what the store has',
			'How layers are kept. Flag: `--storage-driver`.',
		],
	]),
	...rows('crio.api', 'restart', [
		['listen', kinds.socket, '`/run/criscope/criscope.sock`', 'Unix socket of the CRI. Flag: `--listen`.'],
		['stream_address', kinds.address, '`127.0.0.1`', 'Where exec, attach and port-forward are served.'],
		['stream_port', kinds.port, '`0`, any that is free', 'Port of the same.'],
		['stream_idle_timeout', kinds.duration, '`4h`', 'A stream on which nothing moves for so long is closed.'],
		[
			'grpc_max_send_msg_size',
			kinds.integer(mebibyte, 2 ** 31 - 1),
			'`83886080`',
			'Largest answer to a call, in bytes.',
		],
		[
			'grpc_max_recv_msg_size',
			kinds.integer(mebibyte, 2 ** 31 - 1),
			'`83886080`',
			'Largest request of a call, in bytes.',
		],
	]),
	...rows('crio.runtime', 'reload', [
		[
			'default_runtime',
			kinds.text,
			'the first of runc, crun, runsc that is installed',
			'Handler of pods that ask for none.',
		],
		[
			'conmon',
			kinds.path,
			'the one on the search path',
			'The monitor of each container, where its runtime names none.',
		],
		['conmon_env', kinds.environment, '`[]`', 'Environment of conmon, where the runtime names none.'],
		[
			'default_capabilities',
			kinds.capabilities,
			"CRI-O's nine",
			'What processes may do without asking. `[]`: nothing.',
		],
		['add_inheritable_capabilities', kinds.flag, '`false`', 'They are inheritable, too.'],
		[
			'default_sysctls',
			kinds.sysctls,
			'`[]`',
			'Kernel parameters of new pods, where the namespace is their own.',
		],
		['default_ulimits', kinds.ulimits, '`[]`', 'Resource limits of processes; `-1` is no limit.'],
		['default_env', kinds.environment, '`[]`', 'Variables of every container; its own win.'],
		['pids_limit', kinds.integer(-1, 2 ** 31 - 1), '`-1`, none', 'Processes of one container at a time.'],
		[
			'log_size_max',
			kinds.integer(-1, Number.MAX_SAFE_INTEGER),
			'`-1`, never',
			'A log is begun anew at this size; a kubelet rotates them itself.',
		],
		[
			'log_level',
			kinds.choice(['trace', ...logLevels, 'warning', 'fatal', 'panic']),
			'`info`',
			"Of the runtime's own log. Flag: `--log-level`.",
		],
		['read_only', kinds.flag, '`false`', 'Root filesystems of containers cannot be written to.'],
		[
			'seccomp_profile',
			kinds.path,
			'the built-in one',
			'Profile for those that ask for the default of the runtime.',
		],
		['privileged_seccomp_profile', kinds.path, 'none', 'Profile of privileged containers.'],
		[
			'apparmor_profile',
			kinds.text,
			'`crio-default`',
			'Profile for those that ask for the default, where it is loaded.',
		],
		['additional_devices', kinds.devices, '`[]`', 'Devices of every container.'],
		[
			'allowed_devices',
			kinds.paths,
			'`["/dev/fuse", "/dev/net/tun"]`',
			'What the annotation of devices may name.',
		],
		[
			'device_ownership_from_security_context',
			kinds.flag,
			'`false`',
			"Devices belong to the container's user.",
		],
		['cdi_spec_dirs', kinds.paths, '`["/etc/cdi", "/var/run/cdi"]`', 'Folders of CDI specifications.'],
		[
			'hooks_dir',
			kinds.paths,
			'`["/usr/share/containers/oci/hooks.d"]`',
			'Folders of OCI hooks; a later one wins.',
		],
		[
			'absent_mount_sources_to_reject',
			kinds.paths,
			'`[]`',
			'Sources of mounts that are not made where they are missing.',
		],
		[
			'timezone',
			kinds.text,
			"the image's",
			'`Local` for that of the host, or a name such as `Europe/Berlin`.',
		],
	]),
	...rows('crio.runtime', 'restart', [
		[
			'cgroup_manager',
			kinds.choice(['cgroupfs', 'systemd']),
			'`cgroupfs`',
			'Who makes control groups; a kubelet does as we do. `systemd` where it runs only. Pods that are there keep theirs.',
		],
		[
			'namespaces_dir',
			kinds.path,
			'below the runroot',
			'Where namespaces of pods are pinned. Stop all pods before it is changed.',
		],
	]),
	...rows('crio.runtime.runtimes.*', 'reload', [
		['runtime_path', kinds.path, 'the program of that name on the search path', 'The OCI runtime.'],
		[
			'runtime_type',
			kinds.choice(['', 'oci', 'vm']),
			'`oci`',
			'`vm`, a shim v2, is named to those who ask for it, and refused.',
		],
		[
			'runtime_root',
			kinds.path,
			'below the runroot',
			'Where the runtime keeps its records. Stop its containers before it is changed.',
		],
		['inherit_default_runtime', kinds.flag, '`false`', 'Path, root and type are those of the default.'],
		['monitor_path', kinds.path, '`conmon` of [crio.runtime]', 'Its conmon.'],
		['monitor_env', kinds.environment, '`conmon_env` of [crio.runtime]', 'Environment of its conmon.'],
		[
			'privileged_without_host_devices',
			kinds.flag,
			'`false`',
			"Privileged containers get no device of the host's.",
		],
		[
			'allowed_annotations',
			kinds.texts,
			'`[]`',
			'Annotations that its pods may use: `umask.crio.io`, `devices.crio.io`, …',
		],
		['container_min_memory', kinds.size, '`12MiB`, crun `500KiB`', 'A lower limit of memory is refused.'],
	]),
	...rows('crio.image', 'reload', [
		[
			'image_volumes',
			kinds.choice(['mkdir', 'bind', 'ignore']),
			'`mkdir`',
			'What becomes of the volumes that an image names.',
		],
	]),
	...rows('crio.image', 'restart', [
		['global_auth_file', kinds.path, 'none', 'Logins of registries. Flag: `--authfile`.'],
		[
			'signature_policy',
			kinds.path,
			'`/etc/containers/policy.json`',
			'What may be pulled. Flag: `--signature-policy`.',
		],
	]),
	...rows('crio.network', 'restart', [
		[
			'network_dir',
			kinds.path,
			'`/etc/cni/net.d`',
			'Configurations of networks; read anew when they change.',
		],
		['plugin_dirs', kinds.paths, '`["/opt/cni/bin", "/usr/lib/cni"]`', 'CNI plugins.'],
		['cni_default_network', kinds.text, 'the first in the folder', 'The network of pods, by name.'],
		[
			'builtin_subnets',
			kinds.subnets,
			'`["ipv4"]`',
			'Of the network of a node that has none; the first is the primary one; `[]`: there is no such network. Not in crio.conf.',
		],
	]),
	...rows('crio.stats', 'reload', [
		[
			'included_pod_metrics',
			kinds.choices(['all', ...metricGroups]),
			'`["all"]`',
			'Groups of metrics that pods have in the CRI.',
		],
	]),
	...rows('crio.metrics', 'restart', [
		['enable_metrics', kinds.flag, '`false`', 'Serves figures for Prometheus at `/metrics`.'],
		['metrics_host', kinds.loopbackAddress, '`127.0.0.1`', 'Where; this machine only.'],
		['metrics_port', kinds.port, '`9090`', 'On which port.'],
	]),
];
