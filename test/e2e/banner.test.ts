/** The login banner, shown by a real sshd: where it comes, where it does not, and that the shell follows in every case. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import {
	criscopePath,
	type LoginHost,
	loginHostRequirements,
	startLoginHost,
} from '../helpers/login-host.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...loginHostRequirements);
const waitMs = 60_000;
const prompt = 'shell-follows>';

/** A command and its answer, so that what was typed is not taken for it; typed ahead, it also ends the wait for the key. */
async function answers(tui: Tui): Promise<void> {
	tui.type('echo sum=$((40+2))\r');
	await tui.until('sum=42', waitMs);
}

describe.skipIf(missing)(`the login banner${missing ?? ''}`, () => {
	let host: LoginHost;
	beforeAll(async () => {
		host = await startLoginHost({ kubelet: true });
		host.inside(`${criscopePath} banner --install`);
	}, waitMs);
	afterAll(async () => {
		await host?.[Symbol.asyncDispose]();
	});
	/** Presses the key, once it is one: when the snippet waits, which is a moment after the banner can be read. */
	const openInspector = async (tui: Tui): Promise<void> => {
		await tui.until('Tab opens', waitMs);
		await eventually('the wait for the key', () => {
			const all = host.inside('for tty in /dev/pts/[0-9]*; do stty -a -F $tty || :; done 2>/dev/null');
			return all.includes('quit = ^I;');
		});
		await tui.press('<tab>');
	};
	const banners = (tui: Tui): number => tui.output().toString().split('Tab').length - 1;

	test('says who the node is, and leaves nothing behind in the shell', async () => {
		await using tui = host.login();
		await answers(tui);
		expect(tui.screen()).toContain('worker-1 · control-plane, etcd, gpu');
		expect(tui.screen()).toContain('machine 0123456789abcdef0123456789abcdef');
		expect(tui.screen()).toContain('Tab opens the inspector');
		tui.type('echo "left=[$criscope$saved$tty$parent$shell$opened]" code=$? $-; stty -a\r');
		await tui.until(/left=\[\] code=0 \S*i\S*[\s\S]* icanon/, waitMs);
		expect(tui.screen()).toMatch(/ echo /);
	});

	test('Tab opens the inspector, read-only; after it comes the shell', async () => {
		await using tui = host.login();
		await openInspector(tui);
		await tui.until(/read-only[\s\S]*Pods \(4\)/, waitMs);
		await tui.press('q');
		// What is typed while it leaves is still the inspector's.
		await tui.until(prompt, waitMs);
		await answers(tui);
		expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false });
	});

	test('an inspector that is killed gives way to the shell, on a terminal that works', async () => {
		await using tui = host.login();
		await openInspector(tui);
		await tui.until(/Pods \(4\)/, waitMs);
		const pids = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' })
			.split('\n')
			.filter((line) => line.includes('main.js --from-banner') && !line.includes('sh -c'))
			.map((line) => Number.parseInt(line, 10));
		expect(pids).not.toEqual([]);
		for (const pid of pids) process.kill(pid, 'SIGKILL');
		await tui.until(prompt, waitMs);
		await answers(tui);
		expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false });
		tui.type('stty -a\r');
		await tui.until(/ icanon [\s\S]* echo /, waitMs);
	});

	test("what is typed ahead is the shell's, to the last character", async () => {
		await using tui = host.login();
		tui.type('echo early=$((20+1))\r');
		await tui.until('early=21', waitMs);
	});

	test('the wait ends with any other key, which the shell gets', async () => {
		await using tui = host.login();
		await tui.until('Tab opens', waitMs);
		tui.type('echo other=$((20+2))\r');
		await tui.until('other=22', waitMs);
	});

	test('Ctrl-C skips it', async () => {
		await using tui = host.login();
		await tui.until('Tab opens', waitMs);
		await tui.press('<ctrl+c>');
		await answers(tui);
	});

	test(
		'remote commands, scp, sftp and rsync see nothing of it',
		async () => {
			const { client, port } = host.sshd;
			const run = (file: string, args: readonly string[], input = '') =>
				spawnSync(file, [...client, ...args], { encoding: 'utf8', input, timeout: waitMs });
			const address = 'root@127.0.0.1';
			expect(run('ssh', [address, 'echo plain'])).toMatchObject({ stdout: 'plain\n', stderr: '', status: 0 });
			// As Ansible does, with and without a terminal.
			const wrapped = "/bin/sh -c 'echo ansible && sleep 0'";
			expect(run('ssh', [address, wrapped]).stdout).toBe('ansible\n');
			expect(run('ssh', ['-tt', address, wrapped]).stdout).toBe('ansible\r\n');
			expect(run('ssh', ['-tt', address, 'bash -lc "echo login"']).stdout).toBe('login\r\n');
			// A login shell without a terminal.
			expect(run('ssh', ['-T', address], 'echo piped\n').stdout).toBe('piped\n');
			writeFileSync(path.join(host.home, 'a'), 'content');
			const to = path.join(host.home, 'copied');
			expect(run('scp', ['-O', '-q', `${address}:${host.home}/a`, to])).toMatchObject({
				stdout: '',
				stderr: '',
				status: 0,
			});
			expect(readFileSync(to, 'utf8')).toBe('content');
			rmSync(to);
			expect(run('scp', ['-q', `${address}:${host.home}/a`, to])).toMatchObject({
				stdout: '',
				stderr: '',
				status: 0,
			});
			rmSync(to);
			expect(run('sftp', ['-q', '-b', '-', address], `get ${host.home}/a ${to}\n`).status).toBe(0);
			expect(readFileSync(to, 'utf8')).toBe('content');
			rmSync(to);
			expect(port).toBeGreaterThan(0);
		},
		waitMs,
	);

	test.skipIf(whatIsMissing('rsync'))(`rsync sees nothing of it${whatIsMissing('rsync') ?? ''}`, () => {
		writeFileSync(path.join(host.home, 'b'), 'content');
		const to = path.join(host.home, 'synced');
		const shell = ['ssh', ...host.sshd.client].join(' ');
		const ran = spawnSync('rsync', ['-a', '-e', shell, `root@127.0.0.1:${host.home}/b`, to], {
			encoding: 'utf8',
		});
		expect(ran).toMatchObject({ stdout: '', stderr: '', status: 0 });
		expect(readFileSync(to, 'utf8')).toBe('content');
	});

	test(
		'su, a nested login shell and a multiplexer do not show it again',
		async () => {
			await using tui = host.login();
			await tui.until(prompt, waitMs);
			expect(banners(tui)).toBe(1);
			for (const nested of ['su -', 'bash -l', 'exec -a -bash bash', 'exec -a -bash env SHLVL=1 bash']) {
				tui.type(`(${nested})\r`);
				tui.type('echo nested=$((5+6))\r');
				await tui.until('nested=11', waitMs);
				tui.type('exit\r');
				tui.type('clear; echo back=$((5+7))\r');
				await tui.until('back=12', waitMs);
			}
			expect(banners(tui)).toBe(1);
		},
		waitMs,
	);

	test.each([
		['.hushlogin', '.hushlogin'],
		['no-banner', '.config/criscope/no-banner'],
	])('a user opts out by %s', async (_name, file) => {
		mkdirSync(path.join(host.home, path.dirname(file)), { recursive: true });
		writeFileSync(path.join(host.home, file), '');
		try {
			await using tui = host.login();
			await answers(tui);
			expect(banners(tui)).toBe(0);
		} finally {
			rmSync(path.join(host.home, file));
		}
	});

	test.each(['/bin/dash', '/etc/ash'])('in %s, with options that end a shell at any error', async (shell) => {
		host.setShell(shell);
		// Read before ours, as a distribution or an administrator may have it.
		host.writeEtc('profile.d/a-strict.sh', 'set -e -u -C\n');
		host.writeEtc('profile.d/d-lax.sh', 'set +e +u +C\n');
		try {
			await using tui = host.login();
			await openInspector(tui);
			await tui.until(/Pods \(4\)/, waitMs);
			await tui.press('q');
			await tui.until(prompt, waitMs);
			await answers(tui);
		} finally {
			for (const file of ['passwd', 'profile.d/a-strict.sh', 'profile.d/d-lax.sh']) host.removeEtc(file);
		}
	});

	test.skipIf(whatIsMissing('zsh'))(
		`in zsh, where a distribution has it read profile.d${whatIsMissing('zsh') ?? ''}`,
		async () => {
			host.setShell('/bin/zsh');
			// As Fedora and Arch do.
			host.writeEtc('zsh/zprofile', "emulate sh -c 'source /etc/profile'\n");
			host.writeEtc('profile.d/a-strict.sh', 'set -e -u -C\n');
			host.writeEtc('profile.d/d-lax.sh', 'set +e +u +C\n');
			const own = path.join(host.home, '.zshrc');
			writeFileSync(own, `unsetopt zle; PS1='${prompt} '\n`);
			try {
				await using tui = host.login();
				await openInspector(tui);
				await tui.until(/Pods \(4\)/, waitMs);
				await tui.press('q');
				await tui.until(prompt, waitMs);
				await answers(tui);
				expect(banners(tui)).toBe(1);
			} finally {
				for (const file of ['passwd', 'zsh/zprofile', 'profile.d/a-strict.sh', 'profile.d/d-lax.sh'])
					host.removeEtc(file);
				rmSync(own);
			}
		},
		2 * waitMs,
	);

	test('without TERM, under set -u', async () => {
		host.writeEtc('profile.d/a-strict.sh', 'set -e -u -C\nunset TERM\n');
		host.writeEtc('profile.d/d-lax.sh', 'set +e +u +C\n');
		try {
			await using tui = host.login();
			await tui.until('Tab opens', waitMs);
			await answers(tui);
			expect(tui.screen()).not.toMatch(/unbound|not set|cannot/);
		} finally {
			for (const file of ['profile.d/a-strict.sh', 'profile.d/d-lax.sh']) host.removeEtc(file);
		}
	});

	test('TERM=dumb and LANG=C get plain ASCII', async () => {
		await using tui = host.login({ term: 'dumb', lang: 'C' });
		await answers(tui);
		const shown = tui.output().toString().split(prompt)[0] ?? '';
		expect(shown).toContain('worker-1 - control-plane, etcd, gpu');
		expect(shown).toMatch(/^[\x20-\x7e\r\n]*$/);
	});

	test.each([
		['fails and says so', '#!/bin/sh\necho noise\necho noise >&2\nexit 3\n', 0o755],
		['ends by a signal', '#!/bin/sh\nkill -SEGV $$\n', 0o755],
		['is gone', '', 0o644],
		['is garbage', '\x7fELF\x02\x01\x01 no program, whatever it says\n\0\xff', 0o755],
	])('a criscope that %s', async (_name, text, mode) => {
		const broken = path.join(host.home, 'broken');
		writeFileSync(broken, text, { mode });
		host.inside(`chmod ${mode.toString(8)} ${broken}; mount --bind ${broken} ${criscopePath}`);
		try {
			await using tui = host.login();
			await answers(tui);
			expect(banners(tui)).toBe(0);
			expect(tui.screen()).not.toMatch(/cannot|denied|Segmentation|criscope-login/);
		} finally {
			host.inside(`umount ${criscopePath}`);
			rmSync(broken);
		}
	});

	test('a full disk', async () => {
		const { home } = host;
		host.inside(`mkdir -p ${home}/full; mount -t tmpfs -o size=64k tmpfs ${home}/full
			cp ${home}/.profile ${home}/full; ! dd if=/dev/zero of=${home}/full/fill bs=1k count=64 2>/dev/null
			mount --bind ${home}/full ${home}`);
		try {
			await using tui = host.login();
			await tui.until('Tab opens', waitMs);
			await answers(tui);
		} finally {
			host.inside(`umount -l ${home}; umount -l ${home}/full`);
		}
	});

	test(
		'installs once, whole, and removes only its own',
		() => {
			const file = 'profile.d/criscope.sh';
			const banner = (deed: string) => host.inside(`${criscopePath} banner ${deed} 2>&1 || echo "code $?"`);
			expect(banner('--install')).toContain('installed already');
			expect(host.inside(`cat /etc/${file}`)).toBe(banner('--print'));
			expect(host.inside('stat -c %a:%U /etc/profile.d/criscope.sh').trim()).toBe('644:root');
			expect(banner('--uninstall')).toContain('Removed');
			expect(banner('--uninstall')).toContain('not installed');
			host.inside(`echo foreign > /etc/${file}`);
			expect(banner('--install')).toMatch(/^criscope: cannot install .* move it away first\ncode 1\n$/);
			expect(banner('--uninstall')).toMatch(/^criscope: cannot uninstall .*\ncode 1\n$/);
			expect(host.inside(`cat /etc/${file}; rm /etc/${file}`)).toBe('foreign\n');
			// Somebody else, who can get at the checkout wherever it is.
			const asNobody =
				'setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search';
			expect(host.inside(`${asNobody} ${criscopePath} banner --install 2>&1 || :`)).toMatch(
				/takes root, try: sudo criscope banner --install/,
			);
			banner('--install');
		},
		waitMs,
	);
});

