/** What the thread that makes namespaces is asked for, and what it answers. */

/** The kinds that are pinned, and the names of their files below /proc/PID/ns. */
export const namespaceKinds = ['net', 'ipc', 'uts'] as const;

/** `net`, `ipc` or `uts`. */
export type NamespaceKind = (typeof namespaceKinds)[number];

/** Makes new namespaces and binds them to files that are there already. */
export type PinJob = {
	readonly number: number;
	readonly pins: readonly { readonly kind: NamespaceKind; readonly path: string }[];
	/** Of the new uts namespace; undefined leaves the host's. */
	readonly hostname: string | undefined;
	/** Files below /proc/sys with what is written into each. */
	readonly sysctls: readonly { readonly name: string; readonly path: string; readonly value: string }[];
};

/** How a job ended; on failure some of the files may be bound. */
export type PinReply = { readonly number: number; readonly failure?: PinFailure | undefined };

/** An error in a form that passes between threads. */
export type PinFailure =
	| {
			readonly kind: 'syscall';
			readonly syscall: string;
			readonly errno: number;
			readonly path: string | undefined;
	  }
	| { readonly kind: 'sysctl'; readonly name: string; readonly value: string; readonly reason: string }
	| { readonly kind: 'other'; readonly message: string };
