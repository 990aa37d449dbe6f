import { describe, expect, test } from 'vitest';
import type { TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { createTransferLog } from '../../../../src/runtime/image/transfer-log.ts';
import { waitingLayers } from '../../../../src/runtime/image/transfer-tools.ts';

const resolved = (layers: number): Extract<TransferEvent, { kind: 'resolved' }> => ({
	kind: 'resolved',
	reference: 'r',
	manifestDigest: 'm',
	source: 's',
	platform: 'p',
	imageId: 'i',
	layers: waitingLayers(Array.from({ length: layers }, (_, n) => ({ digest: `d${n}`, sizeBytes: 10 }))),
});
const done: Extract<TransferEvent, { kind: 'completed' }> = {
	kind: 'completed',
	imageId: 'i',
	manifestDigest: 'm',
	names: [],
	upToDate: false,
};

describe('transfer log', () => {
	test('tells of bytes ten times a second, and of a new state at once', async () => {
		let nowMs = 0;
		const log = createTransferLog({ now: () => nowMs });
		const events = log.listen();
		log.resolved(resolved(1));
		const heard: string[] = [];
		const hear = async () => {
			const { value } = await events.next();
			heard.push(
				value.kind === 'layer' ? `${value.layer.state} ${value.layer.transferredBytes}` : value.kind,
			);
		};
		await hear();
		log.layer(0, { state: 'transferring' });
		await hear();
		for (let byte = 1; byte <= 250; byte += 1) {
			nowMs += 1;
			log.layer(0, { transferredBytes: byte });
			if (nowMs % 100 === 0) await hear();
		}
		log.layer(0, { state: 'done' });
		await hear();
		expect(heard).toEqual(['resolved', 'transferring 0', 'transferring 100', 'transferring 200', 'done 250']);
	});

	test('a slow listener gets the newest word of every layer, in order with the rest', async () => {
		const log = createTransferLog({ now: () => 0 });
		const events = log.listen();
		log.resolved(resolved(2));
		log.layer(0, { state: 'transferring' });
		log.layer(1, { state: 'transferring' });
		log.note('n');
		log.layer(0, { state: 'verified' });
		log.layer(0, { state: 'done' });
		log.completed(done);
		log.resolved(resolved(1));
		log.layer(0, { state: 'present' });
		log.end();
		const told = (await Array.fromAsync(events)).map((event) =>
			event.kind === 'layer' ? `${event.layer.index} ${event.layer.state}` : event.kind,
		);
		expect(told).toEqual([
			'resolved',
			'0 done',
			'1 transferring',
			'note',
			'completed',
			'resolved',
			'0 present',
		]);
	});

	test('a late listener hears where things stand, and the failure', async () => {
		const notes: string[] = [];
		const log = createTransferLog({ now: () => 0, onNote: (text) => notes.push(text) });
		log.resolved(resolved(1));
		log.note('first');
		log.layer(0, { state: 'transferring', transferredBytes: 5 });
		log.end(new Error('it failed'));
		const heard: TransferEvent[] = [];
		const listening = (async () => {
			for await (const event of log.listen()) heard.push(event);
		})();
		await expect(listening).rejects.toThrow('it failed');
		expect(heard).toMatchObject([{ kind: 'note' }, { kind: 'resolved', layers: [{ transferredBytes: 5 }] }]);
		expect(notes).toEqual(['first']);
	});

	test('a listener whose signal ends stops at once, with its reason', async () => {
		const log = createTransferLog();
		const abort = new AbortController();
		const listening = Array.fromAsync(log.listen(abort.signal));
		abort.abort(new Error('enough'));
		await expect(listening).rejects.toThrow('enough');
		await expect(Array.fromAsync(log.listen(abort.signal))).rejects.toThrow('enough');
	});
});
