import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** One entry of a layer: a file with content, a symbolic link with target, or a folder with neither. */
export type LayerEntry = {
	/** Without a leading slash. */
	readonly path: string;
	readonly mode?: number;
	readonly content?: Uint8Array | string;
	readonly target?: string;
};

/** Bytes under their digest, as a registry stores them. */
export type Blob = { readonly digest: string; readonly bytes: Buffer };

/** An image ready to be pushed: config and layers, and the manifest that names them. */
export type ImageArchive = {
	readonly manifest: Buffer;
	readonly mediaType: string;
	readonly blobs: readonly Blob[];
};

const mediaType = 'application/vnd.oci.image.manifest.v1+json';

/**
 * Builds an OCI image without any tool or network: deterministic, so equal contents give equal digests.
 *
 * Source: OCI image-spec v1.1 manifest.md, config.md, layer.md; POSIX ustar.
 */
export function buildImage(options: {
	readonly layers: readonly (readonly LayerEntry[])[];
	readonly command?: readonly string[];
	readonly entrypoint?: readonly string[];
	readonly env?: readonly string[];
	readonly labels?: Readonly<Record<string, string>>;
	readonly exposedPorts?: readonly string[];
	readonly user?: string;
	readonly workingDir?: string;
}): ImageArchive {
	const layers = options.layers.map((entries) => toBlob(tarArchive(entries)));
	const config = toBlob(
		jsonBytes({
			created: '2026-01-02T03:04:05Z',
			architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
			os: 'linux',
			config: {
				Cmd: options.command,
				Entrypoint: options.entrypoint,
				Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...(options.env ?? [])],
				Labels: options.labels,
				ExposedPorts: Object.fromEntries((options.exposedPorts ?? []).map((port) => [port, {}])),
				User: options.user,
				WorkingDir: options.workingDir,
			},
			// The layers are not compressed, so a diff id is the layer's own digest.
			rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
		}),
	);
	const manifest = jsonBytes({
		schemaVersion: 2,
		mediaType,
		config: descriptor(config, 'application/vnd.oci.image.config.v1+json'),
		layers: layers.map((layer) => descriptor(layer, 'application/vnd.oci.image.layer.v1.tar')),
	});
	return { manifest, mediaType, blobs: [config, ...layers] };
}

/** The layer most sample images stand on: a static busybox with its applets, users, and a few empty folders. */
export function busyboxLayer(): readonly LayerEntry[] {
	const applets =
		'sh ash cat ls ps top vi head tail grep sed awk sleep echo date dd id env hostname httpd wget nc ping ip ifconfig mount df du free kill stty seq yes true false touch mkdir rm cp mv chmod printf test wc sort uniq tr od hexdump sync usleep less find xargs which whoami uname tee nproc';
	return [
		...['bin', 'etc', 'proc', 'sys', 'dev', 'root', 'var', 'var/www'].map((path) => ({ path, mode: 0o755 })),
		{ path: 'tmp', mode: 0o1777 },
		{ path: 'bin/busybox', mode: 0o755, content: busyboxBinary() },
		...applets.split(' ').map((applet) => ({ path: `bin/${applet}`, target: 'busybox' })),
		{
			path: 'etc/passwd',
			content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
		},
		{ path: 'etc/group', content: 'root:x:0:\nnobody:x:65534:\n' },
		{ path: 'var/www/index.html', content: '<h1>It works</h1>\n' },
	];
}

/** A layer with one program that waits for ever and nothing else: no shell, as in a distroless image. */
export function shellLessLayer(): readonly LayerEntry[] {
	// busybox acts by the name it is called by, and knows `sleep`.
	return [{ path: 'sleep', mode: 0o755, content: busyboxBinary() }];
}

/** The static busybox of Debian's package busybox-static. */
function busyboxBinary(): Buffer {
	return readFileSync('/bin/busybox');
}

function toBlob(bytes: Buffer): Blob {
	return { digest: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

function descriptor(blob: Blob, type: string) {
	return { mediaType: type, digest: blob.digest, size: blob.bytes.length };
}

function jsonBytes(value: unknown): Buffer {
	return Buffer.from(JSON.stringify(value));
}

const blockBytes = 512;

function tarArchive(entries: readonly LayerEntry[]): Buffer {
	const parts: Buffer[] = [];
	for (const entry of entries) {
		const content = Buffer.from(entry.content ?? '');
		parts.push(tarHeader(entry, content.length), content);
		parts.push(Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes));
	}
	parts.push(Buffer.alloc(2 * blockBytes));
	return Buffer.concat(parts);
}

function tarHeader(entry: LayerEntry, sizeBytes: number): Buffer {
	const kind = entry.target !== undefined ? '2' : entry.content !== undefined ? '0' : '5';
	const header = Buffer.alloc(blockBytes);
	const octal = (value: number, offset: number, width: number) =>
		header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, offset);
	header.write(kind === '5' ? `${entry.path}/` : entry.path, 0, 100);
	octal(entry.mode ?? 0o644, 100, 8);
	octal(0, 108, 8);
	octal(0, 116, 8);
	octal(sizeBytes, 124, 12);
	octal(1_767_323_045, 136, 12);
	header.write(kind, 156);
	header.write(entry.target ?? '', 157, 100);
	header.write('ustar\0', 257);
	header.write('00', 263);
	// The checksum is taken with its own field as blanks.
	header.fill(' ', 148, 156);
	const sum = header.reduce((total, byte) => total + byte, 0);
	header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
	return header;
}
