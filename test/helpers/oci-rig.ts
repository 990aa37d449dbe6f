import { execFileSync } from 'node:child_process';
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import type {
	ContainerPaths,
	ContainerProcesses,
	CreateRequest,
} from '../../src/runtime/oci/container-process.ts';
import { createContainerProcesses } from '../../src/runtime/oci/container-processes.ts';
import { createHybridCrun } from '../../src/runtime/oci/hybrid-crun.ts';
import type { HandlerConfig, OciProcess } from '../../src/runtime/oci/model.ts';
import { createChildWaits } from '../../src/runtime/sys/child-waits.ts';
import { loadContainerCalls } from '../../src/runtime/sys/libc-containers.ts';
import { loadSpawnCalls } from '../../src/runtime/sys/libc-spawn.ts';
import { startBySpawn } from '../../src/runtime/sys/program-start.ts';

/** A container made by hand from the host's busybox, without images, network or pods. */
export type RigContainer = {
	readonly id: string;
	readonly handler: HandlerConfig;
	readonly paths: ContainerPaths;
	readonly request: CreateRequest;
	/** How a command in it runs. */
	execProcess(args: readonly string[], extra?: Partial<OciProcess>): OciProcess;
	/** The log as conmon wrote it, without its times: `stdout F hello`. */
	logLines(): readonly string[];
};

/** Real conmon and OCI runtimes below a temporary folder. */
export type OciRig = AsyncDisposable & {
	readonly dir: string;
	readonly processes: ContainerProcesses;
	readonly runc: HandlerConfig;
	crun(): Promise<HandlerConfig>;
	/** Writes a bundle; nothing is started. */
	prepare(args: readonly string[], options?: PrepareOptions): RigContainer;
	/** Writes a bundle, creates the container and starts it. */
	run(args: readonly string[], options?: PrepareOptions): Promise<RigContainer>;
	/** Pids of all processes that mention the rig's folder, by their command lines. */
	processesLeft(): readonly number[];
};

/** What a bundle may differ in. */
export type PrepareOptions = Partial<
	Pick<CreateRequest, 'handler' | 'terminal' | 'stdin' | 'stdinOnce' | 'logSizeMaxBytes' | 'timeoutMs'>
> & {
	readonly memoryLimitBytes?: number;
	readonly pidsLimit?: number;
	readonly changeSpec?: (spec: Record<string, unknown>) => unknown;
};

const commands = [
	'sh',
	'sleep',
	'cat',
	'echo',
	'ps',
	'dd',
	'yes',
	'kill',
	'true',
	'head',
	'tr',
	'stty',
	'id',
	'readlink',
	'pidof',
];

