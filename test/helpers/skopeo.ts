import { runProgram } from './child-process.ts';

/**
 * Runs skopeo. What it would remember for the whole machine (which blob lies where) goes into a mount of its own, since
 * it would make it skip what a test wants to see.
 *
 * @param options.env of a Podman (podman.ts) whose store is named as `containers-storage:…`
 * @returns its standard output
 * @throws Error with its standard error
 */
export function skopeo(
	args: readonly string[],
	options: { readonly env?: Readonly<Record<string, string>> } = {},
): Promise<string> {
	const script =
		'mkdir -p /var/lib/containers && mount -t tmpfs none /var/lib/containers && exec skopeo "$@"';
	return runProgram('unshare', ['--mount', '--', 'sh', '-c', script, 'sh', ...args], options);
}

/** Copies an image byte by byte between any two places, over plain HTTP where a registry is one. */
export async function skopeoCopy(
	from: string,
	to: string,
	options: { readonly env?: Readonly<Record<string, string>>; readonly flags?: readonly string[] } = {},
): Promise<void> {
	const insecure = [
		...(from.startsWith('docker://') ? ['--src-tls-verify=false'] : []),
		...(to.startsWith('docker://') ? ['--dest-tls-verify=false'] : []),
	];
	await skopeo(
		['--insecure-policy', 'copy', '--quiet', ...insecure, ...(options.flags ?? []), from, to],
		options,
	);
}

/** @returns the digest of what a registry has under a name: of the index, where it is one. */
export async function skopeoDigest(image: string): Promise<string> {
	return (
		await skopeo([
			'--insecure-policy',
			'inspect',
			'--tls-verify=false',
			'--format',
			'{{.Digest}}',
			`docker://${image}`,
		])
	).trim();
}
