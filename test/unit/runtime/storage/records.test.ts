import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { FailedPreconditionError } from '../../../../src/cri/errors.ts';
import { bigDataFileName } from '../../../../src/runtime/storage/big-data.ts';
import { layerIdOf } from '../../../../src/runtime/storage/layer-id.ts';
import { parseRecords, serializeRecords } from '../../../../src/runtime/storage/records/json-records.ts';
import { layerRecord, withIncomplete } from '../../../../src/runtime/storage/records/layer-records.ts';
import { createRecordTable } from '../../../../src/runtime/storage/records/record-table.ts';
import { formatRecordTime, parseRecordTime } from '../../../../src/runtime/storage/records/record-time.ts';
import { createFileLock } from '../../../../src/runtime/sys/file-lock.ts';
import { recordingSys } from '../../../fakes/sys.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

describe('records', () => {
	test('keep unknown keys, their order, and numbers that no double holds', () => {
		const text =
			'[{"id":"a","future":{"deep":[1,2.50,9007199254740993,1e400,-18446744073709551615]},"names":null,"z":"1.5e3"}]';
		expect(serializeRecords(parseRecords(text, 'x.json'))).toBe(text);
	});

	test('are none where the file is empty or null, as in c/storage', () => {
		expect(parseRecords('', 'x.json')).toEqual([]);
		expect(parseRecords('null', 'x.json')).toEqual([]);
	});

	test.each(['[{"id":"a"', '{"id":"a"}', '[1]', '[null]', 'x'])('refuse %s, naming the file', (text) => {
		expect(() => parseRecords(text, '/g/layers.json')).toThrow(FailedPreconditionError);
		expect(() => parseRecords(text, '/g/layers.json')).toThrow(/"\/g\/layers.json"/);
	});
});

describe('times of records', () => {
	test.each([
		['2026-11-22T15:10:44.753620392Z', 1795360244753620392n],
		['2026-11-22T16:10:44.7+01:00', 1795360244700000000n],
		['1969-12-31T23:59:59.5Z', -500000000n],
		['0001-01-01T00:00:00Z', 0n],
		['yesterday', 0n],
	])('reads %s', (text, nanos) => expect(parseRecordTime(text)).toBe(nanos));

	test('are written as Go writes them', () => {
		expect(formatRecordTime(1795360244753620390n)).toBe('2026-11-22T15:10:44.75362039Z');
		expect(formatRecordTime(1795360244000000000n)).toBe('2026-11-22T15:10:44Z');
		expect(formatRecordTime(-500000000n)).toBe('1969-12-31T23:59:59.5Z');
	});
});

test('layer ids are those that Podman 4.3 gives', () => {
	const base = 'sha256:436a6f6a578827ade068a07188d0b8e979efafdc84655c7d681a1b833786bafa';
	const next = 'sha256:0b10df909da9be11d0b88ff1110e6281a4c76e35af17519cf694cb13e59c61a9';
	expect(layerIdOf([base])).toBe(base.slice(7));
	expect(layerIdOf([base, next])).toBe('36be062ecf32ea7584b039acab77a5f61d3b3e396620aca10d89b48221d48e3a');
	expect(layerIdOf([])).toBe('');
});

test('big data lies in files that Podman finds', () => {
	expect(bigDataFileName('manifest')).toBe('manifest');
	expect(bigDataFileName('sha256:ca')).toBe('=c2hhMjU2OmNh');
	expect(bigDataFileName('Manifest')).toBe('=TWFuaWZlc3Q=');
});

