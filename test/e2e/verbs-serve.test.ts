/** The verbs that only our own runtime can serve, in the real program against `criscope serve`. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Ran, runCriscope } from '../helpers/run-criscope.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { skopeo, skopeoDigest } from '../helpers/skopeo.ts';
import { smallImage } from '../helpers/stock-images.ts';
import { startTui } from '../helpers/tui.ts';

const missing = whatIsMissing('root', '/bin/busybox', 'skopeo');

describe.skipIf(missing !== undefined)(`image verbs on criscope serve${missing ?? ''}`, () => {
	let dir: string;
	let registry: FakeRegistry;
	let serve: Serve;
	let count = 0;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-verbs-');
		registry = await startFakeRegistry();
		serve = await startServe({ dir: join(dir, 'serve'), insecureHosts: [registry.host] });
	});
	afterAll(async () => {
		await serve?.stop();
		await registry?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	function criscope(...args: readonly string[]): Promise<Ran> {
		return runCriscope(['-r', serve.endpoint, ...args]);
	}

	/** Pulls an image that no test has had before. */
	async function pulled(word: string) {
		count += 1;
		const repository = `${word}-${count}-${process.pid}`;
		await registry.push(repository, '1', smallImage(repository));
		const name = `${registry.host}/${repository}:1`;
		const ran = await criscope('pull', '-o', 'json', name);
		expect(ran.exitCode, ran.stderr).toBe(0);
		return { name, ran, result: JSON.parse(ran.stdout) as { imageId: string; manifestDigest: string } };
	}

	test('pull tells of each layer once a state, and what it has got', async () => {
		const { name, ran, result } = await pulled('lines');
		expect(result).toMatchObject({ image: name, names: [name], upToDate: false });
		expect(result.manifestDigest).toBe(await skopeoDigest(name));
		expect(ran.stderr).toMatch(/^[0-9a-f]{12}: downloading \d.* (?:K|M)?i?B/m);
		expect(ran.stderr.match(/^[0-9a-f]{12}: done$/gm)?.length).toBeGreaterThan(0);
		expect(new Set(ran.stderr.split('\n')).size).toBe(ran.stderr.split('\n').length);
		expect(await criscope('pull', name)).toMatchObject({
			stdout: `Image is up to date for ${result.imageId}\n`,
			stderr: expect.stringMatching(/was up to date \(\d+s\)\n$/),
		});
	});

	test('tag, untag and push, with digests that stay equal', async () => {
		const { name, result } = await pulled('push');
		const [copy, other] = [`${registry.host}/copy-${count}:2`, `example.com/other-${count}:1`];
		expect(await criscope('tag', name, copy, other)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
		expect((await criscope('images', '-q', other)).stdout).toBe(`${result.imageId}\n`);
		expect(await criscope('untag', name, other)).toMatchObject({ exitCode: 0 });
		expect((await criscope('images', '-q', other)).stdout).toBe('');
		const pushed = await criscope('push', copy);
		expect(pushed).toMatchObject({ exitCode: 0, stdout: `Pushed ${copy}@${result.manifestDigest}\n` });
		expect(await skopeoDigest(copy)).toBe(result.manifestDigest);
	});

	test.each(['docker-archive', 'oci-archive', 'oci-dir'] as const)(
		'%s: what is saved is what skopeo reads and what is loaded again',
		async (format) => {
			const { name, result } = await pulled(format);
			const out = join(dir, `${format}-${count}`);
			expect(await criscope('save', '--format', format, '-o', out, name)).toMatchObject({
				exitCode: 0,
				stdout: '',
			});
			const source = format === 'oci-dir' ? `oci:${out}` : `${format}:${out}`;
			const config = await skopeo(['--insecure-policy', 'inspect', '--config', source]);
			expect(JSON.parse(config)).toMatchObject({ rootfs: { type: 'layers' } });
			expect((await criscope('rmi', name)).stdout).toContain(`Deleted: ${name}\n`);
			expect((await criscope('load', '-q', out)).stdout).toBe(`${result.imageId}\n`);
			expect((await criscope('inspecti', '-q', result.imageId)).exitCode).toBe(0);
			expect(readdirSync(dir).filter((file) => file.includes('.tmp'))).toEqual([]);
		},
	);

	test('an archive goes through a pipe', async () => {
		const { name, result } = await pulled('pipe');
		const out = join(dir, `pipe-${count}.tar`);
		await criscope('save', '-o', out, name);
		await criscope('rmi', name);
		const loaded = await runCriscope(['load', '-r', serve.endpoint, '-o', 'json'], {
			stdin: readFileSync(out),
		});
		expect(loaded.exitCode, loaded.stderr).toBe(0);
		expect(JSON.parse(loaded.stdout)).toMatchObject({
			source: 'standard input',
			imageId: result.imageId,
			names: [name],
		});
	});

	test('what is not there or no archive is one sentence, and nothing is left', async () => {
		const out = join(dir, 'none.tar');
		for (const args of [
			['save', '-o', out, 'example.com/none:1'],
			['push', 'example.com/none:1'],
			['tag', 'example.com/none:1', 'example.com/x:1'],
			['pull', `${registry.host}/none-${process.pid}:1`],
		]) {
			const { exitCode, stdout, stderr } = await criscope(...args);
			expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
			expect(stderr).toMatch(/^criscope: cannot [^\n]+\n( {2}the runtime said: [^\n]+\n)?$/);
		}
		const garbage = await runCriscope(['load', '-r', serve.endpoint], { stdin: 'garbage' });
		expect(garbage).toMatchObject({ exitCode: 1, stdout: '' });
		expect(readdirSync(dir)).not.toContain('none.tar');
	});

	test('a pull on a terminal ends with one line and its result', async () => {
		count += 1;
		const repository = `bars-${count}-${process.pid}`;
		await registry.push(repository, '1', smallImage(repository));
		const name = `${registry.host}/${repository}:1`;
		await using tui = startTui({ args: ['pull', '-r', serve.endpoint, name], columns: 100, rows: 12 });
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
		expect(tui.screen().trimEnd()).toMatch(
			new RegExp(`^Pulled ${name} in \\d+s, \\d of \\d layers, .*\nImage is up to date for [0-9a-f]{64}$`),
		);
		expect(tui.modes().cursorHidden).toBe(false);
	});
});
