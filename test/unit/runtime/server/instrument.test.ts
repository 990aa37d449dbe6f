import { expect, test } from 'vitest';
import { BugError, type CriErrorCode, NotFoundError, UnavailableError } from '../../../../src/cri/errors.ts';
import type { LogFields, LogLevel } from '../../../../src/runtime/log.ts';
import { callErrorOf, createInstrument } from '../../../../src/runtime/server/instrument.ts';
import { SyscallError } from '../../../../src/runtime/sys/sys.ts';

function errno(code: string): Error {
	return Object.assign(new Error(`${code}: it failed`), { code });
}

test.each<[unknown, CriErrorCode]>([
	[new NotFoundError('x'), 'notFound'],
	[new UnavailableError('x'), 'unavailable'],
	[new DOMException('x', 'AbortError'), 'cancelled'],
	[errno('ENOSPC'), 'resourceExhausted'],
	[new Error('cannot write', { cause: errno('EDQUOT') }), 'resourceExhausted'],
	[new SyscallError('mknod', { code: 'EPERM', errno: 1, text: 'not permitted' }), 'permissionDenied'],
	[errno('EROFS'), 'failedPrecondition'],
	[errno('EIO'), 'unknown'],
	[new Error('whatever'), 'unknown'],
	['a string', 'unknown'],
	[undefined, 'unknown'],
	[new TypeError('x is undefined'), 'internal'],
	[new BugError('never'), 'internal'],
])('%s is told as %s', (thrown, code) => {
	const told = callErrorOf(thrown);
	expect(told.code).toBe(code);
	expect(told.message).not.toContain('\n    at ');
});

function instrument() {
	const lines: { level: LogLevel; message: string; fields: LogFields }[] = [];
	let now = 0;
	const observe = createInstrument(
		(level, message, fields = {}) => void lines.push({ level, message, fields }),
		() => (now += 12.34),
	);
	return { lines, observe };
}

test('what changed something is a line for every day, and what was only asked is for the curious', () => {
	const { lines, observe } = instrument();
	observe({ rpc: 'PullImage', subject: 'a:1', changes: true }).succeeded('id');
	observe({ rpc: 'Version', subject: '', changes: false }).succeeded('');
	expect(lines).toEqual([
		{
			level: 'info',
			message: 'call served',
			fields: { rpc: 'PullImage', object: 'a:1', durationMs: 12.3, code: 'ok', result: 'id' },
		},
		{
			level: 'debug',
			message: 'call served',
			fields: { rpc: 'Version', object: undefined, durationMs: 12.3, code: 'ok', result: undefined },
		},
	]);
});

test('failures are as loud as they matter, and only a fault of ours shows its stack', () => {
	const { lines, observe } = instrument();
	const call = (thrown: unknown, changes = true) =>
		observe({ rpc: 'R', subject: 's', changes }).failed(thrown);
	call(new NotFoundError('x'));
	call(new NotFoundError('x'), false);
	call(errno('ENOSPC'));
	call(new TypeError('oops'));
	expect(lines.map(({ level }) => level)).toEqual(['info', 'debug', 'warn', 'error']);
	expect(lines.map(({ fields }) => fields['stack'] !== undefined)).toEqual([false, false, false, true]);
	expect(lines[2]?.fields).toMatchObject({
		rpc: 'R',
		object: 's',
		code: 'resourceExhausted',
		error: 'ENOSPC: it failed',
	});
});
