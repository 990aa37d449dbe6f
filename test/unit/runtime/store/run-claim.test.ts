import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { claimNamespacesDir, claimRunDir } from '../../../../src/runtime/store/run-claim.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const free = { lockFile: () => true };

function setUp() {
	const dir = tempDir();
	const [one, other, bundles] = ['one', 'other', 'run/bundles'].map((name) => path.join(dir, name)) as [
		string,
		string,
		string,
	];
	for (const made of [one, other, bundles]) mkdirSync(made, { recursive: true });
	const claim = (root: string, sys = free) => claimRunDir(sys, path.join(dir, 'run'), root, [bundles]);
	return { dir, one, other, bundles, claim };
}

test('pods of another store are not taken for leftovers', async () => {
	const { dir, one, other, bundles, claim } = setUp();
	await (await claim(one))[Symbol.asyncDispose]();
	mkdirSync(path.join(bundles, 'pod'));
	await expect(claim(other)).rejects.toThrow(
		`cannot use run root "${dir}": it has pods of store "${one}"; a store of its own needs a --runroot of its own`,
	);
	await (await claim(one))[Symbol.asyncDispose]();
});

test('what has nothing in it may be taken over', async () => {
	const { dir, one, other, bundles, claim } = setUp();
	await (await claim(one))[Symbol.asyncDispose]();
	await (await claim(other))[Symbol.asyncDispose]();
	rmSync(bundles, { recursive: true });
	await (await claim(one))[Symbol.asyncDispose]();
	expect(readFileSync(path.join(dir, 'run/owner'), 'utf8')).toBe(`${one}\n`);
});

test('one that is in use is left alone', async () => {
	const { one, other, claim } = setUp();
	await using _ = await claim(one);
	await expect(claim(other, { lockFile: () => false })).rejects.toThrow(
		`a runtime on store "${one}" is using it`,
	);
});

test('a folder of namespaces belongs to one store, too', async () => {
	const { dir, one, other } = setUp();
	const namespaces = path.join(dir, 'ns');
	const claim = (root: string, sys = free) => claimNamespacesDir(sys, namespaces, root);
	await (await claim(one))[Symbol.asyncDispose]();
	await (await claim(other))[Symbol.asyncDispose]();
	await (await claim(one))[Symbol.asyncDispose]();
	mkdirSync(path.join(namespaces, 'ipc/pod'), { recursive: true });
	await expect(claim(other)).rejects.toThrow(
		`cannot use namespaces_dir "${namespaces}": it has namespaces of store "${one}"; a store of its own needs a namespaces_dir of its own`,
	);
	await expect(claim(one, { lockFile: () => false })).rejects.toThrow(
		`a runtime on store "${one}" is using it`,
	);
	await (await claim(one))[Symbol.asyncDispose]();
});
