import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Attachment } from '../../src/runtime/oci/container-process.ts';
import { openOciRig } from '../helpers/oci-rig.ts';

const patient = { timeout: 15_000, interval: 20 };

async function rig() {
	const opened = await openOciRig();
	onTestFinished(() => opened[Symbol.asyncDispose]());
	return opened;
}

function shownBy({ stdout, stderr }: Attachment): {
	readonly stdout: () => string;
	readonly stderr: () => string;
} {
	const shown = { stdout: '', stderr: '' };
	stdout.on('data', (chunk: Buffer) => {
		shown.stdout += chunk.toString();
	});
	stderr.on('data', (chunk: Buffer) => {
		shown.stderr += chunk.toString();
	});
	return { stdout: () => shown.stdout, stderr: () => shown.stderr };
}

test('streams go both ways, apart, and end with the container', async () => {
	const { run, processes } = await rig();
	const { paths, id } = await run(
		['sh', '-c', 'while read line; do echo "got $line"; echo "and $line" >&2; done; echo closed; exit 6'],
		{ stdin: true, stdinOnce: true },
	);
	await using attachment = await processes.attach(paths);
	await using second = await processes.attach(paths);
	const [shown, alsoShown] = [shownBy(attachment), shownBy(second)];
	attachment.stdin.write('one\n');
	await vi.waitFor(
		() => expect([shown.stdout(), shown.stderr()]).toEqual(['got one\n', 'and one\n']),
		patient,
	);
	await vi.waitFor(() => expect(alsoShown.stdout()).toBe('got one\n'), patient);
	attachment.stdin.end('two\n');
	await vi.waitFor(() => expect(shown.stdout()).toBe('got one\ngot two\nclosed\n'), patient);
	await vi.waitFor(
		() => expect(attachment.stdout.readableEnded && second.stderr.readableEnded).toBe(true),
		patient,
	);
	await vi.waitFor(() => expect(processes.readExit(id, paths)?.exitCode).toBe(6), patient);
	expect(readFileSync(paths.logPath, 'utf8')).toContain(' stderr F and two\n');
});

test('large amounts arrive whole, in packets that conmon can take', async () => {
	const { run, processes } = await rig();
	const { paths } = await run(['sh', '-c', 'head -c 1000000; echo .'], { stdin: true, stdinOnce: true });
	await using attachment = await processes.attach(paths);
	const sent = Buffer.alloc(1_000_000, '0123456789abcdef\n');
	attachment.stdin.write(sent.subarray(0, 400_000));
	attachment.stdin.end(sent.subarray(400_000));
	expect(await text(attachment.stdout)).toBe(`${sent.toString()}.\n`);
});

test('a stdin that stays open survives who was attached', async () => {
	const { run, processes } = await rig();
	const { paths } = await run(['cat'], { stdin: true });
	for (const word of ['first\n', 'second\n']) {
		await using attachment = await processes.attach(paths);
		const shown = shownBy(attachment);
		attachment.stdin.end(word);
		await vi.waitFor(() => expect(shown.stdout()).toBe(word), patient);
	}
});

test('a terminal is attached to and resized', async () => {
	const { run, processes } = await rig();
	const { paths } = await run(['sh'], { terminal: true, stdin: true });
	await using attachment = await processes.attach(paths);
	const shown = shownBy(attachment);
	attachment.resize(132, 43);
	await vi.waitFor(async () => {
		attachment.stdin.write('stty size\n');
		await vi.waitFor(() => expect(shown.stdout()).toContain('43 132\r\n'));
	}, patient);
	attachment.stdin.write('exit\n');
	await vi.waitFor(() => expect(attachment.stdout.readableEnded).toBe(true), patient);
	attachment.resize(10, 10);
});
