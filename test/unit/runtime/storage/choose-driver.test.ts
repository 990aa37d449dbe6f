import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { chooseDriver, type DriverRequest } from '../../../../src/runtime/storage/drivers/choose-driver.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

/** A graph root with stores of these drivers in it. */
function choose(drivers: readonly string[], request: Partial<DriverRequest> = {}) {
	const graphRoot = tempDir();
	for (const driver of drivers) mkdirSync(path.join(graphRoot, `${driver}-images`));
	return chooseDriver({
		graphRoot,
		wanted: undefined,
		priority: [],
		probe: async () => undefined,
		log: () => undefined,
		...request,
	});
}
const noOverlay = { probe: async () => 'its filesystem is nfs' };

describe('chooseDriver', () => {
	test('takes overlay for a new store, and vfs where overlay does not work', async () => {
		expect(await choose([])).toBe('overlay');
		const sentences: string[] = [];
		expect(await choose([], { ...noOverlay, log: (sentence) => sentences.push(sentence) })).toBe('vfs');
		expect(sentences.join()).toContain('its filesystem is nfs');
	});

	test('keeps the driver of a store that is there', async () => {
		expect(await choose(['vfs'])).toBe('vfs');
		expect(await choose(['overlay'])).toBe('overlay');
		await expect(choose(['overlay'], noOverlay)).rejects.toThrow('with overlay: its filesystem is nfs');
		await expect(choose(['overlay', 'vfs'])).rejects.toThrow('of overlay and of vfs');
	});

	test.each(['btrfs', 'devicemapper', 'aufs', 'zfs'])(
		'says what to do about a store of %s',
		async (driver) => {
			await expect(choose([driver])).rejects.toThrow(`made with the driver ${driver}`);
			expect(await choose([driver], { wanted: 'overlay' })).toBe('overlay');
		},
	);

	test('does what it is told, or says that it cannot', async () => {
		expect(await choose(['overlay'], { wanted: 'vfs' })).toBe('vfs');
		expect(await choose([], { wanted: 'overlay2' })).toBe('overlay');
		await expect(choose([], { wanted: 'btrfs' })).rejects.toThrow('the driver "btrfs" is not supported');
		await expect(choose([], { wanted: 'overlay', ...noOverlay })).rejects.toThrow('nfs');
		expect(await choose([], { priority: ['btrfs', 'vfs', 'overlay'] })).toBe('vfs');
	});
});
