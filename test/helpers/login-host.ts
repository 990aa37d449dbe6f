import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FakeCriServer, startFakeCriServer } from '../fakes/cri-server.ts';
import { ageFakeState } from './fake-node.ts';
import type { Requirement } from './requires.ts';
import { type SshServer, sshRequirements, startSshd } from './sshd.ts';
import { startTui, type Tui } from './tui.ts';

/** A host to log in to over a real sshd, whose /etc and root's home are its own: see {@link startLoginHost}. */
export type LoginHost = AsyncDisposable & {
	readonly sshd: SshServer;
	readonly server: FakeCriServer;
	/** Folder of root's home. */
	readonly home: string;
	/** Writes a file of the host's /etc. */
	writeEtc(name: string, text: string): void;
	removeEtc(name: string): void;
	/** Opens a session with a terminal. */
	login(options?: {
		readonly term?: string;
		readonly lang?: string;
		readonly columns?: number;
		readonly rows?: number;
	}): Tui;
	/** Runs shell commands in the host's namespaces, not over SSH. */
	inside(script: string): string;
	/** Makes root's login shell another one. */
	setShell(file: string): void;
};

/** What it takes besides the program. */
export const loginHostRequirements: readonly Requirement[] = [
	...sshRequirements,
	'unshare',
	'nsenter',
	'mount',
	'hostname',
	'bash',
	'dash',
];

/** The command whose banner is installed. */
export const criscopePath = fileURLToPath(new URL('../../bin/criscope', import.meta.url));

/** So long that a busy machine does not matter: what is tested here is what is said, not when. */
const limitMs = 60_000;

const prompt = 'shell-follows> ';

/**
 * Starts sshd with an overlay over /etc, so that a banner can be installed in it, a home of root's own, a host name, and a fake
 * runtime that criscope's configuration there names. Guard with `whatIsMissing(...loginHostRequirements)`.
 *
 * @param options.kubelet whether /etc looks like that of a control-plane node
 * @param options.faults of the runtime, see test/fakes/cri-faults.ts
 */
export async function startLoginHost(
	options: {
		readonly kubelet?: boolean;
		readonly faults?: readonly string[];
		readonly limitMs?: number;
	} = {},
): Promise<LoginHost> {
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-login-'));
	const etc = path.join(dir, 'etc');
	const home = path.join(dir, 'home');
	for (const folder of ['etc', 'work', 'home', 'etc/criscope', 'etc/profile.d'])
		mkdirSync(path.join(dir, folder), { recursive: true });
	const socketPath = path.join(dir, 'cri.sock');
	const server = await startFakeCriServer({
		socketPath,
		pods: 4,
		containers: 2,
		faults: options.faults ?? [],
	});
	ageFakeState(server.state);
	const writeEtc = (name: string, text: string): void => {
		mkdirSync(path.dirname(path.join(etc, name)), { recursive: true });
		writeFileSync(path.join(etc, name), text);
	};
	writeEtc('machine-id', '0123456789abcdef0123456789abcdef\n');
	writeEtc('criscope/config.toml', `[runtime]\nendpoint = "unix://${socketPath}"\n`);
	if (options.kubelet) {
		writeEtc('kubernetes/kubelet.conf', '');
		writeEtc('kubernetes/manifests/kube-apiserver.yaml', '');
		writeEtc('kubernetes/manifests/etcd.yaml', '');
		writeEtc('default/kubelet', 'KUBELET_EXTRA_ARGS=--node-labels=node-role.kubernetes.io/gpu=\n');
	}
	// Not over /root: that may hold the very checkout that is tested.
	const writePasswd = (shell = '/bin/bash'): void => {
		const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
		writeEtc(
			'passwd',
			lines.map((line) => line.replace(/^(root:(?:[^:]*:){4}).*$/, `$1${home}:${shell}`)).join('\n'),
		);
		chmodSync(path.join(etc, 'passwd'), 0o644);
	};
	writePasswd();
	// What the shell is to look like, whatever its kind; read after profile.d.
	writeFileSync(path.join(home, '.profile'), `PS1='${prompt}'; export PS1\n`);
	const sshd = await startSshd({
		prepare: `
			hostname worker-1
			mount -t overlay overlay -o lowerdir=/etc,upperdir=${etc},workdir=${dir}/work /etc`,
		config: [
			`SetEnv CRISCOPE_BANNER_LIMIT_MS=${options.limitMs ?? limitMs} CRISCOPE_EMBEDDED=off`,
			'Subsystem sftp internal-sftp',
		],
	});
	return {
		sshd,
		server,
		home,
		writeEtc,
		removeEtc: (name) => rmSync(path.join(etc, name), { force: true }),
		login({ term = 'xterm-256color', lang = 'C.UTF-8', columns = 80, rows = 24 } = {}) {
			return startTui({ command: sshd.login, columns, rows, env: { TERM: term, LANG: lang } });
		},
		inside: (script) =>
			execFileSync('nsenter', ['-t', String(sshd.pid), '-m', '-u', 'sh', '-ec', script], {
				encoding: 'utf8',
				env: { PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' },
			}),
		setShell(file) {
			writePasswd(file);
			rmSync(path.join(etc, 'ash'), { force: true });
			symlinkSync('/bin/busybox', path.join(etc, 'ash'));
		},
		async [Symbol.asyncDispose]() {
			await sshd[Symbol.asyncDispose]();
			await server.stop();
			rmSync(dir, { recursive: true, force: true });
		},
	};
}
