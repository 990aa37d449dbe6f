/** /etc/hosts of a pod, which a kubelet writes and no runtime does. */

/** A line of it. */
export type HostsLine = { readonly address: string; readonly names: readonly string[] };

const usual = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/**
 * The text of the file. Source: kubelet pkg/kubelet/kubelet_pods.go (managedHostsFileContent)
 * @param pod addresses and names of a pod with a network of its own; the host's file for one without
 */
export function hostsFile(
	pod:
		| { readonly addresses: readonly string[]; readonly names: readonly string[] }
		| { readonly ofHost: string },
	lines: readonly HostsLine[],
): string {
	const more = lines.map(({ address, names }) => `${address}\t${names.join('\t')}\n`).join('');
	if ('ofHost' in pod) return `# Written by criscope from the host's file.\n${pod.ofHost.trimEnd()}\n${more}`;
	const own = pod.addresses.map((address) => `${address}\t${pod.names.join('\t')}\n`).join('');
	return `# Written by criscope.\n${usual}${own}${more}`;
}