describe.skipIf(missing)(`the login banner beside a runtime that hangs${missing ?? ''}`, () => {
	test('says what is unknown, and the shell follows', async () => {
		await using host = await startLoginHost({ faults: ['half-dead'], limitMs: 300 });
		host.inside(`${criscopePath} banner --install`);
		await using tui = host.login();
		await answers(tui);
		// On a machine too busy for anything within the limit, the one line that says so.
		expect(tui.screen()).toMatch(/unknown|did not answer|nothing known/);
		expect(tui.screen()).toContain('Tab opens the inspector');
	});

	test('a criscope that hangs as well does not hold up the login', async () => {
		await using host = await startLoginHost({ limitMs: 300 });
		host.inside(`${criscopePath} banner --install`);
		// A number of its own, to know it by among the processes of the machine.
		const napSeconds = 100_000 + (process.pid % 100_000);
		const hanging = path.join(host.home, 'hanging');
		writeFileSync(hanging, `#!/bin/sh\nexec sleep ${napSeconds}\n`, { mode: 0o755 });
		host.inside(`mount --bind ${hanging} ${criscopePath}`);
		await using tui = host.login();
		await answers(tui);
		await eventually('the end of what hung', () => {
			const left = execFileSync('ps', ['-eo', 'args='], { encoding: 'utf8' });
			return !left.split('\n').includes(`sleep ${napSeconds}`);
		});
	});

	test('no Kubernetes node: no role is made up', async () => {
		// The fake could not answer anyway while this process waits for the program.
		await using host = await startLoginHost();
		const text = host.inside(
			`rm -f /etc/machine-id; CRISCOPE_BANNER_LIMIT_MS=60000 ${criscopePath} banner -r /none.sock`,
		);
		expect(text).toContain('no Kubernetes node');
		expect(existsSync(path.join(host.home, '.cache'))).toBe(false);
	});

	test('no memory for the program, and a host name that is no name: one plain line, and no key', async () => {
		await using host = await startLoginHost();
		const text = host.inside(`printf 'evil\\033[2J' > /proc/sys/kernel/hostname
			ulimit -v 200000; ${criscopePath} banner --login 2>&1 || echo "code $?"`);
		expect(text).toMatch(
			/^\| this host\n\| \? nothing known: criscope ended before it had an answer\n\| criscope opens the inspector\ncode 1\d\d\n$/,
		);
	});
});
