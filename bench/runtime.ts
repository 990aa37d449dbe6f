/**
 * Pods and containers of `criscope serve` beside those of containerd, and of CRI-O where its program is found (`$CRIO`, the
 * search path): each step of their lives, one at a time and four at once, in turns; then lists, states and memory with many
 * containers. Prints medians and their ratios to the others.
 *
 * `npm run bench -- runtime -- [rounds] [containers to list]`
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerId, PodSandboxId } from '../src/cri/ids.ts';
import type { ContainerConfig, PodSandboxConfig } from '../src/cri/sandbox-config.ts';
import { quantile, report } from './harness/program.ts';
import { type Footprint, type Runtime, startRuntimes } from './harness/runtimes.ts';

const rounds = Number(process.argv[2] ?? 6);
const wantedContainers = Number(process.argv[3] ?? 500);
/** The runtimes together may take so long to make them; the number that was reached is printed. */
const fillBudgetMs = 300_000;
/** Of these containers run; the others are made and not started, which a list does not mind, and takes half the time. */
const runningContainers = 100;
const containersPerPod = 20;
const madeAtOnce = 5;
/** What runtimes let go of when there is a moment's rest, they have let go of by then. */
const restMs = 15_000;
const perTurn = 4;

/** Ends at once at SIGTERM, which a first process without a trap would ignore; says when it can. */
const script = "trap 'exit 0' TERM; echo ready; while :; do sleep 3600 & wait $!; done";

const steps = [
	'RunPodSandbox',
	'CreateContainer',
	'StartContainer',
	'exec-sync',
	'StopContainer',
	'RemoveContainer',
	'StopPodSandbox',
	'RemovePodSandbox',
] as const;
type Step = (typeof steps)[number];

/** What the goal is said of. */
const sums: Readonly<Record<string, readonly Step[]>> = {
	'create + start': ['CreateContainer', 'StartContainer'],
	'stop + remove': ['StopContainer', 'RemoveContainer'],
	'pod create': ['RunPodSandbox'],
	'pod stop + remove': ['StopPodSandbox', 'RemovePodSandbox'],
};

type Life = Record<Step, number>;
type Pod = { readonly id: PodSandboxId; readonly config: PodSandboxConfig };

await using stage = await startRuntimes();
const [ours, ...others] = stage.all as readonly [Runtime, ...Runtime[]];
let made = 0;

console.log(`load ${loadavg()[0]?.toFixed(1)}`);
await printFootprints('idle');
// Caches and compiled code: what a runtime has after its first pods.
for (const runtime of stage.all) await live(runtime, 2);
for (const atOnce of [1, 4]) {
	const lives = new Map<Runtime, Life[]>(stage.all.map((runtime) => [runtime, []]));
	for (let round = 0; round < rounds; round += 1) {
		for (const runtime of round % 2 === 0 ? stage.all : stage.all.toReversed()) {
			for (let done = 0; done < perTurn; done += atOnce) {
				lives.get(runtime)?.push(await live(runtime, atOnce));
			}
		}
	}
	const count = lives.get(ours)?.length ?? 0;
	const what = atOnce === 1 ? 'one at a time' : `${atOnce} at once, until the last has it`;
	console.log(`\n${what}: medians of ${count}; load ${loadavg()[0]?.toFixed(1)}`);
	for (const step of steps) compare(step, (runtime) => (lives.get(runtime) ?? []).map((life) => life[step]));
	for (const [name, parts] of Object.entries(sums)) {
		compare(`= ${name}`, (runtime) =>
			(lives.get(runtime) ?? []).map((life) => parts.reduce((sum, part) => sum + life[part], 0)),
		);
	}
}
if (wantedContainers > 0) await fillAndList();

/** So many pods of one container each, step by step together. @returns milliseconds until the last has done each step */
async function live(runtime: Runtime, atOnce: number): Promise<Life> {
	const calls = runtime.client.runtime;
	const times = {} as Life;
	const each = async <From, To>(step: Step, from: readonly From[], call: (one: From) => Promise<To>) => {
		const startedMs = performance.now();
		const results = await Promise.all(from.map(call));
		times[step] = performance.now() - startedMs;
		return results;
	};
	const wanted = Array.from({ length: atOnce }, () => podConfig(runtime));
	const pods = await each('RunPodSandbox', wanted, (config) => runPod(runtime, config));
	const containers = await each('CreateContainer', pods, (pod) => create(runtime, pod, 0));
	await each('StartContainer', containers, (id) => calls.startContainer(id));
	await Promise.all(pods.map((pod) => untilReady(pod, 0)));
	await each('exec-sync', containers, (containerId) =>
		calls.execSync({ containerId, command: ['true'], timeoutSeconds: 10 }),
	);
	await each('StopContainer', containers, (id) => calls.stopContainer(id, 10));
	await each('RemoveContainer', containers, (id) => calls.removeContainer(id));
	await each('StopPodSandbox', pods, ({ id }) => calls.stopPodSandbox(id));
	await each('RemovePodSandbox', pods, ({ id }) => calls.removePodSandbox(id));
	return times;
}

