/** Control groups, version 1, 2 and hybrid, behind one interface. Source: Linux Documentation/admin-guide/cgroup-v1, cgroup-v2.rst. */
import type { CpuUsage, MemoryUsage, PsiStats, StringMap } from '../../cri/model.ts';
import type { CgroupDetails } from './cgroup-details.ts';
import type { ScopeWishes } from './scope-annotations.ts';

/** One reading of a cgroup; what the kernel does not offer is undefined. */
export type CgroupReading = {
	readonly timestampNanos: bigint;
	readonly cpu: CpuUsage | undefined;
	readonly memory: MemoryUsage | undefined;
	readonly swapBytes: bigint | undefined;
	/** Tasks: every thread counts. */
	readonly pids: bigint | undefined;
	/** How often the kernel's OOM killer struck in it. */
	readonly oomKills: bigint | undefined;
	/** How long its processes waited for reads and writes. */
	readonly ioPsi?: PsiStats | undefined;
	readonly io:
		| {
				readonly readBytes: bigint;
				readonly writeBytes: bigint;
				readonly reads: bigint;
				readonly writes: bigint;
		  }
		| undefined;
};

export type Cgroups = {
	readonly version: 1 | 2;
	readonly driver: 'cgroupfs' | 'systemd';
	/**
	 * The `cgroupsPath` of config.json for an object below a parent, and the path below the mount where it will lie.
	 * @param parent as the CRI gives it; '' for the default. @throws InvalidArgumentError naming the field when its form
	 * does not fit the driver.
	 */
	pathsFor(
		parent: string,
		kind: 'container' | 'monitor' | 'sandbox',
		id: string,
	): { readonly cgroupsPath: string; readonly path: string };
	/**
	 * The path of an object that is there, below a parent as records have it: a driver that was configured earlier may have made it.
	 * @throws InvalidArgumentError where neither driver would have
	 */
	pathOf(parent: string, kind: 'container' | 'monitor', id: string): string;
	/** What config.json says to systemd, by way of the OCI runtime; nothing under cgroupfs. */
	annotations(wishes: Omit<ScopeWishes, 'service'>): StringMap;
	/** Makes it in every hierarchy; one that is there is no error. Under systemd nothing is made before there is a process. */
	create(path: string): void;
	/**
	 * Makes a cgroup for a monitor, and moves it there: under version 1 in the hierarchies that count or limit what it uses, and in
	 * systemd's own. Under systemd that makes the scope, which has to be new. @throws InternalError, DeadlineError
	 */
	addMonitor(path: string, pid: number): Promise<void>;
	/** Whether a monitor is there in all hierarchies that `addMonitor` moves it in: that may have been cut short. */
	hasMonitor(path: string, pid: number): boolean;
	/**
	 * Removes it with everything below; what is gone already is no error. The kernel needs a moment after the last process
	 * has ended: it is waited for, briefly. @throws FailedPreconditionError naming the processes that still live in it
	 */
	remove(path: string): Promise<void>;
	processes(path: string): readonly number[];
	read(path: string): CgroupReading | undefined;
	/** What is read seldom; of one that is gone everything is undefined. */
	readDetails(path: string): CgroupDetails;
	/** Everything below the given parent, for leak counts and recovery. */
	list(parent: string): readonly string[];
};
