/**
 * From exec to the first frame and to the first useful one (the pods are on it), and the memory then; beside
 * `node -e 0` and beside podman-tui and lazydocker where `PODMAN_TUI` and `LAZYDOCKER` name them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import {
	measure,
	memoryOf,
	nodePath,
	programPath,
	quantile,
	report,
	scratchFolder,
	startFakeRuntime,
} from './harness/program.ts';

const runs = 10;
const home = scratchFolder();
using fake = await startFakeRuntime(home, 12, 2);

const bare: number[] = [];
for (let run = 0; run < runs; run++) {
	const startedAt = performance.now();
	spawnSync(nodePath, ['-e', '0']);
	bare.push(performance.now() - startedAt);
}

type Start = {
	readonly frameMs: number;
	readonly usefulMs: number;
	readonly rssMiB: number;
	readonly pssMiB: number;
};

async function start(command: readonly [string, ...string[]], frame: RegExp, useful: RegExp): Promise<Start> {
	const program = measure(command, { home });
	try {
		const frameMs = await program.until(frame);
		const usefulMs = await program.until(useful);
		await delay(2000);
		return { frameMs, usefulMs, ...memoryOf(program.pid) };
	} finally {
		await program.stop();
	}
}

async function starts(command: readonly [string, ...string[]], frame: RegExp, useful: RegExp) {
	// The first run fills caches of disk and code, which every later login finds.
	await start(command, frame, useful);
	const all: Start[] = [];
	for (let run = 0; run < runs; run++) all.push(await start(command, frame, useful));
	const median = (of: (start: Start) => number): number => quantile(all.map(of), 0.5);
	return {
		frameMs: median(({ frameMs }) => frameMs),
		usefulMs: median(({ usefulMs }) => usefulMs),
		rssMiB: median(({ rssMiB }) => rssMiB),
		pssMiB: median(({ pssMiB }) => pssMiB),
	};
}

const bareMs = quantile(bare, 0.5);
report('node -e 0', bareMs, 'ms');
const ours = await starts(
	[nodePath, programPath, '-r', fake.endpoint],
	/Pods/,
	/(api|etcd|nginx|coredns|kube-proxy|worker|redis|postgres)-\d/,
);
const goal = { name: '`node -e 0`', value: bareMs };
report('first frame', ours.frameMs, 'ms', goal);
report('first useful frame', ours.usefulMs, 'ms', goal);
report('memory, resident', ours.rssMiB, 'MiB');
report('memory, share', ours.pssMiB, 'MiB');

for (const [name, variable, useful] of [
	['podman-tui', 'PODMAN_TUI', /pods/i],
	['lazydocker', 'LAZYDOCKER', /Containers/],
] as const) {
	const peer = process.env[variable];
	if (!peer || !existsSync(peer)) {
		console.log(`peer missing: ${name} (name its program by ${variable})`);
		continue;
	}
	const its = await starts([peer], useful, useful);
	report(`${name}: first useful frame`, its.usefulMs, 'ms');
	report(`${name}: memory, resident`, its.rssMiB, 'MiB');
	report('ours', ours.usefulMs, 'ms', { name, value: its.usefulMs });
	report('ours', ours.rssMiB, 'MiB', { name, value: its.rssMiB });
}
