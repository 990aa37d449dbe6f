import * as fs from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { createNetworkUsers } from '../../../../src/runtime/cni/network-users.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

vi.mock('node:fs', async (original) => {
	const real = await original<typeof import('node:fs')>();
	return {
		...real,
		/** Another runtime takes away what dangles, just when this one has seen it. */
		existsSync(file: string) {
			if (real.existsSync(file)) return true;
			real.rmSync(file, { force: true });
			return false;
		},
	};
});

test('a network is marked also while another runtime takes the same old marks away', () => {
	const base = tempDir();
	const [dir, own, other] = ['marks', 'own', 'other'].map((name) => path.join(base, name)) as [
		string,
		string,
		string,
	];
	for (const folder of [dir, own, other]) fs.mkdirSync(folder);
	fs.symlinkSync(path.join(base, 'gone'), path.join(dir, 'net@0123456789abcdef'));
	const users = createNetworkUsers(dir, own);
	users.mark('net');
	expect(fs.readdirSync(dir)).toHaveLength(1);
	expect(fs.realpathSync(path.join(dir, fs.readdirSync(dir)[0] ?? ''))).toBe(fs.realpathSync(own));
	fs.writeFileSync(path.join(own, 'pod.json'), '{}');
	expect(users.isUsedByOthers('net')).toBe(false);
	expect(createNetworkUsers(dir, other).isUsedByOthers('net')).toBe(true);
	expect(createNetworkUsers(dir, other).isUsedByOthers('ne')).toBe(false);
});
