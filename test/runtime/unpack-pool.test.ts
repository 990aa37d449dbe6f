import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test } from 'vitest';
import { UnavailableError } from '../../src/cri/errors.ts';
import { createGrowingFile } from '../../src/runtime/storage/growing-file.ts';
import { createLayerUnpacker } from '../../src/runtime/storage/unpack/layer-unpacker.ts';
import {
	defaultLayerLimits,
	type GrowingFile,
	type UnpackRequest,
} from '../../src/runtime/storage/unpacker.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { writeTar } from '../helpers/tar-writer.ts';

const missing = whatIsMissing('root');

describe.skipIf(missing)(`the pool of unpackers${missing ?? ''}`, () => {
	const dir = mkdtempSync('/var/tmp/criscope-pool-');
	const unpacker = createLayerUnpacker({ workers: 2 });
	afterAll(async () => {
		await unpacker[Symbol.asyncDispose]();
		rmSync(dir, { recursive: true, force: true });
	});

	const request = (blob: GrowingFile): UnpackRequest => {
		const own = mkdtempSync(path.join(dir, 'layer-'));
		mkdirSync(path.join(own, 'diff'));
		const staged = {
			dir: own,
			diffDir: path.join(own, 'diff'),
			tarSplitPath: path.join(own, 'tar-split.gz'),
			[Symbol.asyncDispose]: async () => undefined,
		};
		return {
			blob,
			staged,
			driver: 'overlay',
			diffId: undefined,
			name: 'sha256:pool',
			limits: defaultLayerLimits,
		};
	};
	const growing = () => createGrowingFile(path.join(mkdtempSync(path.join(dir, 'blob-')), 'blob'));
	const tar = writeTar(
		Array.from({ length: 30 }, (_, at) => ({ path: `f${at}`, content: `${at}`.repeat(999) })),
	);

	/** The first file of the blob is there: the worker is at work, and waits for more. */
	async function started(job: UnpackRequest, blob: { write(chunk: Uint8Array): Promise<void> }) {
		await blob.write(tar.subarray(0, 4096));
		await expect.poll(() => existsSync(path.join(job.staged.diffDir, 'f0')), { timeout: 20_000 }).toBe(true);
	}

	test('unpacks what is there while the rest is on its way', async () => {
		await using blob = await growing();
		const job = request(blob.file);
		const told: number[] = [];
		const unpacked = unpacker.unpack(job, { onProgress: (bytes) => told.push(bytes) });
		await started(job, blob);
		for (let at = 4096; at < tar.length; at += 1000) await blob.write(tar.subarray(at, at + 1000));
		await blob.finish();
		expect(await unpacked).toMatchObject({
			diffSizeBytes: tar.length,
			entries: 30,
			uids: [0],
			compression: 'none',
		});
		expect(readFileSync(path.join(job.staged.diffDir, 'f29'), 'utf8')).toBe('29'.repeat(999));
		expect(
			told.every((bytes, index) => bytes > 0 && bytes <= tar.length && bytes >= (told[index - 1] ?? 0)),
		).toBe(true);
	});

	test('a download that breaks off ends the job by name', async () => {
		await using blob = await growing();
		const job = request(blob.file);
		const unpacked = unpacker.unpack(job);
		await started(job, blob);
		blob.fail();
		const error = await unpacked.catch((thrown: unknown) => thrown);
		expect(error).toBeInstanceOf(UnavailableError);
		expect((error as Error).message).toContain('cannot unpack layer "sha256:pool"');
	});

	test('a signal ends a job that waits for its blob, and one that waits for its turn', async () => {
		await using blob = await growing();
		const abort = new AbortController();
		const jobs = [request(blob.file), request(blob.file), request(blob.file)];
		const running = jobs.map((job) => unpacker.unpack(job, { signal: abort.signal }));
		const outcomes = Promise.allSettled(running);
		await started(jobs[0]!, blob);
		abort.abort(new Error('no more'));
		for (const outcome of await outcomes)
			expect(outcome).toMatchObject({ status: 'rejected', reason: { message: 'no more' } });
		// The same threads work on.
		await using next = await growing();
		const unpacked = unpacker.unpack(request(next.file));
		await next.write(tar);
		await next.finish();
		expect((await unpacked).entries).toBe(30);
	});

	test('a thread that waits for a slow download holds little ones up only for a while', async () => {
		await using own = createLayerUnpacker({ workers: 2 });
		own.prepare();
		await using slow = await growing();
		const held = { ...request(slow.file), sizeBytes: tar.length };
		const unpacking = own.unpack(held);
		await started(held, slow);
		await using quick = await growing();
		await quick.write(tar);
		await quick.finish();
		expect((await own.unpack({ ...request(quick.file), sizeBytes: tar.length })).entries).toBe(30);
		await slow.write(tar.subarray(4096));
		await slow.finish();
		expect((await unpacking).entries).toBe(30);
	});

	test('a signal that came before leaves nothing behind', async () => {
		await using blob = await growing();
		const job = request(blob.file);
		await expect(unpacker.unpack(job, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
			'before',
		);
		expect(existsSync(job.staged.tarSplitPath)).toBe(false);
	});

	test('a thread is ended only once it has loaded, or koffi would abort the whole process', async () => {
		const said: unknown[] = [];
		const listen = (worker: Worker) => void worker.on('message', (message) => said.push(message));
		process.on('worker', listen);
		try {
			const own = createLayerUnpacker();
			own.prepare();
			await own[Symbol.asyncDispose]();
		} finally {
			process.off('worker', listen);
		}
		expect(said).toEqual([{ kind: 'loaded' }]);
	});

	test('a job that cannot be handed over to its thread leaves one that ends', async () => {
		const own = createLayerUnpacker();
		await using blob = await growing();
		const bytes = new Uint8Array(8);
		structuredClone(bytes, { transfer: [bytes.buffer] });
		await expect(own.unpack({ ...request(blob.file), blob: { bytes } })).rejects.toThrow(/transfer|clone/i);
		await own[Symbol.asyncDispose]();
	});

	test('a thread that dies fails its own job only, and disposing ends all', async () => {
		const own = createLayerUnpacker({ workers: 2 });
		await using blob = await growing();
		const job = request(blob.file);
		const unpacked = own.unpack(job).catch((thrown: unknown) => thrown);
		await started(job, blob);
		await own[Symbol.asyncDispose]();
		expect((await unpacked) as Error).toMatchObject({ message: expect.stringContaining('its thread ended') });
		await expect(own.unpack(job)).rejects.toThrow('the unpacker is closed');
	});
});
