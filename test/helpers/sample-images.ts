import { buildImage, busyboxLayer, type ImageArchive, shellLessLayer } from './image-archive.ts';
import type { RegistryAccess } from './registry.ts';

/** Names of the images that `pushSampleImages` puts into the registry. Their hosts do not exist: a mirror answers. */
export const sampleImages = {
	web: 'registry.example.com/shop/web:2.4.1',
	api: 'registry.example.com/shop/api:1.18.0',
	worker: 'registry.example.com/batch/worker:0.9.3',
	proxy: 'registry.example.com/mesh/proxy:1.22',
	busybox: 'docker.io/library/busybox:1.35',
	/** Has no shell and no other program than the one it runs. */
	static: 'registry.example.com/base/static:3',
	/** Nobody uses it: for pulls and removals. */
	spare: 'registry.example.com/shop/spare:5.0',
} as const;

/** Stores the sample images in a registry. Cheap: they share one layer. */
export async function pushSampleImages(registry: RegistryAccess): Promise<void> {
	const base = busyboxLayer();
	const shellImage = (
		name: string,
		extraBytes: number,
		more: Partial<Parameters<typeof buildImage>[0]> = {},
	) =>
		buildImage({
			// Sizes differ, as those of real images do.
			layers: [base, [{ path: `opt-${name}`, content: Buffer.alloc(extraBytes, name) }]],
			command: ['sh'],
			labels: { 'org.opencontainers.image.title': name },
			...more,
		});
	const images: Readonly<Record<keyof typeof sampleImages, ImageArchive>> = {
		web: shellImage('web', 700_000, { exposedPorts: ['8080/tcp'], workingDir: '/var/www' }),
		api: shellImage('api', 1_500_000, { env: ['API_MODE=production'], user: '65534' }),
		worker: shellImage('worker', 90_000),
		proxy: shellImage('proxy', 300_000),
		busybox: buildImage({ layers: [base], command: ['sh'] }),
		static: buildImage({ layers: [shellLessLayer()], entrypoint: ['/sleep', 'infinity'] }),
		spare: shellImage('spare', 2_000_000),
	};
	for (const [key, archive] of Object.entries(images)) {
		const { repository, tag } = splitImageName(sampleImages[key as keyof typeof sampleImages]);
		await registry.push(repository, tag, archive);
	}
}

/** `host/repository:tag` → what a registry knows it by. */
function splitImageName(name: string): { readonly repository: string; readonly tag: string } {
	const [, repository = '', tag = ''] = /^[^/]+\/(.+):([^:]+)$/.exec(name) ?? [];
	return { repository, tag };
}
