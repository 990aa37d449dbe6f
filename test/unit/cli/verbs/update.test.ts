import { expect, test } from 'vitest';
import { containerId, podSandboxId } from '../../../../src/cri/ids.ts';
import type { Container } from '../../../../src/cri/model.ts';
import type { RuntimeService } from '../../../../src/cri/ports.ts';
import { run } from '../verb-host.ts';

const id = containerId('0123456789abcdef');

/** A runtime with one container, which writes down what it is asked. */
function recorder() {
	const asked: unknown[] = [];
	const runtime = {
		listContainers: async () => [
			{ id, podSandboxId: podSandboxId('p'), metadata: { name: 'web', attempt: 0 } } as Container,
		],
		startContainer: async (...args: readonly unknown[]) => void asked.push(args[0]),
		updateContainerResources: async (...args: readonly unknown[]) => void asked.push(args.slice(0, 2)),
	} satisfies Partial<RuntimeService>;
	return { asked, services: { runtime } };
}

test('update asks for what was written, and for nothing else', async () => {
	const { asked, services } = recorder();
	const limits = ['--memory', '64m', '--cpu-quota', '-1', '--cpuset-cpus', '0-1', '--oom-score-adj', '-5'];
	expect(await run(['update', ...limits, 'web'], { services })).toMatchObject({
		exitCode: 0,
		stdout: `${id}\n`,
	});
	expect(asked).toEqual([
		[
			id,
			{
				cpuPeriodMicros: undefined,
				cpuQuotaMicros: -1n,
				cpuShares: undefined,
				memoryLimitBytes: 67_108_864n,
				memorySwapLimitBytes: undefined,
				oomScoreAdj: -5n,
				cpusetCpus: '0-1',
				cpusetMems: '',
				unified: {},
			},
		],
	]);
});

test.each([
	[['update', 'web'], 'nothing to update'],
	[['update', '--memory', 'x', 'web'], 'flag --memory is a size such as 512m or 2g, not "x"'],
	[['update', '--oom-score-adj', '2000', 'web'], 'flag --oom-score-adj is from -1000 to 1000, not 2000'],
	[['update', '--cpu-count', '1', 'web'], 'flag --cpu-count is of Windows containers only'],
	[['create', '--no-pull', '--with-pull', 'p', 'c', 'q'], 'give one of --no-pull and --with-pull'],
	[['runp', '/nowhere.json'], 'cannot read pod configuration "/nowhere.json": no such file'],
	[['run', '/nowhere.json', '/p.json'], 'cannot read container configuration "/nowhere.json": no such file'],
	[['run', '-d', '/nowhere.json', '/p.json'], '--detach does not go together with configuration files'],
	[['run', '-it', 'busybox'], '-t needs a terminal, and standard input is none'],
	[['completion', 'tcsh'], 'no completion for "tcsh"; there are bash, zsh, fish'],
	[['apply'], 'give at least one manifest'],
])('%j is refused before anything is asked', async (args, sentence) => {
	await expect(run(args)).rejects.toThrow(sentence);
});

test('start starts each, and goes on after one that is not there', async () => {
	const { asked, services } = recorder();
	const ran = await run(['start', 'nobody', '0123'], { services });
	expect(ran).toMatchObject({ exitCode: 1, stdout: `${id}\n` });
	expect(ran.stderr).toContain('cannot find container "nobody"');
	expect(asked).toEqual([id]);
});
