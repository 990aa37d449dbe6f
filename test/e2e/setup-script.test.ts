/** Set-up of a checkout whose `npm` is a stand-in: its lock, and signals. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../helpers/temp-dir.ts';

const scriptsDir = path.join(import.meta.dirname, '../../scripts');

/** @param npm shell lines that stand for the installing */
function checkout(npm: string) {
	const dir = tempDir();
	for (const folder of ['scripts', 'bin', '.cache']) mkdirSync(path.join(dir, folder));
	for (const name of ['setup.mjs', 'tools.mjs', 'debian.mjs']) {
		cpSync(path.join(scriptsDir, name), path.join(dir, 'scripts', name));
	}
	writeFileSync(path.join(dir, 'package-lock.json'), '{"packages":{}}');
	const program = path.join(dir, 'bin/npm');
	const install = `mkdir -p node_modules/.bin
ln -s ${process.execPath} node_modules/.bin/node
echo '{"packages":{}}' >node_modules/.package-lock.json`;
	writeFileSync(program, `#!/bin/sh\n${npm}\n${install}\n`);
	chmodSync(program, 0o755);
	return {
		lock: path.join(dir, '.cache/setup.lock'),
		file: (name: string) => path.join(dir, name),
		start() {
			const child = spawn(process.execPath, ['scripts/setup.mjs', 'start'], {
				cwd: dir,
				detached: true,
				stdio: ['ignore', 'ignore', 'pipe'],
				env: { ...process.env, PATH: `${dir}/bin:${process.env['PATH']}` },
			});
			let said = '';
			child.stderr.on('data', (chunk) => {
				said += String(chunk);
			});
			return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number, said })) };
		},
	};
}

it.each([
	['empty, since its holder was killed while it took it', ''],
	['of a process that has ended', '4194999 17'],
	['of a process whose number somebody else has by now', `${process.pid} 1`],
])('takes over a lock that is %s', async (_what, text) => {
	const { lock, start, file } = checkout('cp .cache/setup.lock held');
	writeFileSync(lock, text);
	utimesSync(lock, 1, 1);
	const { child, ended } = start();
	expect(await ended).toEqual({ code: 0, said: expect.stringContaining('installing npm packages') });
	expect(readFileSync(file('held'), 'utf8')).toMatch(new RegExp(`^${child.pid} \\d+$`));
	expect(existsSync(lock)).toBe(false);
});

it('waits for one that is held', async () => {
	const { lock, start } = checkout('true');
	const stat = readFileSync('/proc/self/stat', 'latin1');
	const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
	writeFileSync(lock, `${process.pid} ${startTime}`);
	const { child, ended } = start();
	const [first] = await once(child.stderr, 'data');
	expect(String(first)).toContain('another set-up is running');
	writeFileSync(lock, '4194999 17');
	expect((await ended).code).toBe(0);
});

it.each([
	['SIGINT', 130],
	['SIGHUP', 129],
] as const)('passes %s of a terminal on to npm once, and waits for it', async (signal, code) => {
	const name = signal.slice(3);
	const { lock, start, file } = checkout(
		`trap 'echo signal >>signals; sleep 0.5; echo back >>signals; exit 1' ${name}; : >begun; while :; do sleep 0.1; done`,
	);
	const { child, ended } = start();
	await expect.poll(() => existsSync(file('begun')), { timeout: 30_000 }).toBe(true);
	// To the whole group, as a terminal does.
	process.kill(-(child.pid ?? 0), signal);
	expect((await ended).code).toBe(code);
	expect(readFileSync(file('signals'), 'utf8')).toBe('signal\nback\n');
	expect(existsSync(lock)).toBe(false);
});
