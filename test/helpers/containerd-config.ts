import path from 'node:path';
import type { ContainerdPlace } from './containerd-cleanup.ts';

/**
 * The configuration of a containerd that keeps everything in `dir`.
 *
 * Source: containerd 1.6 docs/cri/config.md.
 */
export function containerdConfig({
	dir,
	pauseImage,
}: {
	readonly dir: string;
	readonly pauseImage: string;
}): string {
	const at = (name: string) => JSON.stringify(path.join(dir, name));
	return `version = 2
root = ${at('root')}
state = ${at('state')}
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]
[grpc]
address = ${at('containerd.sock')}
[plugins."io.containerd.internal.v1.opt"]
path = ${at('opt')}
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${JSON.stringify(pauseImage)}
# Test machines may lack CAP_SYS_RESOURCE: then no process can lower its score.
restrict_oom_score_adj = true
# So that nothing is left below /var/run/netns.
netns_mounts_under_state_dir = true
stats_collect_period = 1
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = ${at('cni')}
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = ${at('certs.d')}
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = ${at('runc')}
`;
}

/** A bridge of its own with addresses of its own; pods reach each other and the host, nothing else. */
export function networkConfig({ dir, bridge, subnet }: ContainerdPlace) {
	return {
		cniVersion: '1.0.0',
		name: bridge,
		plugins: [
			{
				type: 'bridge',
				bridge,
				isGateway: true,
				hairpinMode: true,
				ipam: {
					type: 'host-local',
					dataDir: path.join(dir, 'ipam'),
					ranges: [[{ subnet }]],
					routes: [{ dst: '0.0.0.0/0' }],
				},
			},
			{ type: 'portmap', capabilities: { portMappings: true }, snat: true },
		],
	};
}
