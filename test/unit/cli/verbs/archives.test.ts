import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { SavePart, TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { run } from '../verb-host.ts';

const completed: TransferEvent = {
	kind: 'completed',
	imageId: 'aa',
	manifestDigest: 'sha256:bb',
	names: ['example.com/a:1'],
	upToDate: false,
};

const hex = 'c'.repeat(64);

/** A layout on disk, with something in it that belongs to nobody. */
function layout(): string {
	const dir = join(tempDir(), 'layout');
	mkdirSync(join(dir, 'blobs/sha256'), { recursive: true });
	writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
	writeFileSync(join(dir, 'index.json'), '{"manifests":[]}');
	writeFileSync(join(dir, 'blobs/sha256', hex), 'x'.repeat(100_000));
	writeFileSync(join(dir, 'notes.txt'), 'private');
	return dir;
}

/** A runtime that takes any archive, and remembers it. */
function loader() {
	const got: Buffer[] = [];
	const transfers = {
		async *loadImages(_: unknown, archive: AsyncIterable<Uint8Array>): AsyncGenerator<TransferEvent> {
			got.push(Buffer.concat(await Array.fromAsync(archive)));
			yield completed;
		},
	};
	return { got, services: { transfers } };
}

/** A runtime that saves these bytes, and then does what it is told. */
function saver(bytes: Uint8Array, end: 'completes' | 'fails' | 'stops' = 'completes') {
	async function* saveImages(): AsyncGenerator<SavePart> {
		for (let at = 0; at < bytes.length; at += 1000)
			yield { kind: 'chunk', bytes: bytes.subarray(at, at + 1000) };
		if (end === 'fails') throw new Error('cannot save images: the layer is damaged');
		if (end === 'completes') yield { kind: 'event', event: completed };
	}
	return { transfers: { saveImages } };
}

test('a directory with a layout is packed on the way, and nothing else of it goes', async () => {
	const { got, services } = loader();
	const dir = layout();
	expect(await run(['load', dir], { services })).toMatchObject({
		exitCode: 0,
		stdout: 'Loaded image: example.com/a:1\n',
	});
	const names = execFileSync('tar', ['t'], { input: got[0], encoding: 'utf8' }).trim().split('\n');
	expect(names).toEqual(['oci-layout', 'index.json', `blobs/sha256/${hex}`]);
	const back = execFileSync('tar', ['xO', `blobs/sha256/${hex}`], { input: got[0], encoding: 'utf8' });
	expect(back).toBe('x'.repeat(100_000));
});

test('a file and standard input go as they are', async () => {
	const { got, services } = loader();
	const file = join(tempDir(), 'a.tar');
	writeFileSync(file, 'archive');
	expect((await run(['load', '-q', '-i', file], { services })).stdout).toBe('aa\n');
	expect((await run(['load'], { services, stdin: 'piped' })).exitCode).toBe(0);
	expect(got.map(String)).toEqual(['archive', 'piped']);
});

test('what is no archive is named, and the others are loaded', async () => {
	const { services } = loader();
	const ran = await run(['load', '-o', 'json', '/nowhere', '/etc', layout()], { services });
	expect(ran.exitCode).toBe(1);
	expect(ran.stderr).toContain('criscope: cannot load "/nowhere": there is no such file\n');
	expect(ran.stderr).toContain(
		'criscope: cannot load "/etc": it is a directory without an OCI layout in it\n',
	);
	expect(JSON.parse(ran.stdout)).toMatchObject([
		{ source: '/nowhere' },
		{ source: '/etc' },
		{ imageId: 'aa' },
	]);
});

test('a saved file replaces another one whole, through a link too', async () => {
	const dir = tempDir();
	const file = join(dir, 'a.tar');
	writeFileSync(file, 'before', { mode: 0o600 });
	symlinkSync('a.tar', join(dir, 'link'));
	const ran = await run(['save', '-o', join(dir, 'link'), 'x'], { services: saver(Buffer.alloc(5000, 'n')) });
	expect(ran).toMatchObject({ exitCode: 0, stdout: '', stderr: 'Saved x in 0s, 4.9 KiB\n' });
	expect(readFileSync(file, 'utf8')).toBe('n'.repeat(5000));
	expect(readdirSync(dir).toSorted()).toEqual(['a.tar', 'link']);
});

test.each(['fails', 'stops'] as const)(
	'a runtime that %s midway leaves the old file and nothing else',
	async (end) => {
		const dir = tempDir();
		const file = join(dir, 'a.tar');
		writeFileSync(file, 'before');
		for (const format of ['docker-archive', 'oci-archive'] as const) {
			const services = saver(Buffer.alloc(5000, 'n'), end);
			await expect(run(['save', '--format', format, '-o', file, 'x'], { services })).rejects.toThrow(
				end === 'fails' ? 'the layer is damaged' : 'ended the archive without a result',
			);
		}
		const services = saver(
			execFileSync('tar', ['c', '-C', layout(), 'oci-layout', 'index.json', 'blobs']),
			end,
		);
		await expect(
			run(['save', '--format', 'oci-dir', '-o', join(dir, 'layout'), 'x'], { services }),
		).rejects.toThrow();
		expect(readFileSync(file, 'utf8')).toBe('before');
		expect(readdirSync(dir)).toEqual(['a.tar']);
	},
);

test('standard output gets the archive and nothing else', async () => {
	const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 256));
	const { stdoutBytes } = await run(['save', 'x'], { services: saver(bytes) });
	expect(stdoutBytes.equals(bytes)).toBe(true);
});

