import { describe, expect, test } from 'vitest';
import { CriError, DeadlineError, NotFoundError } from '../../../../src/cri/errors.ts';
import { findShell } from '../../../../src/ui/effects/shell-probe.ts';

const missing = new CriError(
	'unknown',
	'OCI runtime exec failed: exec failed: unable to start container process: exec: "sh": executable file not found in $PATH',
);

/** A runtime that answers commands by their first words; what is absent is not in the image. */
function runtime(answers: Readonly<Record<string, { stdout?: string; exitCode?: number } | Error>>) {
	const asked: string[] = [];
	return {
		asked,
		execSync: async ({ command }: { readonly command: readonly string[] }) => {
			const name = command.slice(0, command.indexOf('-c')).join(' ');
			asked.push(name);
			const answer = answers[name] ?? missing;
			if (answer instanceof Error) throw answer;
			return {
				stdout: Buffer.from(answer.stdout ?? ''),
				stderr: Buffer.alloc(0),
				exitCode: answer.exitCode ?? 0,
			};
		},
	};
}

describe('finding a shell', () => {
	test('asks once where there is an sh, and takes the best', async () => {
		const cri = runtime({ sh: { stdout: '/usr/bin/bash\n' } });
		expect(await findShell(cri, 'c')).toEqual({ kind: 'found', command: ['/usr/bin/bash'] });
		expect(cri.asked).toEqual(['sh']);
	});

	test('takes sh itself where it names no path', async () => {
		expect(await findShell(runtime({ sh: { stdout: 'sh\n' } }), 'c')).toEqual({
			kind: 'found',
			command: ['sh'],
		});
	});

	test('finds a shell that no PATH leads to', async () => {
		const cri = runtime({ '/bin/busybox sh': {} });
		expect(await findShell(cri, 'c')).toEqual({ kind: 'found', command: ['/bin/busybox', 'sh'] });
	});

	test('says what the runtime said where there is none', async () => {
		expect(await findShell(runtime({}), 'c')).toEqual({ kind: 'none', message: missing.message });
	});

	test.each([
		new NotFoundError('cannot run a command in container "c": container "c" not found'),
		new DeadlineError('no answer within 5000 ms'),
		new CriError('unknown', 'failed to exec in container: container is in CONTAINER_EXITED state'),
	])('a container or runtime in trouble is no image without a shell: %s', async (error) => {
		const cri = runtime({ sh: error });
		expect(await findShell(cri, 'c')).toEqual({ kind: 'failed', message: error.message });
		expect(cri.asked).toEqual(['sh']);
	});
});
