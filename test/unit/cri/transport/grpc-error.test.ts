/** What a failed connection is called; the rest of the sentences is tried against a real server in client.test.ts. */
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { criErrorOf } from '../../../../src/cri/transport/grpc-error.ts';

const context = {
	doing: 'list containers',
	object: '',
	endpoint: 'unix:///x.sock',
	socketPath: '/x.sock',
	timeoutMs: 1000,
};

test.each([
	[
		'No connection established. Last error: Protocol error (2026-11-22T19:39:09.284Z). Resolution note:',
		'the connection to unix:///x.sock was lost (Protocol error)',
	],
	[
		'No connection established. Last error: read ECONNRESET. Resolution note: none',
		'the connection to unix:///x.sock was lost (read ECONNRESET)',
	],
	['Connection dropped', 'the connection to unix:///x.sock was lost (Connection dropped)'],
	['the runtime is starting', 'the runtime is starting'],
])('%s', (details, cause) => {
	const failure = Object.assign(new Error(details), {
		code: status.UNAVAILABLE,
		details,
		metadata: new Metadata(),
	});
	expect(criErrorOf(failure, context).message).toBe(`cannot list containers: ${cause}`);
});
