import { expect, test } from 'vitest';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import { createSharedTransfers } from '../../../../src/runtime/image/shared-transfers.ts';

test('tells who waits for a transfer that the runtime ends, and who asks for one after that', async () => {
	const transfers = createSharedTransfers();
	const began = Promise.withResolvers<void>();
	let cleanedUp = false;
	const events = transfers.run('one', async (_log, signal) => {
		began.resolve();
		await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
		cleanedUp = true;
		signal.throwIfAborted();
	});
	const outcome = (async () => {
		for await (const _ of events);
	})();
	const told = expect(outcome).rejects.toThrow(new UnavailableError('the runtime is shutting down'));
	await began.promise;
	await transfers[Symbol.asyncDispose]();
	expect(cleanedUp).toBe(true);
	await told;

	const late = transfers.run('two', async () => undefined);
	await expect(late[Symbol.asyncIterator]().next()).rejects.toThrow('the runtime is shutting down');
});
