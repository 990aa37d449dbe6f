/**
 * Namespaces of sandboxes: made and pinned by a thread of their own, so that the rest of this process never leaves the
 * host's. Source: unshare(2), setns(2), namespaces(7); what CRI-O's pinns does; docs/decisions/namespaces.md
 */

type WaitOptions = { readonly signal?: AbortSignal | undefined };

export type PinnedNamespaces = {
	/** Paths of bind mounts; undefined for what the sandbox shares with the host. */
	readonly network: string | undefined;
	readonly ipc: string | undefined;
	readonly uts: string | undefined;
};

export type PinRequest = {
	readonly id: string;
	readonly network: boolean;
	readonly ipc: boolean;
	readonly uts: boolean;
	readonly hostname: string;
	/** Set inside the new namespaces; only those that belong to them. */
	readonly sysctls: Readonly<Record<string, string>>;
};

/** Pins namespaces below a folder of its own. */
export type Namespaces = {
	/** On failure nothing stays pinned. @throws SyscallError, InvalidArgumentError naming the sysctl */
	pin(request: PinRequest, options?: WaitOptions): Promise<PinnedNamespaces>;
	/** Where the namespaces of a sandbox are pinned, whether they are or not. Pure. */
	pathsOf(id: string): { readonly network: string; readonly ipc: string; readonly uts: string };
	/** Unmounts and removes them, lazily; what is not there is no error. */
	unpin(id: string, options?: WaitOptions): Promise<void>;
	/** Ids of all sandboxes that have something pinned, for recovery. */
	list(): readonly string[];
};
