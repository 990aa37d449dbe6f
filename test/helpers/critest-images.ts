/**
 * Stand-ins for the images that critest asks for, made of this host's own programs: what the specs look at, they show. Nothing
 * can stand in for the one that is asked for by its digest.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Blob, ImageArchive } from './image-archive.ts';
import type { RegistryAccess } from './registry.ts';
import { type TarEntry, writeTar } from './tar-writer.ts';

/** Host names under which critest asks for its images; a mirror has to take their place. */
export const critestRegistries: readonly string[] = ['registry.k8s.io', 'k8s.gcr.io', 'gcr.io'];

/** Programs of the host that the stand-ins are made of. */
export const critestImageRequirements: readonly string[] = [
	'/bin/busybox',
	'/usr/bin/id',
	'/usr/bin/ipcs',
	'/usr/bin/pgrep',
];

const busybox = '/bin/busybox';

const folder = (name: string, mode = 0o755): TarEntry => ({ path: name, mode });
const program = (name: string, content: string | Uint8Array, mode = 0o755): TarEntry => ({
	path: name,
	mode,
	content,
});

/**
 * The host's busybox without its own `ls`. Debian's shell runs what busybox has without a look at the file system; the one
 * upstream's image has does not, and a spec wants it to stumble over a masked /bin/ls. The name is changed to another one that
 * sorts alike, since busybox looks names up by halves.
 */
function busyboxWithoutLs(): Buffer {
	const bytes = Buffer.from(readFileSync(busybox));
	const name = Buffer.from('\0ls\0');
	const at = bytes.indexOf(name);
	if (at >= 0 && bytes.indexOf(name, at + 1) < 0) bytes.write('\0lr\0', at);
	return bytes;
}

/** Programs of the host (from, to) with the libraries they need, at the same places, each of them once. */
function withLibraries(
	mode: number,
	...programs: readonly (readonly [from: string, to: string])[]
): readonly TarEntry[] {
	const listed = programs.map(([from]) => execFileSync('ldd', [from], { encoding: 'utf8' })).join('\n');
	const libraries = new Set([...listed.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library));
	return [
		...programs.map(([from, to]) => program(to, readFileSync(from), mode)),
		...[...libraries].map((library) => program(library.slice(1), readFileSync(realpathSync(library)))),
	];
}

const accounts = (passwd = '', group = ''): readonly TarEntry[] => [
	{
		path: 'etc/passwd',
		content: `root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/home:/bin/false\n${passwd}`,
	},
	{ path: 'etc/group', content: `root:x:0:\ndaemon:x:1:\nwww-data:x:33:\nnogroup:x:65534:\n${group}` },
];

