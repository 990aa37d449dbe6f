import { FailedPreconditionError } from '../errors.ts';
import type { StreamingSession, StreamingSessionOptions } from './session.ts';
import { createSessionEnd, resizeMessage } from './session-end.ts';
import { createSpdyConnection, type SpdyStreamHandlers } from './spdy/connection.ts';
import { upgradeToSpdy } from './spdy-upgrade.ts';

/** The only version asked for: every server since Kubernetes 1.5 knows it, and older ones cannot report an exit code. */
const protocols = ['v4.channel.k8s.io'];
const disconnectedWords = 'the connection ended before the runtime reported the end';

/**
 * Opens an exec or attach over SPDY/3.1: a stream each for the report, stdin, stdout, stderr and the
 * terminal's size. Source: k8s.io/client-go/tools/remotecommand (v4.go) for names and order.
 * @throws as upgradeToSpdy does.
 */
export async function openSpdySession(url: URL, options: StreamingSessionOptions): Promise<StreamingSession> {
	const { signal } = options;
	const upgraded = await upgradeToSpdy(url, protocols, options);
	let endedCause = disconnectedWords;
	let paused = false;
	let waiting = 0;

	const close = (cause: string) => {
		endedCause = cause;
		connection.destroy();
	};
	const end = createSessionEnd(() => close('the server kept the session open after its end'));
	const abort = () => close('cancelled');
	const connection = createSpdyConnection({
		...upgraded,
		onDrain: () => options.onDrain?.(),
		onClose: (cause) => {
			signal?.removeEventListener('abort', abort);
			end.ended(cause === undefined ? endedCause : `${disconnectedWords}: ${cause.message}`);
		},
	});
	const reader = (onBytes: (bytes: Uint8Array) => void): SpdyStreamHandlers => {
		waiting++;
		return {
			onData: (bytes) => {
				onBytes(bytes);
				end.touched(paused);
			},
			onEnd: (how) => {
				waiting--;
				// Servers reset or finish each stream; the report comes on one of them, so after all of them it is in.
				if (waiting === 0 && how !== 'disconnected') connection.destroy();
			},
		};
	};
	const ignore: SpdyStreamHandlers = { onData: () => {}, onEnd: () => {} };

	connection.openStream({ streamtype: 'error' }, reader(end.reported));
	const stdin = options.stdin ? connection.openStream({ streamtype: 'stdin' }, ignore) : undefined;
	if (options.stdout) connection.openStream({ streamtype: 'stdout' }, reader(options.onStdout));
	if (options.stderr) {
		connection.openStream(
			{ streamtype: 'stderr' },
			reader((bytes) => options.onStderr?.(bytes)),
		);
	}
	const resize = options.tty ? connection.openStream({ streamtype: 'resize' }, ignore) : undefined;
	if (options.size !== undefined) resize?.write(Buffer.from(resizeMessage(options.size)));
	connection.start();
	signal?.addEventListener('abort', abort);
	if (signal?.aborted) abort();

	return {
		transport: 'spdy',
		protocol: upgraded.protocol,
		exited: end.exited,
		write: (bytes) => stdin?.write(bytes) ?? true,
		endStdin: async () => {
			if (stdin === undefined) {
				throw new FailedPreconditionError('cannot end stdin: the session was opened without it');
			}
			stdin.end();
		},
		resize: (size) => {
			resize?.write(Buffer.from(resizeMessage(size)));
		},
		pause: () => {
			paused = true;
			end.touched(paused);
			connection.pause();
		},
		resume: () => {
			paused = false;
			end.touched(paused);
			connection.resume();
		},
		close: () => close('closed by this side'),
	};
}
