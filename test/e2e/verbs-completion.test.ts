import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliRuntime, cliRuntimeMissing, cliRuntimes, unique } from '../helpers/cli-runtimes.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { runCriscope } from '../helpers/run-criscope.ts';
import { startTui } from '../helpers/tui.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const noZsh = whatIsMissing('zsh');
const noFish = whatIsMissing('fish');

describe.skipIf(cliRuntimeMissing !== undefined)(
	`completion in real shells${cliRuntimeMissing ?? ''}`,
	() => {
		let runtime: CliRuntime;
		let bin = '';
		const name = unique('completed');

		beforeAll(async () => {
			runtime = await cliRuntimes.containerd();
			bin = mkdtempSync(path.join(tmpdir(), 'criscope-bin-'));
			const program = `#!/bin/sh\nexec ${rootDir}node_modules/.bin/node ${rootDir}dist/main.js "$@"\n`;
			writeFileSync(path.join(bin, 'criscope'), program, { mode: 0o755 });
			const ran = await runCriscope([
				'-r',
				runtime.endpoint,
				'run',
				'-d',
				'--name',
				name,
				runtime.image,
				'sleep',
				'1000',
			]);
			expect(ran.exitCode).toBe(0);
		});
		afterAll(async () => {
			await runCriscope(['-r', runtime.endpoint, 'rmp', '-f', name]);
			await runtime.stop();
			rmSync(bin, { recursive: true, force: true });
		});

		const env = () => ({
			PATH: `${bin}:/usr/bin:/bin`,
			HOME: bin,
			LANG: 'C.UTF-8',
			CONTAINER_RUNTIME_ENDPOINT: runtime.endpoint,
			// The machine of a test may be slow; a person's is not waited for.
			CRISCOPE_COMPLETION_MS: '30000',
		});

		/** What bash's own machinery makes of a line with the cursor at its end. */
		function inBash(line: string): readonly string[] {
			const script = `source <(criscope completion bash)
COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(criscope)
_criscope; printf '%s\\n' "\${COMPREPLY[@]}"`;
			return execFileSync('bash', ['-c', script], { env: env(), encoding: 'utf8' })
				.split('\n')
				.filter(Boolean);
		}

		test('bash: verbs, flags, values, live names and images', () => {
			expect(inBash('criscope run')).toEqual(expect.arrayContaining(['run', 'runp']));
			expect(inBash('criscope __comp')).toEqual([]);
			expect(inBash('criscope pods --out')).toEqual(['--output']);
			expect(inBash('criscope pods -o js')).toEqual(['json']);
			expect(inBash('criscope pods --output=ya')).toEqual(['yaml']);
			expect(inBash(`criscope stop ${name.slice(0, 12)}`)).toEqual([name]);
			expect(inBash(`criscope rmp ${name.slice(0, 12)}`)).toEqual([name]);
			const tag = runtime.image.slice(0, -1);
			expect(inBash(`criscope run -it --rm ${tag}`)).toEqual(['1']);
			expect(inBash('criscope completion z')).toEqual(['zsh']);
		});

		test('an interactive bash completes a verb and then a name by the tab key', async () => {
			await using tui = startTui({
				command: ['bash', '--norc', '--noprofile', '-i'],
				env: { ...env(), PS1: 'ready> ' },
			});
			await tui.until('ready>');
			tui.type('source <(criscope completion bash); echo loa""ded\r');
			await tui.until('loaded');
			tui.type('criscope inspectp '.slice(0, 16));
			tui.type(`p ${name.slice(0, 12)}\t`);
			await tui.until(`criscope inspectp ${name}`);
		});

		test.skipIf(noZsh !== undefined)(`zsh loads it and completes${noZsh ?? ''}`, async () => {
			await using tui = startTui({ command: ['zsh', '-f', '-i'], env: { ...env(), PS1: 'ready> ' } });
			await tui.until('ready>');
			tui.type('autoload -U compinit && compinit -D && source <(criscope completion zsh); echo loa""ded\r');
			await tui.until('loaded');
			tui.type(`criscope stop ${name.slice(0, 12)}\t`);
			await tui.until(`criscope stop ${name}`);
		});

		test.skipIf(noFish !== undefined)(`fish loads it and completes${noFish ?? ''}`, () => {
			const script = `criscope completion fish | source; complete -C 'criscope stop ${name.slice(0, 12)}'`;
			const output = execFileSync('fish', ['-c', script], { env: env(), encoding: 'utf8' });
			expect(output).toContain(name);
		});
	},
);

test('with a runtime that does not answer, completion is silent and soon over', async () => {
	const ran = await runCriscope([
		'-r',
		'unix:///nowhere/at-all.sock',
		'__complete',
		'--shell',
		'bash',
		'--',
		'criscope stop x',
	]);
	expect(ran).toEqual({ exitCode: 0, stdout: 'names\n', stderr: '' });
});
