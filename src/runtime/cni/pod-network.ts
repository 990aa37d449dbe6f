/** Networking of pods by CNI plugins. Source: CNI spec 1.1; runtime.md section 3.11. */
import type { PortMapping } from '../../cri/pod-request.ts';

type WaitOptions = { readonly signal?: AbortSignal | undefined };

/** A plugin failed: which, doing what, and what it said. */
export class CniError extends Error {
	override readonly name = 'CniError';
	readonly plugin: string;
	readonly command: string;
	readonly code: number | undefined;
	constructor(
		plugin: string,
		command: string,
		message: string,
		options?: ErrorOptions & { code?: number | undefined },
	) {
		super(`cannot ${command} network by plugin "${plugin}": ${message}`, options);
		this.plugin = plugin;
		this.command = command;
		this.code = options?.code;
	}
}

export type AttachRequest = {
	readonly podSandboxId: string;
	readonly podName: string;
	readonly podNamespace: string;
	readonly podUid: string;
	/** Pinned network namespace. */
	readonly netnsPath: string;
	readonly portMappings: readonly PortMapping[];
	readonly annotations: Readonly<Record<string, string>>;
	readonly cgroupPath: string;
};

/** What a pod got; kept by the caller and given back for detach. */
export type PodNetworkResult = {
	/** First is the primary address. */
	readonly ips: readonly string[];
	/** One for each network, in order of attachment. */
	readonly attachments: readonly {
		readonly network: string;
		readonly interface: string;
		readonly result: unknown;
	}[];
};

/**
 * Attaches pods to the networks of the configuration folder, which is read again when it changes.
 * Attachments are written to the cache folder before ADD answers, so that a crash leaves nothing unknown.
 */
export type PodNetwork = AsyncDisposable & {
	/** Why no pod can be networked; undefined when ready. */
	notReady(): { readonly reason: string; readonly message: string } | undefined;
	/**
	 * On failure everything that was attached is detached again.
	 * @throws CniError, InvalidArgumentError for an annotation that cannot be honoured
	 */
	attach(request: AttachRequest, options?: WaitOptions): Promise<PodNetworkResult>;
	/**
	 * Detaches from what the cache remembers, also when the namespace is gone; host ports too. Never throws for a plugin
	 * that fails: what could not be undone is returned, kept in the cache and tried again by `collect`. A plugin that hangs is
	 * waited for some seconds, and is a failure then, though it may still come to its end.
	 */
	detach(
		request: Omit<AttachRequest, 'portMappings' | 'annotations' | 'cgroupPath'>,
		options?: WaitOptions,
	): Promise<readonly CniError[]>;
	check(request: AttachRequest, options?: WaitOptions): Promise<void>;
	/**
	 * Detaches everything in the cache that belongs to none of the given sandboxes (GC). What this run has attached and not
	 * detached counts as given. To be called at start, and now and then for what could not be detached.
	 */
	collect(livePodSandboxIds: ReadonlySet<string>, options?: WaitOptions): Promise<readonly CniError[]>;
};
