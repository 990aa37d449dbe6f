/**
 * The banner beside its limit of 300 ms, from exec to the end of the process: with a runtime that answers (the fake one, and the
 * real one that CONTAINER_RUNTIME_ENDPOINT names), with a full node, with a runtime that hangs, with none; then on a machine
 * whose processors are all busy. `npm run bench -- banner -- 100` makes a hundred runs of each.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodePath, quantile, report, scratchFolder, startFakeRuntime } from './harness/program.ts';

const criscope = fileURLToPath(new URL('../bin/criscope', import.meta.url));
const runs = Number(process.argv[2] ?? 40);
const limit = { name: 'the limit', value: 300 };
const home = scratchFolder();

type Run = { readonly elapsedMs: number; readonly text: string; readonly exitCode: number | null };

async function show(endpoint: string): Promise<Run> {
	const startedAt = performance.now();
	const child = spawn(criscope, ['banner', '-r', endpoint], {
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, LANG: 'C.UTF-8' },
	});
	let text = '';
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
		text += chunk;
	});
	const [exitCode] = (await once(child, 'exit')) as [number | null];
	return { elapsedMs: performance.now() - startedAt, text, exitCode };
}

async function measureAll(name: string, endpoint: string): Promise<void> {
	await show(endpoint);
	const all: Run[] = [];
	for (let run = 0; run < runs; run++) all.push(await show(endpoint));
	const times = all.map(({ elapsedMs }) => elapsedMs);
	report(`${name}: median`, quantile(times, 0.5), 'ms', limit);
	report(`${name}: p99`, quantile(times, 0.99), 'ms', limit);
	const whole = all.filter(({ text }) => !/unknown|nothing known|did not answer/.test(text)).length;
	const failed = all.filter(({ exitCode }) => exitCode !== 0).length;
	console.log(`${name}: everything known in ${whole} of ${runs}, ended with another code than 0: ${failed}`);
}

/** Keeps every processor busy twice over. */
function burn(): Disposable {
	const children = Array.from({ length: availableParallelism() * 2 }, () =>
		spawn(nodePath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
	);
	const stop = (): void => {
		for (const child of children) child.kill('SIGKILL');
	};
	process.on('exit', stop);
	return { [Symbol.dispose]: stop };
}

const hung = createServer(() => undefined);
const hungPath = path.join(home, 'hung.sock');
hung.listen(hungPath);
await once(hung, 'listening');
using small = await startFakeRuntime(home, 30, 2);
using full = await startFakeRuntime(home, 500, 4);
const real = process.env['CONTAINER_RUNTIME_ENDPOINT'];

const cases: readonly (readonly [string, string])[] = [
	['30 pods', small.endpoint],
	['500 pods of 4', full.endpoint],
	...(real ? ([['the real runtime', real]] as const) : []),
	['hung socket', `unix://${hungPath}`],
	['no socket', `unix://${home}/none.sock`],
];
for (const [name, endpoint] of cases) await measureAll(name, endpoint);
{
	using _load = burn();
	for (const [name, endpoint] of cases) await measureAll(`busy machine, ${name}`, endpoint);
}
// Connections of clients that were killed would keep it.
process.exit(0);
