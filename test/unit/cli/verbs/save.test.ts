import { expect, test } from 'vitest';
import { newTransfer } from '../../../../src/cli/transfers/transfer-state.ts';
import { archiveBytes } from '../../../../src/cli/verbs/save.ts';
import { UnavailableError } from '../../../../src/cri/errors.ts';
import type { SavePart } from '../../../../src/cri/image-transfer.ts';

const shown = {
	state: () => newTransfer('save', 'a:1', 0),
	event: () => undefined,
	archive: () => undefined,
	done: () => undefined,
	[Symbol.dispose]: () => undefined,
};

async function* cutAfter(...parts: readonly SavePart[]): AsyncGenerator<SavePart> {
	yield* parts;
	throw new UnavailableError('cannot save images "a:1": nobody listens at unix:///x/s.sock');
}

test('an archive that is cut by the end of the runtime says so, one that never began does not', async () => {
	const taken: Uint8Array[] = [];
	const take = async (...parts: readonly SavePart[]) => {
		for await (const bytes of archiveBytes(cutAfter(...parts), shown)) taken.push(bytes);
	};
	await expect(take({ kind: 'chunk', bytes: Buffer.from('tar') })).rejects.toThrow(
		'cannot save images "a:1": the runtime went away during the save; save again when it answers (nobody listens at unix:///x/s.sock)',
	);
	expect(taken).toHaveLength(1);
	await expect(take()).rejects.toThrow(
		new UnavailableError('cannot save images "a:1": nobody listens at unix:///x/s.sock'),
	);
});
