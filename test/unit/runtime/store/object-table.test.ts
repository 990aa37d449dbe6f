import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mapPodSandboxRequest } from '../../../../src/cri/codec-pod-request.ts';
import { InvalidArgumentError } from '../../../../src/cri/errors.ts';
import type { PodSandboxRecord } from '../../../../src/runtime/store/model.ts';
import { createObjectTable } from '../../../../src/runtime/store/object-table.ts';
import { createRecordFiles } from '../../../../src/runtime/store/record-files.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

function record(id: string, name: string): PodSandboxRecord {
	return {
		version: 1,
		id,
		name,
		phase: 'complete',
		request: mapPodSandboxRequest({
			metadata: { name, uid: 'u', namespace: 'n', attempt: 0 },
			linux: { resources: { memoryLimitInBytes: '9007199254740993' } },
		}),
		runtimeHandler: '',
		handler: undefined,
		bootId: 'boot',
		createdAtNanos: 1_795_000_000_123_456_789n,
		stoppedAtNanos: undefined,
		network: { ips: ['10.0.0.2'], attachments: [{ network: 'n', interface: 'eth0', result: { a: [1] } }] },
		networkStopped: false,
		hostname: 'h',
		cgroupParent: '/x',
		infra: { init: { pid: 1, startTimeTicks: 2n ** 60n }, monitor: { pid: 2, startTimeTicks: 5n } },
	};
}

const idOf = (start: string) => start.padEnd(64, '0');

function setUp() {
	const dir = tempDir();
	const files = createRecordFiles<PodSandboxRecord>(dir);
	return { dir, files, table: createObjectTable('pod sandbox', files) };
}

test('what is added is read back to the last digit', async () => {
	const { files, table } = setUp();
	const one = record(idOf('a'), 'one');
	await table.add(one);
	const { records, broken } = await files.load();
	expect(broken).toEqual([]);
	expect(records).toEqual([one]);
});

test('a change counts at once in memory, and on disk when its promise is kept', async () => {
	const { files, table } = setUp();
	const { id } = record(idOf('a'), 'one');
	await table.add(record(id, 'one'));
	const first = table.update(id, { stoppedAtNanos: 1n });
	const second = table.update(id, { stoppedAtNanos: 2n });
	expect(table.get(id)?.stoppedAtNanos).toBe(2n);
	await Promise.all([first, second]);
	expect((await files.load()).records[0]?.stoppedAtNanos).toBe(2n);
});

describe('finding', () => {
	test('takes a whole id, a prefix that fits one, or a name', async () => {
		const { table } = setUp();
		await table.add(record(idOf('ab'), 'one'));
		await table.add(record(idOf('ac'), 'two'));
		expect(table.find(idOf('ab'))?.name).toBe('one');
		expect(table.find('ac')?.name).toBe('two');
		expect(table.find('b')).toBeUndefined();
		expect(table.find('')).toBeUndefined();
		expect(() => table.find('a')).toThrow(InvalidArgumentError);
		expect(table.byName('two')?.id).toBe(idOf('ac'));
	});
});

test('a name is free once it is released, though the object is still there', async () => {
	const { table } = setUp();
	await table.add(record(idOf('a'), 'one'));
	table.releaseName(idOf('a'));
	expect(table.byName('one')).toBeUndefined();
	await table.add(record(idOf('b'), 'one'));
	await table.remove(idOf('a'));
	expect(table.byName('one')?.id).toBe(idOf('b'));
});

test('a record that cannot be written is not in the table, and leaves nothing', async () => {
	const { dir, table } = setUp();
	// In the place of the object's folder.
	writeFileSync(path.join(dir, idOf('a')), '');
	await expect(table.add(record(idOf('a'), 'one'))).rejects.toThrow();
	expect(table.get(idOf('a'))).toBeUndefined();
	expect(table.byName('one')).toBeUndefined();
	expect(readdirSync(dir)).toEqual([]);
});

test('a change that cannot be written stays in memory, and is written later', async () => {
	const { dir, files, table } = setUp();
	const id = idOf('a');
	await table.add(record(id, 'one'));
	rmSync(path.join(dir, id), { recursive: true });
	writeFileSync(path.join(dir, id), '');
	await expect(table.update(id, { hostname: 'new' })).rejects.toThrow();
	expect(table.get(id)?.hostname).toBe('new');
	expect(await table.saveUnsaved()).toEqual([id]);
	rmSync(path.join(dir, id));
	expect(await table.saveUnsaved()).toEqual([]);
	expect((await files.load()).records[0]?.hostname).toBe('new');
});

test.each([
	['empty', ''],
	['cut off', '{"version":1,"id":'],
	['of another version', JSON.stringify({ version: 2, id: idOf('a'), phase: 'complete', request: {} })],
	['of another object', JSON.stringify({ version: 1, id: idOf('b'), phase: 'complete', request: {} })],
	['in no known phase', JSON.stringify({ version: 1, id: idOf('a'), phase: 'x', request: {} })],
])('a record that is %s is told as broken', async (_how, text) => {
	const { dir, files } = setUp();
	mkdirSync(path.join(dir, idOf('a')));
	writeFileSync(path.join(dir, idOf('a'), 'record.json'), text);
	mkdirSync(path.join(dir, 'not-an-id'));
	expect(await files.load()).toMatchObject({ records: [], broken: [{ id: idOf('a') }] });
});
