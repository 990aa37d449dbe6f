/** Progress of the real program on a terminal; what the runtime says, and when, is the test's. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { LayerProgress, LayerState, TransferEvent } from '../../src/cri/image-transfer.ts';
import { type FakeCriServer, startFakeCriServer } from '../fakes/cri-server.ts';
import { createFakeTransfers, type FakePull } from '../fakes/transfer-service.ts';
import { startTui, type Tui, type TuiOptions } from '../helpers/tui.ts';

const mebi = 2 ** 20;
const transfers = createFakeTransfers();
let dir: string;
let runtime: FakeCriServer;
let tui: Tui | undefined;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), 'criscope-progress-'));
	runtime = await startFakeCriServer({ socketPath: join(dir, 'cri.sock'), transfers });
});
afterEach(() => tui?.stop());
afterAll(async () => {
	await runtime?.stop();
	rmSync(dir, { recursive: true, force: true });
});

function layer(index: number, state: LayerState, transferredBytes = 0): LayerProgress {
	return {
		index,
		digest: `sha256:${String(index).padStart(2, '0').repeat(32)}`,
		state,
		transferredBytes,
		totalBytes: 40 * mebi,
		unpackedBytes: 0,
		source: 'mirror.example.com',
	};
}

function resolved(count: number): TransferEvent {
	return {
		kind: 'resolved',
		reference: 'example.com/shop/web:1',
		manifestDigest: `sha256:${'ab'.repeat(32)}`,
		source: 'mirror.example.com',
		platform: 'linux/amd64',
		imageId: 'aa11',
		layers: Array.from({ length: count }, (_, index) => layer(index, 'waiting')),
	};
}

const completed: TransferEvent = {
	kind: 'completed',
	imageId: 'aa11',
	manifestDigest: `sha256:${'ab'.repeat(32)}`,
	names: ['example.com/shop/web:1'],
	upToDate: false,
};

async function startPull(options: TuiOptions, args: readonly string[] = []): Promise<[Tui, FakePull]> {
	const next = transfers.nextPull();
	tui = startTui({ ...options, args: ['pull', '-r', runtime.endpoint, ...args, 'example.com/shop/web:1'] });
	return [tui, await next];
}

test('bars follow the layers, notes stay above, and one line and the result are left', async () => {
	const [screen, pull] = await startPull({ columns: 80, rows: 12 });
	await screen.until('resolving');
	pull.say(resolved(2), { kind: 'layer', layer: layer(0, 'transferring', 10 * mebi) });
	await screen.until(/^000000000000 downloading ━+─+ +10M\/40M/m);
	pull.say({ kind: 'note', text: 'mirror \x1b[31m failed' }, { kind: 'layer', layer: layer(1, 'present') });
	await screen.until(/^note: mirror ␛\[31m failed\nPulling example\.com\/shop\/web:1/m);
	await screen.until(/^010101010101 exists/m);
	expect(screen.modes().cursorHidden).toBe(true);
	pull.say({ kind: 'layer', layer: layer(0, 'done', 40 * mebi) }, completed);
	pull.end();
	expect(await screen.exit).toMatchObject({ exitCode: 0 });
	expect(screen.screen().trimEnd()).toMatch(
		/^note: mirror ␛\[31m failed\nPulled example\.com\/shop\/web:1 in \d+s, 1 of 2 layers, 40 MiB\nImage is up to date for aa11$/,
	);
	expect(screen.modes().cursorHidden).toBe(false);
});

test('forty columns in ASCII without colour, and more layers than rows', async () => {
	const env = { LANG: 'C', NO_COLOR: '1' };
	const [screen, pull] = await startPull({ columns: 40, rows: 8, env });
	pull.say(resolved(30), { kind: 'layer', layer: layer(20, 'transferring', 10 * mebi) });
	await screen.until(/^2020202 downloading {2}25% 10M\/40M$/m);
	await screen.until(/^and 26 more: 26 waiting$/m);
	expect(screen.output().toString()).toMatch(/^[\x20-\x7e\r\n\x1b]*$/);
	expect(screen.output().toString()).not.toMatch(/\x1b\[[\d;]*m/);
	pull.fail(5, 'manifest unknown');
	expect(await screen.exit).toMatchObject({ exitCode: 1 });
	expect(screen.screen()).not.toContain('downloading');
});

test('a terminal that is made narrower keeps one picture', async () => {
	const [screen, pull] = await startPull({ columns: 100, rows: 14 });
	pull.say(resolved(3), { kind: 'layer', layer: layer(0, 'transferring', 10 * mebi) });
	await screen.until(/^000000000000 downloading/m);
	screen.resize(45, 14);
	await screen.until(/^0000000 downloading {2}25%/m);
	expect(screen.screen().match(/downloading/g)).toHaveLength(1);
	expect(screen.screen().match(/Pulling/g)).toHaveLength(1);
	pull.say(completed);
	pull.end();
	expect(await screen.exit).toMatchObject({ exitCode: 0 });
});

test('Ctrl+C ends the pull, gives the cursor back and leaves nothing of the picture', async () => {
	const [screen, pull] = await startPull({ columns: 80, rows: 12 });
	pull.say(resolved(2), { kind: 'layer', layer: layer(0, 'transferring', 10 * mebi) });
	await screen.until(/downloading/);
	screen.type('\x03');
	expect(await screen.exit).toMatchObject({ exitCode: 130 });
	await pull.cancelled;
	expect(screen.modes().cursorHidden).toBe(false);
	expect(screen.screen().replace('^C', '').trim()).toBe('');
});

test('-q and --progress plain draw nothing', async () => {
	const [quiet, first] = await startPull({ columns: 80, rows: 12 }, ['-q']);
	first.say(resolved(1), completed);
	first.end();
	await quiet.exit;
	expect(quiet.output().toString()).toBe('aa11\r\n');
	await quiet.stop();
	const [plain, second] = await startPull({ columns: 80, rows: 12 }, ['--progress', 'plain']);
	second.say(resolved(1), { kind: 'layer', layer: layer(0, 'transferring', 1) }, completed);
	second.end();
	await plain.exit;
	expect(plain.output().toString()).not.toContain('\x1b');
	expect(plain.screen()).toContain('000000000000: downloading 40 MiB from mirror.example.com');
});

test('a password is asked for without being shown, and Ctrl+C is still Ctrl+C', async () => {
	const args = ['pull', '-r', runtime.endpoint, '-q', '-u', 'me', 'example.com/shop/web:1'];
	const next = transfers.nextPull();
	const asking = startTui({ args, columns: 80, rows: 12 });
	tui = asking;
	await asking.until('Password for me:');
	asking.type('s3creX\x7ft\r');
	const pull = await next;
	expect(pull.request).toMatchObject({ auth: { username: 'me', password: 's3cret' } });
	pull.say(completed);
	pull.end();
	expect(await asking.exit).toMatchObject({ exitCode: 0 });
	expect(asking.screen().trimEnd()).toBe('Password for me:\naa11');
	await asking.stop();

	const leaving = startTui({ args, columns: 80, rows: 12 });
	tui = leaving;
	await leaving.until('Password for me:');
	leaving.type('\x03');
	expect(await leaving.exit).toMatchObject({ exitCode: 130 });
	expect(leaving.screen().trimEnd()).toBe('Password for me:');
});
