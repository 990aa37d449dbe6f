/**
 * The OCI runtime specification's config.json, as far as this runtime writes it, and the contract with those who run it.
 * Source: opencontainers/runtime-spec v1.2, config.md and config-linux.md.
 */

export type OciMount = {
	readonly destination: string;
	readonly type?: string;
	readonly source?: string;
	readonly options?: readonly string[];
};

export type OciProcess = {
	readonly terminal: boolean;
	readonly user: {
		readonly uid: number;
		readonly gid: number;
		readonly additionalGids?: readonly number[];
		readonly umask?: number;
	};
	readonly args: readonly string[];
	readonly env: readonly string[];
	readonly cwd: string;
	readonly capabilities?: {
		readonly bounding: readonly string[];
		readonly effective: readonly string[];
		readonly permitted: readonly string[];
		readonly inheritable?: readonly string[];
		readonly ambient?: readonly string[];
	};
	readonly rlimits?: readonly { readonly type: string; readonly hard: number; readonly soft: number }[];
	readonly noNewPrivileges?: boolean;
	readonly apparmorProfile?: string;
	readonly oomScoreAdj?: number;
	readonly selinuxLabel?: string;
};

export type OciNamespace = {
	readonly type: 'pid' | 'network' | 'mount' | 'ipc' | 'uts' | 'user' | 'cgroup';
	readonly path?: string;
};

export type OciDevice = {
	readonly path: string;
	readonly type: 'c' | 'b' | 'u' | 'p';
	readonly major: number;
	readonly minor: number;
	readonly fileMode?: number;
	readonly uid?: number;
	readonly gid?: number;
};

export type OciSeccomp = {
	readonly defaultAction: string;
	readonly defaultErrnoRet?: number;
	readonly architectures?: readonly string[];
	readonly flags?: readonly string[];
	readonly syscalls?: readonly {
		readonly names: readonly string[];
		readonly action: string;
		readonly errnoRet?: number;
		readonly args?: readonly {
			readonly index: number;
			readonly value: number;
			readonly valueTwo?: number;
			readonly op: string;
		}[];
	}[];
};

export type OciResources = {
	readonly devices?: readonly {
		readonly allow: boolean;
		readonly type?: string;
		readonly major?: number;
		readonly minor?: number;
		readonly access?: string;
	}[];
	readonly memory?: { readonly limit?: number; readonly swap?: number };
	readonly cpu?: {
		readonly shares?: number;
		readonly quota?: number;
		readonly period?: number;
		readonly cpus?: string;
		readonly mems?: string;
	};
	readonly pids?: { readonly limit: number };
	readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
	readonly unified?: Readonly<Record<string, string>>;
};

export type OciSpec = {
	readonly ociVersion: string;
	readonly process: OciProcess;
	readonly root: { readonly path: string; readonly readonly: boolean };
	readonly hostname?: string;
	readonly mounts: readonly OciMount[];
	readonly hooks?: Readonly<
		Record<
			string,
			readonly {
				readonly path: string;
				readonly args?: readonly string[];
				readonly env?: readonly string[];
				readonly timeout?: number;
			}[]
		>
	>;
	readonly annotations?: Readonly<Record<string, string>>;
	readonly linux: {
		readonly namespaces: readonly OciNamespace[];
		readonly devices?: readonly OciDevice[];
		readonly cgroupsPath?: string;
		readonly resources?: OciResources;
		readonly rootfsPropagation?: string;
		readonly seccomp?: OciSeccomp;
		readonly sysctl?: Readonly<Record<string, string>>;
		readonly maskedPaths?: readonly string[];
		readonly readonlyPaths?: readonly string[];
		readonly mountLabel?: string;
		readonly uidMappings?: readonly {
			readonly containerID: number;
			readonly hostID: number;
			readonly size: number;
		}[];
		readonly gidMappings?: readonly {
			readonly containerID: number;
			readonly hostID: number;
			readonly size: number;
		}[];
	};
};

/** How a handler's containers are run. Source: crio.conf(5), crio.runtime.runtimes. */
export type HandlerConfig = {
	readonly name: string;
	/** Path of the OCI runtime. */
	readonly path: string;
	/** Its `--root`. */
	readonly root: string;
	/** `oci` is run; `vm` (a containerd shim v2) is refused when it is used. */
	readonly type: 'oci' | 'vm';
	readonly privilegedWithoutHostDevices: boolean;
	readonly allowedAnnotations: readonly string[];
	/** Absolute; the bare name where no such program is installed. */
	readonly monitorPath: string;
	readonly monitorCgroup: string;
	readonly monitorEnv: readonly string[];
	readonly minimumMemoryBytes: number;
	/** Why nothing can be run by it now, as the end of a sentence. */
	readonly unavailable?: string | undefined;
};

/** The OCI runtime (or conmon for it) failed; `message` holds its own last words, sanitised and on one line. */
export class OciRuntimeError extends Error {
	override readonly name = 'OciRuntimeError';
	readonly command: string;
	readonly exitCode: number | undefined;
	readonly stderr: string;
	constructor(
		command: string,
		message: string,
		options?: ErrorOptions & { exitCode?: number | undefined; stderr?: string | undefined },
	) {
		super(message, options);
		this.command = command;
		this.exitCode = options?.exitCode;
		this.stderr = options?.stderr ?? '';
	}
}
