import { describe, expect, test } from 'vitest';
import type { ContainerStatus } from '../../../../src/cri/model.ts';
import { attachModeOf, plainInput } from '../../../../src/ui/effects/shell-attach.ts';
import { attachEnding, exitCodeText, shellEnding } from '../../../../src/ui/effects/shell-ending.ts';
import { telling, toldProcessId } from '../../../../src/ui/effects/shell-hangup.ts';

const status = (over: Partial<ContainerStatus>) => ({ reason: '', exitCode: 0, ...over }) as ContainerStatus;

describe('how a session ended', () => {
	test('an exit code names the signal it stands for', () => {
		expect([0, 3, 130, 137].map(exitCodeText)).toEqual(['0', '3', '130 (SIGINT)', '137 (SIGKILL)']);
	});

	test('a shell tells its code, a runtime its words, made harmless', () => {
		expect(shellEnding({ kind: 'exited', exitCode: 0 })).toEqual({
			kind: 'ended',
			level: 'ok',
			text: 'exited 0',
		});
		expect(shellEnding({ kind: 'disconnected', message: 'reset\n\x1b[31mby peer' }).text).toBe(
			'connection lost: reset ␛[31mby peer',
		);
	});

	test('an attach tells what became of the container, not what the stream said', () => {
		const exit = { kind: 'exited', exitCode: 0 } as const;
		const killed = status({ state: 'exited', exitCode: 137, reason: 'OOMKilled' });
		expect(attachEnding(exit, killed)).toEqual({
			kind: 'ended',
			level: 'warn',
			text: 'the container exited 137 (SIGKILL), OOMKilled',
		});
		expect(attachEnding(exit, status({ state: 'running' })).text).toBe(
			'the attach ended; the container is still running',
		);
		expect(attachEnding({ kind: 'disconnected', message: 'gone' }, undefined).text).toBe(
			'connection lost: gone',
		);
	});
});

describe('attaching', () => {
	const info = (value: unknown) => ({ info: { info: JSON.stringify(value) } });

	test('knows tty and stdin from containerd, tty from CRI-O, nothing from others', () => {
		expect(attachModeOf(info({ config: { tty: true, stdin: true } }))).toEqual({ tty: true, stdin: true });
		expect(attachModeOf(info({ config: {} }))).toEqual({ tty: false, stdin: false });
		expect(attachModeOf(info({ runtimeSpec: { process: { terminal: true } } }))).toEqual({
			tty: true,
			stdin: undefined,
		});
		expect(attachModeOf({ info: { info: 'not JSON' } })).toEqual({ tty: undefined, stdin: undefined });
	});

	test('without a tty Return is a newline and keys that type nothing are not sent', () => {
		expect(Buffer.from(plainInput(Buffer.from('hé\r\x1b[A\x03\x1bOP'))).toString()).toBe('hé\n');
	});
});

describe('hanging up', () => {
	test('takes a process id only for what is one', () => {
		expect(['17', '0', '-1', '1 2', '', '99999999'].map(toldProcessId)).toEqual([
			17,
			undefined,
			undefined,
			undefined,
			undefined,
			undefined,
		]);
	});

	test('the wrapper becomes the shell, words and all', () => {
		const command = telling(['/bin/busybox', 'sh']);
		expect(command.slice(0, 3)).toEqual(['/bin/busybox', 'sh', '-c']);
		expect(command[3]).toContain('exec "$0" "$@"');
		expect(command.slice(4)).toEqual(['/bin/busybox', 'sh']);
	});
});
