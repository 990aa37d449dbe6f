import type WebSocket from 'ws';

/** First byte of each message. Source: k8s.io/apimachinery/pkg/util/remotecommand; runtime.md §5.4 */
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Channels of base64 protocols count from this character on, beyond the digits too. */
const zero = 0x30;

/** Messages of one WebSocket, each with its channel: bytes, or text with the channel as a character and base64 behind it. */
export type ChannelMessages = {
	/** @param done called once the message is on its way, or cannot be any more */
	send(on: number, bytes: Uint8Array, done?: () => void): void;
};

/** @param onMessage told every message that has a channel; what is none is dropped */
export function openChannelMessages(
	socket: WebSocket,
	base64: boolean,
	onMessage: (on: number, bytes: Buffer) => void,
): ChannelMessages {
	socket.on('message', (message) => {
		// Both kinds may come as text or as binary: Go's server looks at the bytes only.
		const bytes = message as Buffer;
		const [first] = bytes;
		if (first === undefined) return;
		if (!base64) return onMessage(first, bytes.subarray(1));
		const digit = first - zero;
		if (digit >= 0) onMessage(digit, Buffer.from(bytes.toString('latin1', 1), 'base64'));
	});
	return {
		send(on, bytes, done) {
			const message = base64
				? `${String.fromCharCode(zero + on)}${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`
				: Buffer.concat([Buffer.of(on), bytes]);
			socket.send(message, { binary: !base64 }, () => done?.());
		},
	};
}
