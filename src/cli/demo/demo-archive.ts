/**
 * The images of the demo as one docker-archive, made without any tool or network. Equal input gives equal bytes, and so
 * equal image ids. Source: moby image/spec/v1.2.md (manifest.json); OCI image-spec v1.1 config.md, layer.md.
 */
import { createHash } from 'node:crypto';
import { type Header, pack } from 'tar-stream';
import type { DemoPod } from './demo-plan.ts';

/** What its shell scripts use, and what one wants in a shell. */
const applets =
	'sh ash awk cat chmod cp cut date dd df du echo env false find free grep head hexdump hostname httpd id ifconfig ip kill less ls mkdir mount mv nc netstat nproc od ping printf ps pwd rm sed seq sleep sort stat stty sync tail tar tee test top touch tr true uname uniq uptime vi wc wget which whoami xargs yes'.split(
		' ',
	);

/** A fixed date, without which no two archives were the same. */
const createdAt = '2026-01-01T00:00:00Z';

/** Go's words for what Node calls the processor, as image configurations have them. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };

type Entry = Omit<Partial<Header>, 'mtime'> & {
	readonly name: string;
	readonly content?: string | Uint8Array | undefined;
};

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
	const tar = pack();
	for (const { content, ...header } of entries) {
		tar.entry({ ...header, mtime: new Date(createdAt) }, Buffer.from(content ?? ''));
	}
	tar.finalize();
	return Buffer.concat(await Array.fromAsync(tar as AsyncIterable<Buffer>));
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const folder = (name: string, mode = 0o755): Entry => ({ name: `${name}/`, type: 'directory', mode });
const file = (name: string, content: string | Uint8Array, mode = 0o644): Entry => ({ name, mode, content });

function baseEntries(busybox: Uint8Array): readonly Entry[] {
	return [
		...['bin', 'dev', 'etc', 'proc', 'root', 'sys'].map((name) => folder(name)),
		folder('tmp', 0o1777),
		file('bin/busybox', busybox, 0o755),
		...applets.map((name): Entry => ({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' })),
		file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n'),
		file('etc/group', 'root:x:0:\nnobody:x:65534:\n'),
	];
}

function ownEntries({ script, files = {} }: DemoPod): readonly Entry[] {
	const folders = new Set(Object.keys(files).map((name) => name.slice(0, name.lastIndexOf('/'))));
	return [
		file('demo', script, 0o755),
		...[...folders].map((name) => folder(name)),
		...Object.entries(files).map(([name, content]) => file(name, content)),
	];
}

function configOf(pod: DemoPod, diffIds: readonly string[]) {
	const { containerPort } = pod;
	return {
		created: createdAt,
		architecture: architectures[process.arch] ?? process.arch,
		os: 'linux',
		config: {
			User: pod.user,
			Env: ['PATH=/bin'],
			Cmd: ['/demo'],
			...(containerPort !== undefined && { ExposedPorts: { [`${containerPort}/tcp`]: {} } }),
		},
		rootfs: { type: 'layers', diff_ids: diffIds.map((hex) => `sha256:${hex}`) },
		history: [
			{ created: createdAt, created_by: "this host's busybox", comment: 'criscope demo' },
			{ created: createdAt, created_by: '/demo', comment: 'criscope demo' },
		],
	};
}

/**
 * Makes the archive: an image for each pod, all on one layer with busybox.
 * @param busybox a static program
 */
export async function demoArchive(pods: readonly DemoPod[], busybox: Uint8Array): Promise<Buffer> {
	const base = await tarOf(baseEntries(busybox));
	const baseId = sha256(base);
	const images = await Promise.all(
		pods.map(async (pod) => {
			const layer = await tarOf(ownEntries(pod));
			const layerId = sha256(layer);
			const config = Buffer.from(JSON.stringify(configOf(pod, [baseId, layerId])));
			return { pod, layer, layerId, config, configId: sha256(config) };
		}),
	);
	const manifest = images.map(({ pod, layerId, configId }) => ({
		Config: `${configId}.json`,
		RepoTags: [pod.image],
		Layers: [`${baseId}.tar`, `${layerId}.tar`],
	}));
	return tarOf([
		file('manifest.json', JSON.stringify(manifest)),
		file(`${baseId}.tar`, base),
		...images.flatMap(({ layer, layerId, config, configId }) => [
			file(`${configId}.json`, config),
			file(`${layerId}.tar`, layer),
		]),
	]);
}
