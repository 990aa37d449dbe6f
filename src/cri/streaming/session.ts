/** A terminal's size in character cells. */
export type TerminalSize = { readonly columns: number; readonly rows: number };

/** How the bytes travel: WebSocket messages or SPDY/3.1 frames. */
export type StreamingTransport = 'websocket' | 'spdy';

/**
 * The URL the runtime gave for one exec, attach or port-forward. Its token is good for one request, so a
 * function is asked again for each try; a plain string can be tried once only.
 */
export type StreamingUrl = string | (() => Promise<string>);

/**
 * How a session ended.
 * - `exited`: the runtime reported the end. An attach that ended well says 0, whatever the container's own
 *   exit code was: ask ContainerStatus for that one.
 * - `failed`: the runtime reported that it could not run the command (no such file, container gone).
 * - `disconnected`: the connection ended without a report; the command may still be running.
 *
 * The messages come from the runtime or the network and are not sanitised.
 */
export type StreamingExit =
	| { readonly kind: 'exited'; readonly exitCode: number }
	| { readonly kind: 'failed'; readonly message: string }
	| { readonly kind: 'disconnected'; readonly message: string };

/** One running exec or attach. Output goes to the callbacks that were given when it was opened. */
export type StreamingSession = {
	/** The transport that the server accepted. */
	readonly transport: StreamingTransport;
	/** The subprotocol that both sides agreed on, e.g. `v4.channel.k8s.io`. */
	readonly protocol: string;
	/** Sends bytes to stdin. False means: wait for `onDrain` before the next; the bytes are taken anyway. */
	write(bytes: Uint8Array): boolean;
	/**
	 * Closes stdin behind the bytes already written and leaves the output open.
	 * @throws FailedPreconditionError on a WebSocket v4 session, whose protocol has no such message, and on a
	 * session opened without stdin.
	 */
	endStdin(): Promise<void>;
	/** Tells the terminal's new size; without a tty it does nothing. */
	resize(size: TerminalSize): void;
	/** Stops reading from the server, so that its sender is held back by TCP and not by our memory. */
	pause(): void;
	/** Reads on. */
	resume(): void;
	/** Settles once, never rejects, and only after all stdout and stderr was handed to the callbacks. */
	readonly exited: Promise<StreamingExit>;
	/** Ends the connection at once; input not yet sent is dropped. The command itself is not killed. */
	close(): void;
};

/** What reaches a streaming server: shared by sessions and port-forwards. */
export type StreamingConnectOptions = {
	/** See {@link StreamingUrl}; a host of `0.0.0.0`, `::` or none is dialled at 127.0.0.1. */
	readonly url: StreamingUrl;
	/** How long reaching the server and agreeing on a protocol may take, for each try; 10,000 by default. */
	readonly connectTimeoutMs?: number | undefined;
	/** Accepts any certificate of an https URL. */
	readonly insecureSkipTlsVerify?: boolean | undefined;
	/** Certificate authorities (PEM) to trust for an https URL instead of the system's. */
	readonly ca?: string | Buffer | undefined;
	/** Certificate and key (PEM) to show to an https server that asks for one. */
	readonly cert?: string | Buffer | undefined;
	readonly key?: string | Buffer | undefined;
	/** The name an https server's certificate must be for; by default the host of the URL. */
	readonly serverName?: string | undefined;
	/** Ends the try, and later the open connection. */
	readonly signal?: AbortSignal | undefined;
};

/** What to open, and where the output goes. The flags must equal those of the Exec or Attach request. */
export type StreamingSessionOptions = StreamingConnectOptions & {
	readonly tty: boolean;
	readonly stdin: boolean;
	readonly stdout: boolean;
	/** Must be false with a tty: the CRI refuses both together. */
	readonly stderr: boolean;
	/** True when `endStdin` will be called: only SPDY and WebSocket v5 can do it. */
	readonly halfCloseStdin?: boolean | undefined;
	/** `auto` (the default) offers WebSocket first, then SPDY where that is refused. */
	readonly transport?: 'auto' | StreamingTransport | undefined;
	/** The terminal's size at the start; used with a tty only. */
	readonly size?: TerminalSize | undefined;
	/** Called with each piece of stdout, from the first byte on; may be called before the open resolves. */
	readonly onStdout: (bytes: Uint8Array) => void;
	readonly onStderr?: ((bytes: Uint8Array) => void) | undefined;
	/** Called when writing makes sense again after `write` returned false. */
	readonly onDrain?: (() => void) | undefined;
};
