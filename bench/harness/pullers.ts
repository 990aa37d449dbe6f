/** Three programs that pull images. What they pulled stays until all is measured. */
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
	const viaContainerd: Puller = {
		name: 'containerd',
		pull: (image) =>
			timed(containerd.pid(), () =>
				containerd.cri.image('PullImage', { image: { image } }, { timeoutMs: 600_000 }),
			),
	};
	const dirs = openDirs();
	return {
		registry: containerd.registry,
		pullers: [criscope(containerd.registry.host, dirs), podman(dirs), viaContainerd],
		async [Symbol.asyncDispose]() {
			await containerd.stop();
			dirs[Symbol.dispose]();
		},
	};
}

function criscope(host: string, dirs: Dirs): Puller {
	return {
		name: 'criscope',
		pull: (image) =>
			dirs.inNew(async (dir) => {
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

function podman(dirs: Dirs): Puller {
	return {
		name: 'podman',
		pull: (image) =>
			dirs.inNew(async (dir) => {
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

type Dirs = Disposable & { inNew<T>(work: (dir: string) => Promise<T>): Promise<T> };

/** Folders for stores, which go all at the same time. */
function openDirs(): Dirs {
	const dirs: string[] = [];
	return {
		inNew(work) {
			const dir = mkdtempSync('/var/tmp/criscope-bench-');
			dirs.push(dir);
			return work(dir);
		},
		[Symbol.dispose]() {
			for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
		},
	};
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
