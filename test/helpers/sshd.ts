import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { stopProcess, waitForOutput } from './child-process.ts';
import type { Requirement } from './requires.ts';

/** An SSH server on loopback with keys of its own, which only its own client key opens. */
export type SshServer = AsyncDisposable & {
	/** ssh and the arguments that log in as root on a terminal; the command to run comes behind. */
	readonly login: readonly [string, ...string[]];
};

/** What a login over SSH takes. */
export const sshRequirements: readonly Requirement[] = ['root', 'sshd', 'ssh', 'ssh-keygen'];

/**
 * Starts sshd on a free port of 127.0.0.1, with a host key and a client key made for it. Nothing of the machine's own SSH set-up is
 * read or changed. Guard with `whatIsMissing(...sshRequirements)`.
 */
export async function startSshd(): Promise<SshServer> {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-sshd-'));
	for (const key of ['host', 'client']) {
		execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path.join(dir, key)]);
	}
	copyFileSync(path.join(dir, 'client.pub'), path.join(dir, 'authorized'));
	const port = await freePort();
	writeFileSync(
		path.join(dir, 'config'),
		[
			`Port ${port}`,
			'ListenAddress 127.0.0.1',
			`HostKey ${dir}/host`,
			`AuthorizedKeysFile ${dir}/authorized`,
			`PidFile ${dir}/pid`,
			'StrictModes no',
			'PermitRootLogin prohibit-password',
			'PasswordAuthentication no',
			'UsePAM no',
			'PrintMotd no',
			'PrintLastLog no',
			'AcceptEnv LANG',
			'',
		].join('\n'),
	);
	// Where sshd separates its privileges; the package makes it only when the service starts.
	mkdirSync('/run/sshd', { recursive: true });
	// A child of ours for as long as it lives (-D), and its words on standard error (-e).
	const sshd: ChildProcess = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', path.join(dir, 'config')], {
		stdio: ['ignore', 'ignore', 'pipe'],
	});
	await waitForOutput(sshd, /Server listening on (\S+)/);
	return {
		login: [
			'ssh',
			'-tt',
			...['-F', '/dev/null', '-p', String(port), '-i', path.join(dir, 'client')],
			...['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${dir}/known`],
			...['-o', 'LogLevel=ERROR', '-o', 'SendEnv=LANG', '-o', 'IdentitiesOnly=yes'],
			'root@127.0.0.1',
		],
		async [Symbol.asyncDispose]() {
			await stopProcess(sshd);
			rmSync(dir, { recursive: true, force: true });
		},
	};
}

async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === 'string') throw new Error('cannot find a free port');
	return address.port;
}
