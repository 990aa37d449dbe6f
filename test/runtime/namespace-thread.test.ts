/** The thread that makes namespaces, ended before it has begun: the process that asks for it must outlive that. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing('root');
const thread = new URL('../../src/runtime/sys/namespace-thread.ts', import.meta.url).href;
/** Ends one thread after each of these times; loading takes some tens of milliseconds, more on a busy host. */
const script = `
	const { createNamespaceThread } = await import('${thread}');
	for (let delayMs = 0; delayMs < 90; delayMs += 3) {
		const made = createNamespaceThread();
		await new Promise((resolve) => setTimeout(resolve, delayMs));
		await made[Symbol.asyncDispose]();
	}
	console.log('alive');
`;

describe.skipIf(missing)(`the thread of namespaces${missing ?? ''}`, () => {
	test('ending it while it loads ends nothing else', { timeout: 60_000 }, async () => {
		const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
		expect(stdout).toBe('alive\n');
	});
});