describe('layer records', () => {
	const staged = {
		dir: '/d',
		diffDir: '/d/diff',
		tarSplitPath: '/d/t',
		[Symbol.asyncDispose]: async () => {},
	};
	const unpacked = {
		diffDigest: 'sha256:d1',
		diffSizeBytes: 10,
		compression: 'zstd',
		uids: [0],
		gids: [],
		rootEntrySeen: false,
		entries: 3,
	} as const;

	test('have the fields of c/storage and leave out what is empty', () => {
		const layer = {
			id: 'a',
			parent: undefined,
			staged,
			unpacked,
			compressedDigest: 'sha256:c1',
			compressedSizeBytes: 5,
		};
		const { created, ...record } = layerRecord(layer, undefined);
		expect(created).toMatch(/^\d{4}-.*Z$/);
		expect(record).toEqual({
			id: 'a',
			'compressed-diff-digest': 'sha256:c1',
			'compressed-size': 5,
			'diff-digest': 'sha256:d1',
			'diff-size': 10,
			compression: 4,
			uidset: [0],
		});
	});

	test('of a replaced layer keep what others wrote, and come uncompressed as their own blob', () => {
		const layer = {
			id: 'a',
			parent: 'p',
			staged,
			unpacked: { ...unpacked, compression: 'none' } as const,
			compressedDigest: undefined,
			compressedSizeBytes: undefined,
		};
		const old = { id: 'a', names: ['n'], compression: 2, flags: { incomplete: true, other: 1 } };
		const record = layerRecord(layer, old);
		expect(record).toMatchObject({
			names: ['n'],
			flags: { other: 1 },
			'compressed-diff-digest': 'sha256:d1',
		});
		expect(record).not.toHaveProperty('compression');
	});

	test('are flagged and unflagged without losing other flags', () => {
		expect(withIncomplete({ id: 'a' }, true)).toEqual({ id: 'a', flags: { incomplete: true } });
		expect(withIncomplete({ id: 'a', flags: { incomplete: true } }, false)).toEqual({ id: 'a' });
	});
});

describe('a table of records', () => {
	const open = (dir: string, indexed: (count: number) => void = () => {}) =>
		createRecordTable(
			[createFileLock(recordingSys(), path.join(dir, 'x.lock'))],
			[
				{ path: path.join(dir, 'x.json'), durable: true },
				{ path: path.join(dir, 'volatile-x.json'), durable: false },
			],
			(files) => {
				indexed(files.flat().length);
				return files.flat().map((record) => String(record['id']));
			},
		);

	test('is indexed once per change, and again when another program wrote', async () => {
		const dir = tempDir();
		const counts: number[] = [];
		const ours = open(dir, (count) => counts.push(count));
		const theirs = open(dir);
		expect(await ours.read((ids) => ids)).toEqual([]);
		await ours.read((ids) => ids);
		await theirs.change((change) => change.save(0, [{ id: 'a' }]));
		expect(await ours.read((ids) => ids)).toEqual(['a']);
		await theirs.change((change) => change.save(1, [{ id: 'b' }]));
		expect(await ours.read((ids) => ids)).toEqual(['a', 'b']);
		await ours.read((ids) => ids);
		expect(counts).toEqual([0, 1, 2]);
	});

	test('sees a change of equal size whose token alone differs, and one whose file alone differs', async () => {
		const dir = tempDir();
		const ours = open(dir);
		await ours.change((change) => change.save(0, [{ id: 'a' }]));
		const file = path.join(dir, 'x.json');
		writeFileSync(file, '[{"id":"b"}]');
		utimesSync(file, 1, 1);
		expect(await ours.read((ids) => ids)).toEqual(['b']);
	});

	test('has a token of 64 bytes in place before the records change', async () => {
		const dir = tempDir();
		const ours = open(dir);
		await ours.change(async (change) => {
			await change.save(0, [{ id: 'a' }]);
			const first = readFileSync(path.join(dir, 'x.lock'));
			expect(first).toHaveLength(64);
			expect(first.readUInt32LE(16)).toBe(process.pid);
			expect(change.index).toEqual(['a']);
			await change.save(0, []);
			expect(readFileSync(path.join(dir, 'x.lock'))).not.toEqual(first);
			expect(change.records(0)).toEqual([]);
		});
	});

	test('is read by those who come while it is read, and waits while it is written', async () => {
		const ours = open(tempDir());
		const gate = Promise.withResolvers<void>();
		const writing = ours.change(async (change) => {
			await gate.promise;
			await change.save(0, [{ id: 'late' }]);
		});
		const reading = ours.read((ids) => ids);
		gate.resolve();
		await writing;
		expect(await reading).toEqual(['late']);
	});
});
