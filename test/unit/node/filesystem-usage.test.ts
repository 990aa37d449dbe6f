import { expect, test } from 'vitest';
import { fullRatioOf } from '../../../src/node/filesystem-usage.ts';

const bytes = { totalBytes: 1000, usedBytes: 450, availableBytes: 450 };

test('how full a file system is counts without the reserve of root, in bytes or inodes, whichever is more', () => {
	expect(fullRatioOf({ ...bytes, inodesTotal: undefined, inodesUsed: undefined })).toBe(0.5);
	expect(fullRatioOf({ ...bytes, inodesTotal: 100, inodesUsed: 97 })).toBe(0.97);
	expect(fullRatioOf({ ...bytes, availableBytes: 0, inodesTotal: 100, inodesUsed: 1 })).toBe(1);
	expect(fullRatioOf({ ...bytes, usedBytes: 0, availableBytes: 0, inodesTotal: 0, inodesUsed: 0 })).toBe(0);
});