/** What every stand-in begins with; files that stand in a later layer need no folder entries. */
function base(): readonly TarEntry[] {
	const own = ['busybox', 'ls', 'ipcs', 'pgrep'];
	const applets = execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n');
	return [
		...[
			'bin',
			'dev',
			'etc',
			'home',
			'proc',
			'root',
			'sys',
			'usr',
			'usr/bin',
			'usr/sbin',
			'var',
			'var/run',
			'www',
		].map((name) => folder(name)),
		folder('tmp', 0o1777),
		program('bin/busybox', busyboxWithoutLs()),
		...applets
			.filter((name) => name !== '' && !own.includes(name))
			.map(
				(name): TarEntry => ({ path: `bin/${name}`, kind: 'hardlink', mode: 0o755, target: 'bin/busybox' }),
			),
		program('bin/ls', readFileSync(busybox)),
		...withLibraries(0o755, ['/usr/bin/ipcs', 'bin/ipcs'], ['/usr/bin/pgrep', 'bin/pgrep']),
		program('www/index.html', '<html>It works!\n</html>\n', 0o644),
		...accounts(),
	];
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Makes images that have their first layer in common, which is packed once. */
function imageMaker() {
	const packed = (entries: readonly TarEntry[]) => {
		const tar = writeTar(entries);
		const bytes = gzipSync(tar, { level: 1 });
		return { diffId: sha256(tar), blob: { digest: sha256(bytes), bytes } satisfies Blob };
	};
	const first = packed(base());
	return (entries: readonly TarEntry[], settings: object): ImageArchive => {
		const layers = [first, ...(entries.length > 0 ? [packed(entries)] : [])];
		const config = Buffer.from(
			JSON.stringify({
				created: '2026-01-02T03:04:05Z',
				architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
				os: 'linux',
				config: {
					Cmd: ['sh'],
					Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
					...settings,
				},
				rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
			}),
		);
		const configBlob: Blob = { digest: sha256(config), bytes: config };
		const mediaType = 'application/vnd.docker.distribution.manifest.v2+json';
		const manifest = Buffer.from(
			JSON.stringify({
				schemaVersion: 2,
				mediaType,
				config: {
					mediaType: 'application/vnd.docker.container.image.v1+json',
					digest: configBlob.digest,
					size: config.length,
				},
				layers: layers.map(({ blob }) => ({
					mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
					digest: blob.digest,
					size: blob.bytes.length,
				})),
			}),
		);
		return { manifest, mediaType, blobs: [configBlob, ...layers.map(({ blob }) => blob)] };
	};
}

/** A web server under the name of nginx, with its process id where nginx puts it and its words in its command line. */
const nginx = program(
	'usr/sbin/nginx',
	`#!/bin/sh
echo $$ > /var/run/nginx.pid
trap 'kill $!; exit 0' TERM QUIT INT
httpd -f -p "$1" -h /www &
wait $!
`,
);

/** Pushes all of them. */
export async function pushCritestImages(registry: RegistryAccess): Promise<void> {
	const image = imageMaker();
	const e2e = (name: string, tag: string, made: ImageArchive) =>
		registry.push(`e2e-test-images/${name}`, tag, made);
	const staged = (name: string, made: ImageArchive, tag = 'latest') =>
		registry.push(`k8s-staging-cri-tools/${name}`, tag, made);
	const web = (port: number) => image([nginx], { Cmd: ['nginx', String(port), 'master process'] });
	const marked = (name: string) => image([program(name, '', 0o644)], {});

	await e2e('busybox', '1.29-2', image([], {}));
	await e2e('nginx', '1.14-2', web(80));
	await e2e(
		'httpd',
		'2.4.39-4',
		image([], { Cmd: ['sh', '-c', 'echo httpd -D FOREGROUND; exec httpd -f -p 80 -h /www'] }),
	);
	// The effective user, as one sees it who may not gain privileges, or may.
	const setuidId = withLibraries(0o4755, ['/usr/bin/id', 'usr/bin/effective-id']);
	const tellUid = 'echo "Effective uid: $(/usr/bin/effective-id -u)"';
	await e2e('nonewprivs', '1.3', image(setuidId, { Cmd: ['sh', '-c', tellUid] }));
	await staged(`hostnet-nginx-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`, web(12_003));
	await registry.push('pause', '3.9', image([], { Entrypoint: ['sleep', '100000'] }));
	for (const name of ['1', '2', '3', 'latest', 'digest']) await staged(`test-image-${name}`, marked(name));
	for (const tag of ['1', '2', '3']) await staged('test-image-tags', marked('same'), tag);
	for (const tag of ['test', 'all']) await staged('test-image-tag', marked(tag), tag);
	const users = {
		uid: '1002',
		username: 'www-data',
		'uid-group': '1003:1004',
		'username-group': 'www-data:1004',
	};
	for (const [name, User] of Object.entries(users))
		await staged(`test-image-user-${name}`, image([], { User }));
	const account = accounts(
		'default-user:x:1000:1000::/home/default-user:/bin/sh\n',
		'default-user:x:1000:\ngroup-defined-in-image:x:50000:default-user\n',
	);
	await staged('test-image-predefined-group', image(account, { User: '1000' }));
}

/** registries.conf that sends critest to a registry of one's own, over plain HTTP. */
export function critestRegistriesConf(host: string): string {
	const tables = critestRegistries.map(
		(name) =>
			`[[registry]]\nlocation = "${name}"\n[[registry.mirror]]\nlocation = "${host}"\ninsecure = true\n`,
	);
	return ['unqualified-search-registries = []\n', ...tables].join('\n');
}
