/** Three programs that pull images, each with a store that is new for every pull. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { startContainerd } from '../../test/helpers/containerd.ts';
import { openPodman } from '../../test/helpers/podman.ts';
import type { RegistryAccess } from '../../test/helpers/registry.ts';
import { startServe } from '../../test/helpers/serve.ts';
import { type Cost, watchProcess } from './process-cost.ts';

/** What one pull took. */
export type PullCost = Cost & { readonly wallSeconds: number };

/** One program. */
export type Puller = { readonly name: string; pull(image: string): Promise<PullCost> };

/** All of them, and the registry they pull from. */
export type Pullers = AsyncDisposable & {
	readonly registry: RegistryAccess;
	readonly pullers: readonly Puller[];
};

/** Starts what lives for the whole measurement: containerd and a registry. */
export async function startPullers(): Promise<Pullers> {
	const containerd = await startContainerd({ dir: mkdtempSync('/var/tmp/criscope-bench-containerd-') });
	const emptyContent = await containerd.ctr('content', 'ls', '-q');
	const viaContainerd: Puller = {
		name: 'containerd',
		pull: async (image) => {
			const cost = await timed(containerd.pid(), () =>
				containerd.cri.image('PullImage', { image: { image } }, { timeoutMs: 600_000 }),
			);
			// Collects its blobs and layers before it answers: the next pull finds nothing.
			await containerd.cri.image('RemoveImage', { image: { image } }, { timeoutMs: 120_000 });
			const left = await containerd.ctr('content', 'ls', '-q');
			if (left !== emptyContent) throw new Error(`containerd kept something of "${image}": ${left}`);
			return cost;
		},
	};
	return {
		registry: containerd.registry,
		pullers: [criscope(containerd.registry.host), podman(), viaContainerd],
		[Symbol.asyncDispose]: () => containerd.stop(),
	};
}

function criscope(host: string): Puller {
	return {
		name: 'criscope',
		pull: (image) =>
			inNewFolder(async (dir) => {
				const serve = await startServe({
					dir,
					insecureHosts: [host],
					// As a person would run it.
					flags: ['--log-level', 'info'],
				});
				try {
					return await timed(serve.pid(), () =>
						serve.cri.image('PullImage', { image: { image } }, { timeoutMs: 600_000 }),
					);
				} finally {
					await serve.stop();
				}
			}),
	};
}

function podman(): Puller {
	return {
		name: 'podman',
		pull: (image) =>
			inNewFolder(async (dir) => {
				const subject = openPodman({ dir });
				// The files of an empty store are there before the clock runs, as they are for the other two.
				await subject.images();
				try {
					const child = spawn('podman', ['pull', '--quiet', '--tls-verify=false', image], {
						env: subject.env,
						stdio: ['ignore', 'ignore', 'inherit'],
					});
					return await timed(
						child.pid ?? 0,
						() =>
							new Promise((resolve, reject) => {
								child.once('error', reject);
								child.once('exit', (code) =>
									code === 0 ? resolve(0) : reject(new Error(`podman: ${code}`)),
								);
							}),
					);
				} finally {
					await subject.stop();
				}
			}),
	};
}

async function inNewFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
	const dir = mkdtempSync('/var/tmp/criscope-bench-');
	try {
		return await work(dir);
	} finally {
		rmSync(dir, { recursive: true, force: true });
	}
}

async function timed(pid: number, work: () => Promise<unknown>): Promise<PullCost> {
	const stop = watchProcess(pid);
	const startedMs = performance.now();
	await work();
	const wallSeconds = (performance.now() - startedMs) / 1000;
	return { ...stop(), wallSeconds };
}

/** Bytes of the kernel's that wait to be written; a pull should not pay for the one before it. */
export function dirtyMiB(): number {
	return (
		Number(/^Dirty:\s+(\d+)/m.exec(readFileSync(path.join('/proc', 'meminfo'), 'utf8'))?.[1] ?? 0) / 1024
	);
}