/** Makes as many containers in all of them as the time allows, in turns, and asks for them. */
async function fillAndList(): Promise<void> {
	const ids = new Map<Runtime, ContainerId[]>(stage.all.map((runtime) => [runtime, []]));
	const endMs = performance.now() + fillBudgetMs;
	let count = 0;
	for (; count < wantedContainers && performance.now() < endMs; count += containersPerPod) {
		for (const runtime of stage.all) {
			const pod = await runPod(runtime, podConfig(runtime));
			for (let index = 0; index < containersPerPod; index += madeAtOnce) {
				const some = Array.from({ length: madeAtOnce }, (_, place) => index + place);
				const created = await Promise.all(some.map((each) => create(runtime, pod, each)));
				if (count < runningContainers) {
					await Promise.all(created.map((id) => runtime.client.runtime.startContainer(id)));
				}
				ids.get(runtime)?.push(...created);
			}
		}
		if (count + containersPerPod === runningContainers) {
			await printFootprints(`${runningContainers} containers that run`);
		}
	}
	console.log(`\n${count} containers in ${count / containersPerPod} pods; load ${loadavg()[0]?.toFixed(1)}`);
	const questions: readonly (readonly [string, (runtime: Runtime) => Promise<unknown>])[] = [
		['ListContainers', ({ client }) => client.runtime.listContainers()],
		['ListPodSandbox', ({ client }) => client.runtime.listPodSandbox()],
		[
			'ContainerStatus',
			(runtime) => {
				const id = ids.get(runtime)?.[count >> 1] as ContainerId;
				return runtime.client.runtime.containerStatus(id, { verbose: false });
			},
		],
	];
	for (const [name, ask] of questions) {
		const times = new Map<Runtime, number[]>(stage.all.map((runtime) => [runtime, []]));
		for (let turn = 0; turn < 30; turn += 1) {
			for (const runtime of turn % 2 === 0 ? stage.all : stage.all.toReversed()) {
				const startedMs = performance.now();
				await ask(runtime);
				times.get(runtime)?.push(performance.now() - startedMs);
			}
		}
		compare(name, (runtime) => times.get(runtime) ?? []);
	}
	await printFootprints(`${count} containers`);
}

function compare(what: string, timesOf: (runtime: Runtime) => readonly number[]): void {
	const value = quantile(timesOf(ours), 0.5);
	const peers = others.map((runtime) => ({ name: runtime.name, value: quantile(timesOf(runtime), 0.5) }));
	report(what, value, 'ms', ...peers);
}

async function printFootprints(when: string): Promise<void> {
	await sleep(restMs);
	console.log(`\nmemory, ${when}`);
	for (const runtime of stage.all) {
		const { rssMiB, pssMiB, processes, monitors, monitorsPssMiB }: Footprint = runtime.footprint();
		const own = `RSS ${rssMiB.toFixed(0)} MiB, PSS ${pssMiB.toFixed(0)} MiB in ${processes} processes`;
		const kind = runtime.name === 'containerd' ? 'shims' : 'conmons';
		console.log(
			`${runtime.name.padEnd(10)} ${own}; beside it ${monitors} ${kind}, PSS ${monitorsPssMiB.toFixed(0)} MiB`,
		);
	}
}

function podConfig(runtime: Runtime): PodSandboxConfig {
	made += 1;
	const name = `pod-${made}`;
	const uid = `00000000-0000-4000-8000-${`${process.pid}${made}`.padStart(12, '0').slice(-12)}`;
	const logDirectory = path.join(runtime.podLogsDir, `bench_${name}_${uid}`);
	mkdirSync(logDirectory, { recursive: true });
	return {
		metadata: { name, namespace: 'bench', uid, attempt: 0 },
		hostname: name,
		logDirectory,
		dnsConfig: { servers: ['10.96.0.10'], searches: ['bench.svc.cluster.local'], options: ['ndots:5'] },
		labels: { 'io.kubernetes.pod.name': name, 'io.kubernetes.pod.namespace': 'bench' },
		annotations: { 'kubernetes.io/config.source': 'api' },
		linux: {
			cgroupParent: `${stage.cgroupParent}/pod${uid}`,
			// As numbers: POD 0, CONTAINER 1.
			securityContext: { namespaceOptions: { network: 0, pid: 1, ipc: 0 } },
		},
	};
}

async function runPod({ client }: Runtime, config: PodSandboxConfig): Promise<Pod> {
	return { id: await client.runtime.runPodSandbox({ config, runtimeHandler: '' }), config };
}

function create({ client }: Runtime, { id, config }: Pod, index: number): Promise<ContainerId> {
	const name = `main-${index}`;
	mkdirSync(path.join(config.logDirectory ?? '', name), { recursive: true });
	const container: ContainerConfig = {
		metadata: { name, attempt: 0 },
		image: { image: stage.image, userSpecifiedImage: stage.image },
		command: ['sh', '-c'],
		args: [script],
		labels: { 'io.kubernetes.container.name': name },
		annotations: { 'io.kubernetes.container.restartCount': '0' },
		logPath: `${name}/0.log`,
		linux: {
			resources: { cpuShares: '102', memoryLimitInBytes: `${64 << 20}` },
			securityContext: { namespaceOptions: { network: 0, pid: 1, ipc: 0 } },
		},
	};
	return client.runtime.createContainer({ podSandboxId: id, config: container, sandboxConfig: config });
}

/** Only then does it listen to SIGTERM. */
async function untilReady({ config }: Pod, index: number): Promise<void> {
	const log = path.join(config.logDirectory ?? '', `main-${index}/0.log`);
	while (!readFileSync(log, 'utf8').includes('ready')) await sleep(5);
}
