import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FakeCriOptions, type FakeCriServer, startFakeCriServer } from '../fakes/cri-server.ts';
import type { FakeState } from '../fakes/cri-state.ts';
import type { Requirement } from './requires.ts';
import { startTui, type Tui, type TuiOptions } from './tui.ts';

/** A host of its own for the program, in which nothing differs from run to run: see {@link startFakeNode}. */
export type FakeNode = AsyncDisposable & {
	/** The runtime; replaced by `restart`. */
	readonly server: FakeCriServer;
	readonly state: FakeState;
	/** Where the runtime listens, for `-r`. */
	readonly endpoint: string;
	/** A folder of the node's own, also the home of its programs. */
	readonly dir: string;
	/**
	 * Starts criscope on this node.
	 *
	 * @param options.args default: `-r` with the endpoint
	 * @param options.as another user than root
	 * @param options.sockets well-known places (absolute paths below /run) that lead to the runtime
	 */
	start(options?: TuiOptions & { readonly sockets?: readonly string[]; readonly as?: string }): Tui;
	/** Writes a file into the node's folder and returns its path. */
	writeFile(name: string, text: string): string;
	/** Kills the runtime; its objects are remembered. */
	kill(): Promise<void>;
	/** Starts the runtime again where it was, with the objects that it had. */
	restart(faults?: readonly string[]): Promise<void>;
};

/** What a fake node takes besides the program. */
export const fakeNodeRequirements: readonly Requirement[] = ['root', 'unshare', 'mount', 'hostname'];

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const node = path.join(rootDir, 'node_modules/.bin/node');
const program = path.join(rootDir, 'dist/main.js');

/** Whoever it runs as gets at the checkout wherever that is, in root's home say. To open a socket takes more than this. */
const mayReadAll = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];

/** 3 days and some hours: long enough ago that ages stay the same while a test runs. */
const createdAgoMs = (3 * 24 + 5.5) * 3_600_000;

const hostFiles: Readonly<Record<string, string>> = {
	'/proc/loadavg': '0.42 0.30 0.20 1/345 6789\n',
	'/proc/meminfo': 'MemTotal: 16777216 kB\nMemFree: 4194304 kB\nMemAvailable: 10485760 kB\n',
	'/proc/stat': `cpu  1 1 1 1\n${[0, 1, 2, 3].map((cpu) => `cpu${cpu} 1 1 1 1`).join('\n')}\nbtime 1750000000\n`,
	'/etc/machine-id': '0123456789abcdef0123456789abcdef\n',
};

/**
 * Hides the machine behind a host name, load, memory and an empty /run of the program's own, then becomes the
 * program. Arguments: folder, the sockets to offer, `--`, the program.
 */
const enterScript = `
set -e
dir=$1; shift
hostname worker-1
mount -t tmpfs tmpfs /run
# A Debian without systemd has none to hide.
if [ ! -e /etc/machine-id ]; then
	mkdir -p "$dir/etc" "$dir/etc-work"
	mount -t overlay overlay -o "lowerdir=/etc,upperdir=$dir/etc,workdir=$dir/etc-work" /etc
	touch /etc/machine-id
fi
for file in ${Object.keys(hostFiles).join(' ')}; do mount --bind "$dir/host$file" "$file"; done
while [ "$1" != -- ]; do mkdir -p "$(dirname "$1")"; ln -s "$dir/cri.sock" "$1"; shift; done
shift
exec "$@"
`;

/** Moves everything that the fake holds from its own epoch to some days ago, and gives back the state. */
export function ageFakeState(state: FakeState): FakeState {
	const createdAt = (Date.now() - createdAgoMs) * 1_000_000;
	for (const objects of [state.pods, state.containers]) {
		for (const [id, object] of objects) {
			const times = ['createdAt', 'startedAt', 'finishedAt'].filter(
				(field) => object[field] !== undefined && object[field] !== '0',
			);
			objects.set(id, {
				...object,
				...Object.fromEntries(times.map((field) => [field, String(BigInt(createdAt))])),
			});
		}
	}
	return state;
}

/**
 * Starts a fake runtime with `pods` × `containers` on a host whose name, id, load, memory and sockets are the
 * same everywhere. Guard with `whatIsMissing(...fakeNodeRequirements)`.
 */
export async function startFakeNode(
	options: Omit<FakeCriOptions, 'socketPath'> & { readonly serving?: boolean } = {},
): Promise<FakeNode> {
	const { serving = true, ...serverOptions } = options;
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-node-'));
	const socketPath = path.join(dir, 'cri.sock');
	for (const [file, text] of Object.entries(hostFiles)) {
		mkdirSync(path.join(dir, 'host', path.dirname(file)), { recursive: true });
		writeFileSync(path.join(dir, 'host', file), text);
	}
	let server = await startFakeCriServer({ pods: 8, containers: 2, ...serverOptions, socketPath });
	ageFakeState(server.state);
	if (!serving) await server.stop();
	const endpoint = `unix://${socketPath}`;
	return {
		get server() {
			return server;
		},
		get state() {
			return server.state;
		},
		endpoint,
		dir,
		start({ sockets = [], as, args = ['-r', endpoint], ...tuiOptions } = {}) {
			const shell = ['sh', '-c', enterScript, 'sh', dir, ...sockets, '--'];
			const user =
				as === undefined
					? []
					: ['setpriv', `--reuid=${as}`, '--regid=nogroup', '--clear-groups', ...mayReadAll];
			return startTui({
				command: ['unshare', '--mount', '--uts', ...shell, ...user, node, program],
				args,
				...tuiOptions,
			});
		},
		writeFile(name, text) {
			const file = path.join(dir, name);
			mkdirSync(path.dirname(file), { recursive: true });
			writeFileSync(file, text);
			return file;
		},
		kill: () => server.stop(),
		async restart(faults) {
			server = await startFakeCriServer({ ...serverOptions, state: server.state, socketPath, faults });
		},
		async [Symbol.asyncDispose]() {
			await server.stop();
			rmSync(dir, { recursive: true, force: true });
		},
	};
}
