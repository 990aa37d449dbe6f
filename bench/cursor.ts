/**
 * Bytes and time of a key at 120x40: cursor moves in 1,000 containers, then 5,000 containers with a filter typed key by key.
 * The floor is a program of ten lines that answers each key with two bytes, on the same pty in the same run: what the
 * machine itself takes.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
	type Measured,
	measure,
	nodePath,
	programPath,
	quantile,
	report,
	scratchFolder,
	startFakeRuntime,
} from './harness/program.ts';

const moves = Number(process.argv[2] ?? 300);
const home = scratchFolder();
const frame = { name: 'the goal', value: 33 };

type Answers = {
	readonly latencies: readonly number[];
	readonly bytes: readonly number[];
	readonly missed: number;
};

async function pressAll(program: Measured, keys: readonly string[]): Promise<Answers> {
	const latencies: number[] = [];
	const bytes: number[] = [];
	let missed = 0;
	for (const key of keys) {
		const answer = await program.press(key, 25);
		if (answer === undefined) missed += 1;
		else {
			latencies.push(answer.latencyMs);
			bytes.push(answer.bytes);
		}
	}
	return { latencies, bytes, missed };
}

function tell(what: string, { latencies, bytes, missed }: Answers, withBytes = true): void {
	report(`${what}: key to frame, p50`, quantile(latencies, 0.5), 'ms', frame);
	report(`${what}: key to frame, p99`, quantile(latencies, 0.99), 'ms', frame);
	const goal = { name: 'the goal', value: 2048 };
	if (withBytes) {
		report(`${what}: bytes a key, median`, quantile(bytes, 0.5), 'bytes', goal);
		report(`${what}: bytes a key, p99`, quantile(bytes, 0.99), 'bytes', goal);
	}
	if (missed > 0) console.log(`  ${missed} keys had no answer`);
}

const echo = measure(
	[
		nodePath,
		'-e',
		"process.stdin.setRawMode(true).on('data', () => process.stdout.write('ok')); process.stdout.write('up')",
	],
	{ home },
);
await echo.until(/up/);
tell(
	'floor',
	await pressAll(
		echo,
		Array.from({ length: moves }, () => 'j'),
	),
	false,
);
await echo.stop();

async function open(pods: number, containers: number): Promise<Measured & AsyncDisposable> {
	const fake = await startFakeRuntime(home, pods, containers);
	const program = measure([nodePath, programPath, '-r', fake.endpoint], { home });
	await program.until(/(api|etcd|nginx|coredns|kube-proxy|worker|redis|postgres)-\d/);
	// Containers of all pods; the details of thousands of objects are asked for at first, once.
	await delay(1000);
	await program.press('2', 50);
	await program.press('a', 50);
	await delay(8000);
	return Object.assign(program, {
		async [Symbol.asyncDispose]() {
			await program.stop();
			fake[Symbol.dispose]();
		},
	});
}

{
	await using program = await open(334, 3);
	tell(
		'1,000 containers',
		await pressAll(
			program,
			Array.from({ length: moves }, () => 'j'),
		),
	);
	tell(
		'1,000 containers, a page',
		await pressAll(
			program,
			Array.from({ length: 50 }, (_, key) => (key % 10 < 7 ? '\x1b[6~' : '\x1b[5~')),
		),
		false,
	);
}
{
	await using program = await open(1250, 4);
	tell(
		'5,000 containers',
		await pressAll(
			program,
			Array.from({ length: moves }, () => 'j'),
		),
	);
	const typed: string[] = [];
	for (const word of ['nginx-1', 'app-43', 'kube sys', 'registry', 'coredns'])
		typed.push('/', ...word, '\x1b');
	// A lone escape waits for what may follow it, and is no key of the list.
	const answers: Answers[] = [];
	for (const key of typed) {
		if (key === '\x1b') {
			await program.press(key, 200);
			await program.press(key, 200);
		} else if (key === '/') await program.press(key, 50);
		else answers.push(await pressAll(program, [key]));
	}
	tell(
		'5,000 containers, a filter',
		{
			latencies: answers.flatMap(({ latencies }) => latencies),
			bytes: answers.flatMap(({ bytes }) => bytes),
			missed: answers.reduce((sum, { missed }) => sum + missed, 0),
		},
		false,
	);
}
