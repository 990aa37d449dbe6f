/**
 * Running containers: the OCI runtime's command line and one conmon for each container. Nothing here keeps state in memory
 * that could not be read again from the bundle, the exit files and the kernel.
 * Source: runtime.md section 3 (conmon 2.1, runc 1.1, crun).
 */
import type { HandlerConfig, OciProcess, OciResources } from './model.ts';

type WaitOptions = { readonly signal?: AbortSignal | undefined };

/** A process as the kernel tells it from a later one with the same pid. */
export type ProcessIdentity = {
	readonly pid: number;
	/** Field 22 of /proc/PID/stat, in clock ticks since boot. */
	readonly startTimeTicks: bigint;
};

/** Where the files of one container lie. */
export type ContainerPaths = {
	/** Folder with config.json, pidfile, ctl, attach. */
	readonly bundleDir: string;
	/** Folder into which conmon writes `exit` and `oom` first; one that no container can fill up. */
	readonly persistDir: string;
	/** Folder in which conmon puts `<id>` afterwards; it survives a reboot. */
	readonly exitsDir: string;
	/** Short folder for the attach socket's link. */
	readonly attachDir: string;
	readonly logPath: string;
};

export type CreateRequest = {
	readonly id: string;
	readonly name: string;
	readonly handler: HandlerConfig;
	readonly paths: ContainerPaths;
	readonly terminal: boolean;
	readonly stdin: boolean;
	readonly stdinOnce: boolean;
	readonly systemdCgroup: boolean;
	/** Puts conmon into its cgroup before it goes on, where that cannot wait; called with its pid. */
	readonly placeMonitor?: ((pid: number) => void | Promise<void>) | undefined;
	/** Resolves when the bundle is whole; conmon is started and placed meanwhile. Without it the bundle is there already. */
	readonly bundle?: Promise<unknown> | undefined;
	/** -1 for no limit. */
	readonly logSizeMaxBytes: number;
	readonly timeoutMs: number;
};

export type CreatedProcess = { readonly init: ProcessIdentity; readonly monitor: ProcessIdentity };

/** How a container ended. */
export type ContainerExit = {
	readonly exitCode: number;
	/** From the exit file's ctime. */
	readonly finishedAtNanos: bigint;
	readonly oomKilled: boolean;
};

export type ExecRequest = {
	readonly id: string;
	readonly handler: HandlerConfig;
	readonly paths: ContainerPaths;
	readonly process: OciProcess;
	readonly systemdCgroup: boolean;
};

export type ExecOutcome =
	| { readonly kind: 'exited'; readonly exitCode: number; readonly stdout: Buffer; readonly stderr: Buffer }
	| { readonly kind: 'timedOut' };

/** A command that runs in a container, with its streams. */
export type RunningExec = AsyncDisposable & {
	readonly pid: number;
	/** Undefined where no stdin was asked for. Ending it closes a pipe; a terminal stays open, and ^D is up to the caller. */
	readonly stdin: import('node:stream').Writable | undefined;
	readonly stdout: import('node:stream').Readable;
	/** Undefined with a terminal. */
	readonly stderr: import('node:stream').Readable | undefined;
	resize(columns: number, rows: number): void;
	/** Resolves once its output has been read to the end. */
	readonly exited: Promise<{ readonly exitCode: number }>;
	kill(): void;
};

/** A connection to a container's standard streams through conmon. */
export type Attachment = AsyncDisposable & {
	readonly stdout: import('node:stream').Readable;
	readonly stderr: import('node:stream').Readable;
	/** Ending it closes the container's stdin, unless conmon keeps it open. */
	readonly stdin: import('node:stream').Writable;
	resize(columns: number, rows: number): void;
};

/**
 * Everything that is done to containers' processes. All methods may be called at the same time; those for one container
 * are put in order by the caller. @throws OciRuntimeError, DeadlineError, the AbortError of the signal.
 */
export type ContainerProcesses = {
	/** Starts conmon, which creates the container. On failure and on abort nothing is left running. */
	create(request: CreateRequest, options?: WaitOptions): Promise<CreatedProcess>;
	start(id: string, handler: HandlerConfig, options?: WaitOptions): Promise<void>;
	/**
	 * Sends a signal to init; one that is gone already is no error. `all`: to every process of the container.
	 * @param signalName `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`. @throws InvalidArgumentError where it is none
	 */
	kill(
		id: string,
		handler: HandlerConfig,
		signalName: string,
		options?: WaitOptions & { readonly all?: boolean },
	): Promise<void>;
	/** Removes it from the OCI runtime's records, killing what still runs. A container that is not there is no error. */
	delete(id: string, handler: HandlerConfig, options?: WaitOptions): Promise<void>;
	state(
		id: string,
		handler: HandlerConfig,
		options?: WaitOptions,
	): Promise<
		| { readonly status: 'creating' | 'created' | 'running' | 'paused' | 'stopped'; readonly pid: number }
		| undefined
	>;
	list(handler: HandlerConfig, options?: WaitOptions): Promise<readonly string[]>;
	update(id: string, handler: HandlerConfig, resources: OciResources, options?: WaitOptions): Promise<void>;
	execSync(
		request: ExecRequest & { readonly timeoutMs: number | undefined },
		options?: WaitOptions,
	): Promise<ExecOutcome>;
	exec(request: ExecRequest & { readonly stdin: boolean }, options?: WaitOptions): Promise<RunningExec>;
	attach(paths: ContainerPaths, options?: WaitOptions): Promise<Attachment>;
	reopenLog(paths: ContainerPaths, options?: WaitOptions): Promise<void>;
	/** The end that conmon has written down; undefined while there is none. */
	readExit(id: string, paths: ContainerPaths): ContainerExit | undefined;
	/** True where its init comes to us when conmon is killed: then its end is written down here, within seconds. */
	inherits(id: string): boolean;
	/** True while that very process lives and is no zombie. */
	isAlive(process: ProcessIdentity): boolean;
};

/** Watches the folder of exit files; an exit that was there before is told as well. */
export type ExitWatcher = AsyncDisposable & {
	readonly onExit: (listener: (id: string) => void) => () => void;
};
