/** Runtimes side by side that make the same pods: one image, one network configuration, one parent of cgroups. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { startContainerd } from '../../test/helpers/containerd.ts';
import { findCrio, startCrio } from '../../test/helpers/crio.ts';
import { buildImage, busyboxLayer } from '../../test/helpers/image-archive.ts';
import { processTree } from '../../test/helpers/process-tree.ts';
import { startServe } from '../../test/helpers/serve.ts';
import { memoryOf } from './program.ts';

/** Memory in MiB, and how many processes. */
export type Footprint = {
	/** Of the runtime and all processes of its own; shims and conmons apart. */
	readonly rssMiB: number;
	readonly pssMiB: number;
	readonly processes: number;
	/** What stays resident for containers: conmons here, shims there. */
	readonly monitors: number;
	readonly monitorsPssMiB: number;
};

/** One runtime. */
export type Runtime = {
	readonly name: string;
	readonly client: CriClient;
	readonly podLogsDir: string;
	footprint(): Footprint;
};

/** All of them, ours first, then containerd, then CRI-O where there is one; and what their pods are made of. */
export type Runtimes = AsyncDisposable & {
	readonly all: readonly Runtime[];
	readonly image: string;
	readonly cgroupParent: string;
};

/** Starts them, with the image pulled. Needs root. */
export async function startRuntimes(): Promise<Runtimes> {
	await using undo = new AsyncDisposableStack();
	const containerd = await startContainerd();
	undo.defer(() => containerd.stop());
	const dir = mkdtempSync('/var/tmp/criscope-bench-runtime-');
	undo.defer(() => rmSync(dir, { recursive: true, force: true }));
	const at = (name: string) => path.join(dir, name);
	for (const name of ['conf.d', 'pods']) mkdirSync(at(name));
	writeFileSync(
		at('runtime.conf'),
		`[crio.network]\nnetwork_dir = "${path.join(containerd.dir, 'cni')}"\nplugin_dirs = ["/usr/lib/cni"]\n`,
	);
	const serve = await startServe({
		dir,
		insecureHosts: [containerd.registry.host],
		// The log as a person would have it.
		flags: ['--config', at('runtime.conf'), '--config-dir', at('conf.d'), '--log-level', 'info'],
	});
	undo.defer(async () => void (await serve.stop()));

	const all: Runtime[] = [
		{
			name: 'criscope',
			client: createCriClient(serve.endpoint),
			podLogsDir: at('pods'),
			footprint: () => footprintOf(ownProcesses(serve.pid()), monitorsBy('conmon', serve.runRoot)),
		},
		{
			name: 'containerd',
			client: createCriClient(containerd.endpoint),
			podLogsDir: containerd.podLogsDir,
			footprint: () => footprintOf([containerd.pid()], monitorsBy('containerd-shim-runc-v2', containerd.dir)),
		},
	];
	const programs = findCrio();
	if (programs !== undefined) {
		mkdirSync(at('crio-pods'));
		const crio = undo.use(
			await startCrio(programs, {
				dir: at('crio'),
				registryHost: containerd.registry.host,
				cniDir: path.join(containerd.dir, 'cni'),
			}),
		);
		all.push({
			name: 'CRI-O',
			client: createCriClient(crio.endpoint),
			podLogsDir: at('crio-pods'),
			footprint: () => footprintOf([crio.pid], monitorsBy('conmon', at('crio'))),
		});
	}
	const image = `${containerd.registry.host}/bench/busybox:1`;
	await containerd.registry.push('bench/busybox', '1', buildImage({ layers: [busyboxLayer()] }));
	for (const { client } of all) {
		undo.defer(async () => {
			await removePods(client).finally(() => client.close());
		});
		await client.images.pullImage({ image });
	}
	const kept = undo.move();
	return {
		all,
		image,
		cgroupParent: containerd.cgroupParent,
		[Symbol.asyncDispose]: () => kept.disposeAsync(),
	};
}

/** Four at once: what the machine can do, as a kubelet would. */
async function removePods({ runtime }: CriClient): Promise<void> {
	const pods = [...(await runtime.listPodSandbox())];
	const work = async (): Promise<void> => {
		for (let pod = pods.pop(); pod !== undefined; pod = pods.pop()) {
			await runtime.stopPodSandbox(pod.id, { timeoutMs: 120_000 });
			await runtime.removePodSandbox(pod.id, { timeoutMs: 120_000 });
		}
	};
	await Promise.all([work(), work(), work(), work()]);
}

function footprintOf(own: readonly number[], monitors: readonly number[]): Footprint {
	const ownMemory = own.map(memoryOrNone);
	const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
	return {
		rssMiB: sum(ownMemory.map(({ rssMiB }) => rssMiB)),
		pssMiB: sum(ownMemory.map(({ pssMiB }) => pssMiB)),
		processes: own.length,
		monitors: monitors.length,
		monitorsPssMiB: sum(monitors.map((pid) => memoryOrNone(pid).pssMiB)),
	};
}

/** The process and its children; conmons, which are children too, and what they watch over, apart. */
function ownProcesses(pid: number): readonly number[] {
	const tree = processTree(pid);
	const watched = new Set(tree.filter((one) => programOf(one) === 'conmon').flatMap(processTree));
	return tree.filter((one) => !watched.has(one));
}

/** Processes of a program that carry the folder in their arguments. */
function monitorsBy(program: string, dir: string): readonly number[] {
	const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
	return pids.filter(
		(pid) => programOf(pid) === program && argumentsOf(pid).some((one) => one.includes(dir)),
	);
}

function programOf(pid: number): string {
	return path.basename(argumentsOf(pid)[0] ?? '');
}

function argumentsOf(pid: number): readonly string[] {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
	} catch {
		return [];
	}
}

function memoryOrNone(pid: number): { readonly rssMiB: number; readonly pssMiB: number } {
	try {
		return memoryOf(pid);
	} catch {
		// It has ended meanwhile.
		return { rssMiB: 0, pssMiB: 0 };
	}
}
