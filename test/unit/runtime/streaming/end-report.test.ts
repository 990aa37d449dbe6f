import { expect, test } from 'vitest';
import { parseExitReport } from '../../../../src/cri/streaming/exit-report.ts';
import { endReport } from '../../../../src/runtime/streaming/end-report.ts';

test('success is a Status, and silence before v4', () => {
	expect(endReport({ kind: 'exited', exitCode: 0 }, 'status')).toBe('{"metadata":{},"status":"Success"}');
	expect(endReport({ kind: 'exited', exitCode: 0 }, 'text')).toBe('');
});

test('an exit code is a cause of its own', () => {
	expect(JSON.parse(endReport({ kind: 'exited', exitCode: 137 }, 'status'))).toMatchObject({
		status: 'Failure',
		reason: 'NonZeroExitCode',
		details: { causes: [{ reason: 'ExitCode', message: '137' }] },
	});
	expect(endReport({ kind: 'exited', exitCode: 137 }, 'text')).toContain('exit status 137');
});

test('a failure is an internal error with the words', () => {
	expect(JSON.parse(endReport({ kind: 'failed', message: 'no such file' }, 'status'))).toMatchObject({
		status: 'Failure',
		reason: 'InternalError',
		message: 'no such file',
		code: 500,
	});
	expect(endReport({ kind: 'failed', message: 'no such file' }, 'text')).toBe('no such file');
});

test('our client reads back what is written', () => {
	for (const end of [
		{ kind: 'exited', exitCode: 0 },
		{ kind: 'exited', exitCode: 255 },
		{ kind: 'failed', message: 'why "not"' },
	] as const) {
		expect(parseExitReport(endReport(end, 'status'))).toEqual(end);
	}
});
