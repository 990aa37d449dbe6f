import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openStore } from '../../../../src/runtime/storage/open-store.ts';
import { recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

test('a store that is taken away while it is open says so, and is there again when it is opened again', async () => {
	const dir = tempDir();
	const graphRoot = `${dir}/root`;
	const sys = recordingSys({ lockFile: () => true });
	const open = () => openStore({ sys, graphRoot, runRoot: `${dir}/run`, driver: 'vfs' });
	const store = await open();
	rmSync(graphRoot, { recursive: true });
	const said = `cannot use store "${graphRoot}": it was taken away while it was open`;
	await expect(store.presentLayers(['0'.repeat(64)])).rejects.toThrow(said);
	await expect(store.stageLayer({ parent: undefined })).rejects.toThrow(said);
	expect(() => store.stagingPath('x')).toThrow(said);
	await store[Symbol.asyncDispose]();

	const again = await open();
	expect(again.stagingPath('x')).toContain(graphRoot);
	await again[Symbol.asyncDispose]();
});
