import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CriClient } from '../../src/cri/ports.ts';
import { createCriClient } from '../../src/cri/transport/client.ts';
import { eventually, stopProcess } from './child-process.ts';
import { type CriWire, openCriWire } from './cri-wire.ts';
import { unmountBelow } from './mounts.ts';
import { processTree } from './process-tree.ts';

/** The embedded runtime as a process of its own, on a store of its own. */
export type Serve = {
	/** `unix://…` */
	readonly endpoint: string;
	readonly dir: string;
	readonly graphRoot: string;
	readonly runRoot: string;
	/** registries.conf; written anew, it counts for the next pull. */
	readonly registriesConf: string;
	readonly cri: CriWire;
	/** The process now; another one after `start`. */
	pid(): number;
	/** The program's own client, connected anew after each start. The CRI, and `transfers` beside it. */
	client(): CriClient;
	/** What the process has logged so far, over all its lives. */
	log(): string;
	/** Starts the process after its end, and waits until it answers. */
	start(): Promise<void>;
	/** SIGKILL to the process and all its children, and waits until they are gone. */
	kill9(): Promise<void>;
	/** SIGTERM and start. */
	restart(): Promise<void>;
	/** SIGTERM; waits until it is gone, and takes away what mounts are left. `start` starts it anew. @returns the exit code. */
	stop(): Promise<number | null>;
};

/** How to start one. */
export type ServeOptions = {
	/** For the socket, settings and log. */
	readonly dir: string;
	/** Without it `<dir>/root`. */
	readonly graphRoot?: string | undefined;
	readonly runRoot?: string | undefined;
	readonly storageDriver?: 'overlay' | 'vfs' | undefined;
	/** Content of registries.conf; by default every host is asked as it is, and `insecureHosts` over plain HTTP. */
	readonly registriesConf?: string | undefined;
	/** `127.0.0.1:5000` */
	readonly insecureHosts?: readonly string[] | undefined;
	/** Content of policy.json; accepts anything by default. */
	readonly policy?: object | undefined;
	/** Content of auth.json. */
	readonly auth?: object | undefined;
	/** More flags. */
	readonly flags?: readonly string[] | undefined;
	readonly env?: Readonly<Record<string, string>> | undefined;
};

const rootDir = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Starts `criscope serve` (the built program) and waits until it answers.
 *
 * @throws Error with the end of its log when it does not come up
 */
export async function startServe(options: ServeOptions): Promise<Serve> {
	const { dir } = options;
	mkdirSync(dir, { recursive: true });
	const at = (name: string) => path.join(dir, name);
	const graphRoot = options.graphRoot ?? at('root');
	const runRoot = options.runRoot ?? at('run');
	const socket = at('criscope.sock');
	const endpoint = `unix://${socket}`;
	const logPath = at('serve.log');
	writeFileSync(
		at('registries.conf'),
		options.registriesConf ?? insecureRegistries(options.insecureHosts ?? []),
	);
	writeFileSync(
		at('policy.json'),
		JSON.stringify(options.policy ?? { default: [{ type: 'insecureAcceptAnything' }] }),
	);
	writeFileSync(at('auth.json'), JSON.stringify(options.auth ?? {}));
	for (const name of ['home', 'registries.conf.d']) mkdirSync(at(name), { recursive: true });
	const args = [
		path.join(rootDir, 'dist/main.js'),
		'serve',
		...['--listen', endpoint, '--root', graphRoot, '--runroot', runRoot],
		...(options.storageDriver === undefined ? [] : ['--storage-driver', options.storageDriver]),
		...['--registries-conf', at('registries.conf'), '--signature-policy', at('policy.json')],
		...['--registries-conf-dir', at('registries.conf.d'), '--authfile', at('auth.json')],
		...['--log-level', 'debug', '--log-format', 'json'],
		...(options.flags ?? []),
	];
	const cri = openCriWire(endpoint);
	let child = await spawnServe();
	let client: CriClient | undefined;

	async function spawnServe(): Promise<ChildProcess> {
		const log = openSync(logPath, 'a');
		const started = spawn(path.join(rootDir, 'node_modules/.bin/node'), args, {
			stdio: ['ignore', log, log],
			// A Ctrl-C on the terminal must not reach it: it is stopped in order.
			detached: true,
			env: {
				PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
				HOME: at('home'),
				...options.env,
			},
		});
		try {
			await eventually('criscope serve to answer', async () => {
				if (started.exitCode !== null || started.signalCode !== null) return true;
				await cri.runtime('Version', {}, { timeoutMs: 2000 });
				return true;
			});
		} catch (error) {
			await stopProcess(started);
			throw new Error(`cannot start criscope serve: ${String(error)}\n${tail(logPath)}`, { cause: error });
		}
		if (started.exitCode !== null || started.signalCode !== null) {
			const how = started.signalCode ?? started.exitCode;
			throw new Error(`cannot start criscope serve: it ended with ${how}\n${tail(logPath)}`);
		}
		return started;
	}

	const closeClient = () => {
		client?.close();
		client = undefined;
	};
	const start = async () => {
		child = await spawnServe();
	};
	const stop = async () => {
		closeClient();
		await stopProcess(child, 20_000);
		await unmountBelow(graphRoot);
		await unmountBelow(runRoot);
		return child.exitCode;
	};
	return {
		endpoint,
		dir,
		graphRoot,
		runRoot,
		registriesConf: at('registries.conf'),
		cri,
		pid: () => child.pid ?? 0,
		client: () => {
			client ??= createCriClient(endpoint);
			return client;
		},
		log: () => readFileSync(logPath, 'utf8'),
		start,
		kill9: async () => {
			closeClient();
			if (child.exitCode !== null || child.signalCode !== null) return;
			const exited = once(child, 'exit');
			const pids = processTree(child.pid ?? 0);
			for (const pid of pids) killHard(pid);
			await exited;
			await eventually('the helpers of criscope serve to end', () => !pids.some(isAlive));
		},
		restart: async () => {
			closeClient();
			await stopProcess(child, 20_000);
			await start();
		},
		stop,
	};
}

/** registries.conf that asks some hosts over plain HTTP, and nobody for a short name. */
export function insecureRegistries(hosts: readonly string[]): string {
	const tables = hosts.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
	return ['unqualified-search-registries = []\n', ...tables].join('\n');
}

function killHard(pid: number): void {
	try {
		process.kill(pid, 'SIGKILL');
	} catch {
		// Gone meanwhile.
	}
}

function isAlive(pid: number): boolean {
	if (!existsSync(`/proc/${pid}`)) return false;
	// A zombie waits for its parent, which is not us where it was a grandchild.
	return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

function tail(file: string): string {
	return existsSync(file) ? readFileSync(file, 'utf8').slice(-4000) : '(no log)';
}
