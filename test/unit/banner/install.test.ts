import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type InstallOptions, runDeed } from '../../../src/banner/install.ts';
import { isSnippet, snippetText } from '../../../src/banner/snippet.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

function place(): { readonly dir: string; readonly options: InstallOptions & { readonly path: string } } {
	const dir = tempDir();
	const criscope = join(dir, 'criscope');
	writeFileSync(criscope, '#!/bin/sh\n');
	chmodSync(criscope, 0o755);
	mkdirSync(join(dir, 'profile.d'));
	return { dir, options: { criscope, path: join(dir, 'profile.d/criscope.sh'), isRoot: true } };
}

describe('installing', () => {
	test('writes one file, once', async () => {
		const { dir, options } = place();
		expect(await runDeed('install', options)).toContain('Installed');
		expect(await runDeed('install', options)).toContain('already');
		expect(readdirSync(join(dir, 'profile.d'))).toEqual(['criscope.sh']);
		expect(readFileSync(options.path, 'utf8')).toBe(snippetText(options.criscope));
	});

	test('replaces an older one of ours, and nothing of anybody else', async () => {
		const { options } = place();
		writeFileSync(options.path, `${snippetText('/old/criscope')}# more\n`);
		await runDeed('install', options);
		expect(readFileSync(options.path, 'utf8')).toBe(snippetText(options.criscope));
		writeFileSync(options.path, 'echo mine\n');
		for (const deed of ['install', 'uninstall'] as const) {
			await expect(runDeed(deed, options)).rejects.toThrow('a file that criscope did not make is there');
		}
		expect(readFileSync(options.path, 'utf8')).toBe('echo mine\n');
	});

	test('does not follow a link', async () => {
		const { dir, options } = place();
		writeFileSync(join(dir, 'elsewhere'), snippetText(options.criscope));
		symlinkSync(join(dir, 'elsewhere'), options.path);
		await expect(runDeed('uninstall', options)).rejects.toThrow('did not make');
	});

	test('removes what it wrote', async () => {
		const { dir, options } = place();
		await runDeed('install', options);
		expect(await runDeed('uninstall', options)).toContain('Removed');
		expect(readdirSync(join(dir, 'profile.d'))).toEqual([]);
		expect(await runDeed('uninstall', options)).toContain('not installed');
	});

	test('takes root, a folder and a command that runs', async () => {
		const { dir, options } = place();
		await expect(runDeed('install', { ...options, isRoot: false })).rejects.toThrow(
			'sudo criscope banner --install',
		);
		await expect(runDeed('install', { ...options, path: join(dir, 'none/criscope.sh') })).rejects.toThrow(
			'no such folder',
		);
		await expect(runDeed('install', { ...options, criscope: join(dir, 'none') })).rejects.toThrow(
			'cannot be run',
		);
		expect(readdirSync(join(dir, 'profile.d'))).toEqual([]);
	});
});

describe('the snippet', () => {
	const shells = ['sh', 'bash', 'dash', 'busybox'].filter((shell) => {
		try {
			execFileSync('sh', ['-c', `command -v ${shell}`]);
			return true;
		} catch {
			return false;
		}
	});

	test('is known by its first line', () => {
		expect(isSnippet(snippetText('/x'))).toBe(true);
		expect(isSnippet('echo hello\n')).toBe(false);
	});

	test.each(shells)('%s reads it, whatever the path, and does nothing that is no login', (shell) => {
		const dir = tempDir();
		const criscope = join(dir, "it's $HOME `x`");
		writeFileSync(criscope, `#!/bin/sh\necho ran >> '${dir}/ran'\n`);
		chmodSync(criscope, 0o755);
		const file = join(dir, 'criscope.sh');
		writeFileSync(file, snippetText(criscope));
		const args = shell === 'busybox' ? ['ash'] : [];
		for (const flags of [['-euC'], ['-i']]) {
			const script = `. '${file}'; echo "after $? [\${criscope-}\${tty-}]"`;
			const text = execFileSync(shell, [...args, ...flags, '-c', script], {
				encoding: 'utf8',
				stdio: ['ignore', 'pipe', 'ignore'],
				env: { PATH: process.env['PATH'] ?? '', HOME: dir },
			});
			// What busybox says of itself when it is interactive comes before.
			expect(text.split('\n').at(-2)).toBe('after 0 []');
		}
		expect(readdirSync(dir)).not.toContain('ran');
	});
});
