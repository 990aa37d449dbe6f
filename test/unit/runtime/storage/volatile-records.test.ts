import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openStore } from '../../../../src/runtime/storage/open-store.ts';
import { recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const whole = '[{"id":"a"}]';

async function openAgain(spoil: (layersDir: string, mountsDir: string) => void) {
	const dir = tempDir();
	const said: string[] = [];
	const open = () =>
		openStore({
			sys: recordingSys({ lockFile: () => true }),
			graphRoot: `${dir}/root`,
			runRoot: `${dir}/run`,
			driver: 'vfs',
			log: (sentence) => said.push(sentence),
		});
	await (await open())[Symbol.asyncDispose]();
	const [layersDir, mountsDir] = [`${dir}/root/vfs-layers`, `${dir}/run/vfs-layers`] as const;
	spoil(layersDir, mountsDir);
	await (await open())[Symbol.asyncDispose]();
	return { said, layersDir, mountsDir };
}

test.each([
	['zeros', '\0'.repeat(200)],
	['half a file', whole.slice(0, -3)],
])('a store opens after a power cut that left %s of what does not outlive one', async (_what, text) => {
	const { said, layersDir, mountsDir } = await openAgain((layers, mounts) => {
		writeFileSync(`${layers}/volatile-layers.json`, text);
		writeFileSync(`${mounts}/mountpoints.json`, text);
	});
	for (const file of [`${layersDir}/volatile-layers.json`, `${mountsDir}/mountpoints.json`]) {
		expect(existsSync(file)).toBe(false);
		expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(text);
		expect(said.some((sentence) => sentence.includes(`"${file}"`))).toBe(true);
	}
});

test('what is empty or whole is left as it is', async () => {
	const { said, layersDir, mountsDir } = await openAgain((layers, mounts) => {
		writeFileSync(`${layers}/volatile-layers.json`, '');
		writeFileSync(`${mounts}/mountpoints.json`, whole);
	});
	expect(readFileSync(`${mountsDir}/mountpoints.json`, 'utf8')).toBe(whole);
	for (const file of [`${layersDir}/volatile-layers.json`, `${mountsDir}/mountpoints.json`]) {
		expect(existsSync(`${file}.damaged`)).toBe(false);
	}
	expect(said).toEqual([]);
});

test('records of images are nothing to set aside', async () => {
	const spoilt = openAgain((layers) => writeFileSync(`${layers}/layers.json`, '[{"id"'));
	await expect(spoilt).rejects.toThrow(/cannot read records .*layers\.json/);
});