test('a device is written to, not replaced', async () => {
	const ran = await run(['save', '-o', '/dev/null', 'x'], { services: saver(Buffer.alloc(10)) });
	expect(ran.exitCode).toBe(0);
	expect(execFileSync('stat', ['-c', '%F', '/dev/null'], { encoding: 'utf8' })).toBe(
		'character special file\n',
	);
});

test('where nothing can be written, one sentence says so and names no other file than the one asked for', async () => {
	const dir = tempDir();
	writeFileSync(join(dir, 'file'), 'before');
	symlinkSync('circle', join(dir, 'circle'));
	const services = saver(Buffer.alloc(5000, 'n'));
	const failure = (path: string, format: string) =>
		run(['save', '--format', format, '-o', path, 'x'], { services }).then(
			() => 'saved',
			(error: unknown) => (error instanceof Error ? error.message : String(error)),
		);
	for (const format of ['docker-archive', 'oci-archive', 'oci-dir']) {
		for (const [name, why] of [
			['none/of/it', `there is no folder "${join(dir, 'none/of')}"`],
			['file/a', `"${join(dir, 'file')}" is no folder`],
			[`${'n'.repeat(300)}`, 'the name is too long'],
			['circle', 'its links lead in a circle'],
		] as const) {
			expect(await failure(join(dir, name), format)).toBe(`cannot write "${join(dir, name)}": ${why}`);
		}
	}
	expect(await failure(dir, 'oci-archive')).toBe(`cannot write "${dir}": it is a directory`);
	expect(await failure('/dev/full', 'oci-archive')).toBe('cannot write "/dev/full": the disk is full');
	expect(await failure('/dev/ptmx', 'oci-archive')).toBe('cannot write "/dev/ptmx": it is a terminal');
	expect(await failure(join(dir, 'file'), 'oci-dir')).toMatch(/it is there already, and no directory$/);
	expect(readdirSync(dir).toSorted()).toEqual(['circle', 'file']);
	expect(readFileSync(join(dir, 'file'), 'utf8')).toBe('before');
});

test('a layout is unpacked into a directory that was not there or is empty', async () => {
	const archive = execFileSync('tar', ['c', '-C', layout(), 'oci-layout', 'index.json', 'blobs']);
	const dir = join(tempDir(), 'out');
	const args = ['save', '--format', 'oci-dir', '-o', dir, 'x'];
	expect((await run(args, { services: saver(archive) })).exitCode).toBe(0);
	expect(readFileSync(join(dir, 'blobs/sha256', hex), 'utf8')).toBe('x'.repeat(100_000));
	await expect(run(args, { services: saver(archive) })).rejects.toThrow(/it is there already, and not empty/);
	expect(readdirSync(join(dir, '..'))).toEqual(['out']);
});

test.each([
	['a path upwards', ['--transform=s,index.json,../index.json,', '-P']],
	['something that no layout has', ['--transform=s,index.json,blobs/x/y/z,']],
	['no index', ['--exclude=index.json']],
])('an archive with %s is refused, and nothing is left', async (_, options) => {
	const archive = execFileSync('tar', ['c', '-C', layout(), ...options, 'oci-layout', 'index.json', 'blobs']);
	const parent = tempDir();
	const args = ['save', '--format', 'oci-dir', '-o', join(parent, 'out'), 'x'];
	await expect(run(args, { services: saver(archive) })).rejects.toThrow(
		/which no OCI layout has|has no index\.json/,
	);
	expect(readdirSync(parent)).toEqual([]);
});

test('a runtime of the CRI only is said to be one', async () => {
	for (const args of [
		['save', '-o', '/dev/null', 'x'],
		['push', 'x'],
		['untag', 'x'],
	] as const) {
		await expect(run(args)).rejects.toThrow(/^this runtime cannot .*: it speaks the CRI only; use /);
	}
	for (const args of [
		['load', layout()],
		['tag', 'a', 'b'],
	] as const) {
		expect((await run(args)).stderr).toMatch(
			/^criscope: this runtime cannot .*: it speaks the CRI only; use /,
		);
	}
});