/** Opens a rig; disposing it kills and removes everything that was made with it. */
export async function openOciRig(): Promise<OciRig> {
	await using undo = new AsyncDisposableStack();
	const dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-oci-'));
	undo.defer(() => rmSync(dir, { recursive: true, force: true }));
	const rootfs = path.join(dir, 'rootfs');
	for (const name of ['bin', 'dev', 'proc', 'sys', 'tmp', 'etc'])
		mkdirSync(path.join(rootfs, name), { recursive: true });
	cpSync('/bin/busybox', path.join(rootfs, 'bin/busybox'));
	for (const command of commands) symlinkSync('busybox', path.join(rootfs, 'bin', command));
	const sys = loadContainerCalls();
	const waits = undo.use(createChildWaits(sys));
	const start = startBySpawn(loadSpawnCalls(), waits);
	const processes = undo.use(createContainerProcesses({ sys, waits, start, log: () => undefined }));
	const made: RigContainer[] = [];
	undo.defer(async () => {
		for (const { id, handler } of made) await processes.delete(id, handler);
		// Conmon writes down the exit, and goes.
		await vi.waitFor(() => {
			if (processesLeft().length > 0) throw new Error(`still there: ${processesLeft().join(' ')}`);
		}, 10_000);
		for (const { id } of made) removeCgroups(id);
	});
	const handlerOf = (name: string, program: string): HandlerConfig => ({
		name,
		path: program,
		root: path.join(dir, `${name}-root`),
		type: 'oci',
		privilegedWithoutHostDevices: false,
		allowedAnnotations: [],
		monitorPath: '/usr/bin/conmon',
		monitorCgroup: '',
		monitorEnv: [],
		minimumMemoryBytes: 0,
	});
	const runc = handlerOf('runc', '/usr/sbin/runc');

	function processesLeft(): readonly number[] {
		return readdirSync('/proc')
			.map(Number)
			.filter((pid) => Number.isInteger(pid) && pid !== process.pid && commandLine(pid).includes(dir));
	}

	function prepare(args: readonly string[], options: PrepareOptions = {}): RigContainer {
		const id = `rig${path.basename(dir).replaceAll(/\W/g, '')}n${made.length}`;
		const { handler = runc, terminal = false, changeSpec } = options;
		// Longer than the path of a socket may be.
		const bundleDir = path.join(dir, 'a-long-name-'.repeat(9), id);
		mkdirSync(bundleDir, { recursive: true });
		const execProcess = (argv: readonly string[], extra: Partial<OciProcess> = {}): OciProcess => ({
			terminal: false,
			user: { uid: 0, gid: 0 },
			args: argv,
			env: ['PATH=/bin', 'TERM=xterm'],
			cwd: '/',
			...extra,
		});
		const spec = baseSpec(rootfs, id, execProcess(args, { terminal }), options);
		writeFileSync(path.join(bundleDir, 'config.json'), JSON.stringify(changeSpec?.(spec) ?? spec));
		const paths = {
			bundleDir,
			persistDir: path.join(dir, 'persist', id),
			exitsDir: path.join(dir, 'exits'),
			attachDir: path.join(dir, 'attach'),
			logPath: path.join(dir, 'logs', `${id}.log`),
		};
		const container: RigContainer = {
			id,
			handler,
			paths,
			request: {
				id,
				name: id,
				handler,
				paths,
				terminal,
				stdin: options.stdin ?? false,
				stdinOnce: options.stdinOnce ?? false,
				systemdCgroup: false,
				placeMonitor: () => undefined,
				logSizeMaxBytes: options.logSizeMaxBytes ?? -1,
				timeoutMs: options.timeoutMs ?? 30_000,
			},
			execProcess,
			logLines: () =>
				readFileSync(paths.logPath, 'utf8')
					.split('\n')
					.slice(0, -1)
					.map((line) => line.slice(line.indexOf(' ') + 1)),
		};
		made.push(container);
		return container;
	}

	const moved = undo.move();
	return {
		dir,
		processes,
		runc,
		crun: async () => createHybridCrun(path.join(dir, 'scripts'))(handlerOf('crun', '/usr/bin/crun')),
		prepare,
		async run(args, options) {
			const container = prepare(args, options);
			await processes.create(container.request);
			await processes.start(container.id, container.handler);
			return container;
		},
		processesLeft,
		[Symbol.asyncDispose]: () => moved.disposeAsync(),
	};
}

function baseSpec(
	rootfs: string,
	id: string,
	process: OciProcess,
	{ memoryLimitBytes, pidsLimit }: PrepareOptions,
): Record<string, unknown> {
	const memory = memoryLimitBytes === undefined ? {} : { memory: { limit: memoryLimitBytes } };
	const pids = pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } };
	const kill = ['CAP_KILL'];
	return {
		ociVersion: '1.0.2',
		process: { ...process, capabilities: { bounding: kill, effective: kill, permitted: kill } },
		root: { path: rootfs, readonly: false },
		hostname: 'rig',
		mounts: [
			{ destination: '/proc', type: 'proc', source: 'proc' },
			{ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755', 'size=65536k'] },
			{
				destination: '/dev/pts',
				type: 'devpts',
				source: 'devpts',
				options: ['newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
			},
		],
		linux: {
			cgroupsPath: `/criscope-rig/${id}`,
			resources: { devices: [{ allow: false, access: 'rwm' }], ...memory, ...pids },
			namespaces: ['pid', 'ipc', 'uts', 'mount', 'network'].map((type) => ({ type })),
		},
	};
}

function commandLine(pid: number): string {
	try {
		return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
	} catch {
		return '';
	}
}

/** Crun leaves the parent folders; runc removes its own. */
function removeCgroups(id: string): void {
	for (const controller of readdirSync('/sys/fs/cgroup')) {
		for (const folder of [`criscope-rig/${id}`, 'criscope-rig']) {
			const cgroup = path.join('/sys/fs/cgroup', controller, folder);
			if (existsSync(cgroup)) execFileSync('rmdir', ['--ignore-fail-on-non-empty', cgroup]);
		}
	}
}
