import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReportCollector, parseExitReport } from '../../../../src/cri/streaming/exit-report.ts';
import { exitStatus } from '../../../fakes/streaming-server.ts';

test('exit codes are found', () => {
	for (const exitCode of [0, 1, 137]) {
		expect(parseExitReport(exitStatus(exitCode))).toEqual({ kind: 'exited', exitCode });
	}
});

test.each([
	['{"status":"Failure","reason":"InternalError","message":"no such file"}', 'no such file'],
	['{"status":"Failure","reason":"InternalError"}', 'InternalError'],
	['{"status":"Failure","reason":"NonZeroExitCode","message":"odd"}', 'odd'],
	['{"status":"Failure","reason":"NonZeroExitCode","message":"odd","details":{"causes":7}}', 'odd'],
	['plain text of an old server\n', 'plain text of an old server'],
	['{"status":', '{"status":'],
	['null', 'null'],
])('%s is a failure', (text, message) => {
	expect(parseExitReport(text)).toEqual({ kind: 'failed', message });
});

test('any report gives an answer', () => {
	fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => parseExitReport(text) !== undefined));
});

test('a report is put together from pieces that cut a character', () => {
	const collector = createReportCollector();
	for (const byte of Buffer.from('déjà')) collector.add(Buffer.from([byte]));
	expect(collector.text()).toBe('déjà');
});

test('an endless report is cut', () => {
	const collector = createReportCollector();
	for (let count = 0; count < 10; count++) collector.add(Buffer.alloc(60_000, 'x'));
	expect(collector.text().length).toBeLessThan(130_000);
});
