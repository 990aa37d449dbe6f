import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../verb-host.ts';

let dir: string;
let path: string;

beforeEach(async () => {
	dir = await mkdtemp(join(tmpdir(), 'criscope-config-'));
	path = join(dir, 'crictl.yaml');
});
afterEach(() => rm(dir, { recursive: true }));

const text = '# mine\nruntime-endpoint: unix:///a # why\n\ntimeout: 5\nfoo: [1, 2]\n';

test('a change keeps comments, order and what crictl does not know', async () => {
	await writeFile(path, text, { mode: 0o600 });
	await run([
		'config',
		'--config',
		path,
		'--set',
		'timeout=7,debug=t',
		'--set',
		'image-endpoint=unix:///b=c',
	]);
	expect(await readFile(path, 'utf8')).toBe(
		'# mine\nruntime-endpoint: unix:///a # why\n\ntimeout: 7\nfoo: [ 1, 2 ]\ndebug: true\nimage-endpoint: unix:///b=c\n',
	);
	expect((await stat(path)).mode & 0o777).toBe(0o600);
	expect(await readdir(dir)).toEqual(['crictl.yaml']);
});

test('the flag before the verb, the variable, and a link to the file', async () => {
	const link = join(dir, 'link.yaml');
	await writeFile(path, text);
	await symlink(path, link);
	await run(['config', 'debug', 'TRUE'], { before: ['-c', link] });
	expect((await run(['config', '--get', 'debug'], { env: { CRI_CONFIG_FILE: path } })).stdout).toBe('true\n');
	expect((await run(['config', '--get', 'timeout', '-c', path])).stdout).toBe('5\n');
});

test('a file that is not there has crictl’s defaults, and reading does not make it', async () => {
	const { stdout } = await run(['config', '--list', '-c', path]);
	expect(stdout).toBe(
		[
			'KEY                    VALUE',
			'runtime-endpoint       ',
			'image-endpoint         ',
			'timeout                0',
			'debug                  false',
			'pull-image-on-create   false',
			'disable-pull-on-run    false',
			'',
		].join('\n'),
	);
	expect(await readdir(dir)).toEqual([]);
	await run(['config', '-c', join(dir, 'sub', 'x.yaml'), 'timeout', '3']);
	expect(await readFile(join(dir, 'sub', 'x.yaml'), 'utf8')).toBe('timeout: 3\n');
});

test.each([
	[[], /config needs one of --get KEY/],
	[['--list', '--get', 'debug'], /config needs one of/],
	[['debug'], /config needs a value for "debug"; config --get debug prints it/],
	[['nope', 'x'], /no configuration option named "nope"; there are runtime-endpoint, /],
	[['--get', 'nope'], /no configuration option named "nope"/],
	[['timeout', '2s'], /option timeout is a whole number of seconds, not "2s"/],
	[['debug', 'yes'], /option debug is true or false, not "yes"/],
	[['--set', 'debug'], /flag --set is KEY=VALUE, not "debug"/],
	[['--set', 'timeout=3,debug=maybe'], /option debug is true or false/],
	[['--list', '-c', '/x/config.toml'], /changes crictl's file only, not "\/x\/config\.toml"/],
] as const)('config %j is refused, and nothing changes', async (args, sentence) => {
	await writeFile(path, text);
	await expect(run(['config', ...args], { before: ['-c', path] })).rejects.toThrow(sentence);
	expect(await readFile(path, 'utf8')).toBe(text);
});

test.each([
	['timeout: soon\n', /crictl config ".*": option timeout is a whole number/],
	['a: [\n', /cannot read crictl config ".*"/],
	['- 1\n', /it is no list of "key: value" lines/],
	['timeout: {a: 1}\n', /"timeout" is no single value/],
])('a file that says %j is told of in one sentence', async (broken, sentence) => {
	await writeFile(path, broken);
	await expect(run(['config', '--get', 'timeout', '-c', path])).rejects.toThrow(sentence);
});
