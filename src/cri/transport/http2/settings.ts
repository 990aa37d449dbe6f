/** What the two ends of a connection tell each other about themselves. Source: RFC 9113 section 6.5.2 */
import {
	errorCodes,
	firstWindowBytes,
	frame,
	frameFlags,
	frameTypes,
	largestPayloadBytes,
	largestWindowBytes,
	settingIds,
	settingsFrame,
	usualPayloadBytes,
	windowUpdateFrame,
} from './frames.ts';
import { Http2ConnectionError } from './http2-error.ts';
import * as limits from './limits.ts';
import { readSettings } from './payloads.ts';
import type { Sender } from './sender.ts';

/** What every client hears first: what limits.ts says. */
export const greeting = Buffer.concat([
	settingsFrame([
		[settingIds.maxConcurrentStreams, limits.maxConcurrentStreams],
		[settingIds.initialWindowSize, limits.streamWindowBytes],
		[settingIds.maxHeaderListSize, limits.maxHeaderBytes],
	]),
	windowUpdateFrame(0, limits.connectionWindowBytes - firstWindowBytes),
]);

/** What says that we have. */
export const settingsAck = frame(frameTypes.settings, frameFlags.ack, 0, Buffer.alloc(0));

/**
 * Acts on a client's settings. Those about compressed fields and about streams of ours concern nobody: our fields are plain,
 * and we open none.
 * @throws Http2ConnectionError
 */
export function applySettings(payload: Buffer, sender: Sender): void {
	for (const [id, value] of readSettings(payload)) {
		if (id === settingIds.enablePush && value > 1) fail(errorCodes.protocol, `a push of ${value}`);
		if (id === settingIds.initialWindowSize) {
			if (value > largestWindowBytes) fail(errorCodes.flowControl, `a window of ${value}`);
			sender.setFirstWindow(value);
		}
		if (id === settingIds.maxFrameSize) {
			if (value < usualPayloadBytes || value > largestPayloadBytes) {
				fail(errorCodes.protocol, `frames of ${value}`);
			}
			sender.setMaxPayload(value);
		}
	}
}

function fail(code: number, cause: string): never {
	throw new Http2ConnectionError(code, cause);
}
