import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { buildImage, busyboxLayer } from './image-archive.ts';
import { startRegistry } from './registry.ts';
import { containerdRequirements, whatIsMissing } from './requires.ts';
import { startServe } from './serve.ts';
import { sharedContainerd } from './shared-containerd.ts';

/** A runtime that verbs are tried on, with an image of busybox. */
export type CliRuntime = {
	readonly endpoint: string;
	/** In a registry, and in no store unless somebody pulls it. */
	readonly image: string;
	readonly client: CriClient;
	stop(): Promise<void>;
};

/** What it takes to make pods on both. */
export const cliRuntimeMissing = whatIsMissing(...containerdRequirements, 'conmon');

/** A word that no other try and no other test has. */
export function unique(word: string): string {
	return `${word}-${randomBytes(4).toString('hex')}`;
}

async function onContainerd(): Promise<CliRuntime> {
	const { endpoint, registry } = sharedContainerd();
	const name = unique('cli');
	await registry.push(`cli/${name}`, '1', buildImage({ layers: [busyboxLayer()], labels: { name } }));
	const image = `registry.example.com/cli/${name}:1`;
	const client = createCriClient(endpoint);
	return {
		endpoint,
		image,
		client,
		async stop() {
			await client.images.removeImage(image).catch(() => undefined);
			client.close();
		},
	};
}

async function onEmbedded(): Promise<CliRuntime> {
	const dir = mkdtempSync('/var/tmp/criscope-cli-');
	const registry = await startRegistry({ dir: path.join(dir, 'registry') });
	await registry.push('cli/busybox', '1', buildImage({ layers: [busyboxLayer()] }));
	const serve = await startServe({ dir: path.join(dir, 's'), insecureHosts: [registry.host] });
	return {
		endpoint: serve.endpoint,
		image: `${registry.host}/cli/busybox:1`,
		client: serve.client(),
		async stop() {
			for (const { id } of await serve.client().runtime.listPodSandbox()) {
				await serve.client().runtime.removePodSandbox(id);
			}
			await serve.stop();
			await registry.stop();
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

/** Both runtimes that every verb must work on. */
export const cliRuntimes = { containerd: onContainerd, embedded: onEmbedded } as const;

/** What of a pod is left on the host and in the runtime, by its name; nothing when it has been removed. */
export async function podLeftovers(runtime: CliRuntime, name: string): Promise<readonly string[]> {
	const pods = await runtime.client.runtime.listPodSandbox();
	const read = (folder: string) => {
		try {
			return readdirSync(folder);
		} catch {
			return [];
		}
	};
	const folders = read('/var/lib/criscope/pods').filter((uid) => {
		try {
			return readFileSync(`/var/lib/criscope/pods/${uid}/pod.json`, 'utf8').includes(`"${name}"`);
		} catch {
			return false;
		}
	});
	return [
		...pods.filter(({ metadata }) => metadata.name === name).map(({ id }) => `pod ${id}`),
		...read('/var/log/pods').filter((folder) => folder.includes(`_${name}_`)),
		...folders,
	];
}
