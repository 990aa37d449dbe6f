/**
 * The system calls that running containers takes and Node does not offer: descriptors that are passed or set up by hand,
 * children that came to us from others, signals that cannot hit the wrong process. Every method throws SyscallError.
 */

/** How a child that was waited for has ended. */
export type ChildEnd =
	| { readonly kind: 'running' }
	| {
			readonly kind: 'exited';
			readonly exitCode: number;
			/** Where a signal ended it; the exit code says so too, as 128 and this. */
			readonly signalNumber?: number | undefined;
	  }
	/** It is no child of ours, or somebody else has waited for it. */
	| { readonly kind: 'unknown' };

/** Synchronous, none of them waits; descriptors are close-on-exec and belong to the caller. */
export type ContainerCalls = {
	/** Source: pipe2(2). Both ends block; Node makes its own not to. */
	pipe(): { readonly readEnd: number; readonly writeEnd: number };
	/** An AF_UNIX stream socket that is connected to nothing. */
	streamSocket(): number;
	/** Makes `target` another name of `descriptor`, whatever it was before. Source: dup3(2) */
	replaceDescriptor(descriptor: number, target: number): void;
	/** Connects to an AF_UNIX SOCK_SEQPACKET socket, without blocking: EAGAIN where its backlog is full. */
	connectSeqpacket(path: string): number;
	/** Listens on a new AF_UNIX stream socket at `path`, at most 107 bytes, without blocking. */
	listenStream(path: string): number;
	/** Takes the next connection, and the descriptor that comes with its first bytes; undefined while there is none. */
	receiveDescriptor(listener: number): number | undefined;
	/** Bytes that can be read at once. Source: FIONREAD, ioctl_tty(2) */
	readableBytes(descriptor: number): number;
	/** Source: TIOCSWINSZ, ioctl_tty(2) */
	setWindowSize(terminal: number, columns: number, rows: number): void;
	/** Children whose parents end become ours. Source: PR_SET_CHILD_SUBREAPER, prctl(2) */
	becomeSubreaper(): void;
	/** Waits for one child without blocking; a signal's death counts as 128 + its number. Source: wait4(2), WNOHANG */
	waitChild(pid: number): ChildEnd;
	/** A descriptor that means one process for ever; undefined where there is none. Source: pidfd_open(2) */
	openProcess(pid: number): number | undefined;
	/** One that is gone is no error. Source: pidfd_send_signal(2) */
	signalProcess(process: number, signalNumber: number): void;
};
