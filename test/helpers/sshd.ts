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
	/** Options that lead to it, for ssh, sftp and (with `-P` for the port, see `port`) scp; no host, no terminal. */
	readonly client: readonly string[];
	readonly port: number;
	/** Of the server itself, to enter its namespaces. */
	readonly pid: number;
};

/** A host of the server's own. */
export type SshHost = {
	/**
	 * Shell commands run as root in a mount and UTS namespace that server and logins then have: what they mount, nobody else sees.
	 */
	readonly prepare: string;
	/** More lines of its configuration. */
	readonly config?: readonly string[];
};

/** What a login over SSH takes. */
export const sshRequirements: readonly Requirement[] = ['root', 'sshd', 'ssh', 'ssh-keygen'];

/**
 * Starts sshd on a free port of 127.0.0.1, with a host key and a client key made for it. Nothing of the machine's own SSH set-up is
 * read or changed. Guard with `whatIsMissing(...sshRequirements)`.
 */
export async function startSshd(host?: SshHost): Promise<SshServer> {
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
			...(host?.config ?? []),
			'',
		].join('\n'),
	);
	// Where sshd separates its privileges; the package makes it only when the service starts.
	mkdirSync('/run/sshd', { recursive: true });
	// A child of ours for as long as it lives (-D), and its words on standard error (-e).
	const command = ['/usr/sbin/sshd', '-D', '-e', '-f', path.join(dir, 'config')];
	const entering = ['unshare', '--mount', '--uts', 'sh', '-ec', `${host?.prepare}\nexec "$@"`, 'sh'];
	const [file = '', ...args] = host === undefined ? command : [...entering, ...command];
	const sshd: ChildProcess = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
	await waitForOutput(sshd, /Server listening on (\S+)/);
	const client = [
		...['-F', '/dev/null', '-i', path.join(dir, 'client'), '-o', `Port=${port}`],
		...['-o', 'StrictHostKeyChecking=no', '-o', `UserKnownHostsFile=${dir}/known`],
		...['-o', 'LogLevel=ERROR', '-o', 'SendEnv=LANG', '-o', 'IdentitiesOnly=yes'],
	];
	return {
		login: ['ssh', '-tt', ...client, 'root@127.0.0.1'],
		client,
		port,
		pid: sshd.pid ?? 0,
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
