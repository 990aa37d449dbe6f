/**
 * The second service of a fake runtime, scripted by a test: it says of each pull what happens and when, and describes
 * images as told. The real one is our own runtime; test/e2e/images.test.ts runs the same program against that.
 */
import * as grpc from '@grpc/grpc-js';
import type { WireMessage } from '../../src/cri/codec-fields.ts';
import { imageDescriptionToWire, transferEventToWire } from '../../src/cri/codec-image-transfer.ts';
import type { ImageDescription, TransferEvent } from '../../src/cri/image-transfer.ts';
import { loadWireMethods } from '../../src/cri/transport/wire.ts';

/** A pull that the fake was asked for and that a test drives. */
export type FakePull = {
	readonly request: WireMessage;
	readonly say: (...events: readonly TransferEvent[]) => void;
	readonly end: () => void;
	readonly fail: (code: number, details: string) => void;
	/** Settles when the client has given up. */
	readonly cancelled: Promise<void>;
};

/** What the second service of a fake does. */
export type FakeTransfers = {
	/** Pulls in the order in which they came. */
	readonly pulls: readonly FakePull[];
	/** The next pull that has not been taken. */
	readonly nextPull: () => Promise<FakePull>;
	/** By image id; an image that is missing here is NotFound. May be changed at any time. */
	readonly descriptions: Map<string, ImageDescription>;
};

/** Makes a service that has been asked nothing yet. */
export function createFakeTransfers(): FakeTransfers & { readonly begin: (pull: FakePull) => void } {
	const pulls: FakePull[] = [];
	const waiting: ((pull: FakePull) => void)[] = [];
	const untaken: FakePull[] = [];
	return {
		pulls,
		descriptions: new Map(),
		nextPull: () =>
			new Promise((resolve) => {
				const pull = untaken.shift();
				if (pull) resolve(pull);
				else waiting.push(resolve);
			}),
		begin(pull) {
			pulls.push(pull);
			const taker = waiting.shift();
			if (taker) taker(pull);
			else untaken.push(pull);
		},
	};
}

/** Serves PullImage and DescribeImage beside the CRI; every other RPC of the service is Unimplemented. */
export function addTransferService(
	server: grpc.Server,
	transfers: ReturnType<typeof createFakeTransfers>,
): void {
	const methods = loadWireMethods(['ImageTransferService']);
	const methodOf = (rpc: string) => {
		const method = methods.get(`ImageTransferService/${rpc}`);
		if (!method) throw new Error(`no RPC ${rpc} in the second service`);
		return method;
	};
	const definition = { PullImage: methodOf('PullImage'), DescribeImage: methodOf('DescribeImage') };
	server.addService(definition as unknown as grpc.ServiceDefinition, {
		PullImage(call: grpc.ServerWritableStream<WireMessage, WireMessage>) {
			const cancelled = Promise.withResolvers<void>();
			call.on('cancelled', () => cancelled.resolve());
			transfers.begin({
				request: call.request,
				say: (...events) => {
					for (const event of events) call.write(transferEventToWire(event));
				},
				end: () => call.end(),
				fail: (code, details) => void call.emit('error', { code, details }),
				cancelled: cancelled.promise,
			});
		},
		DescribeImage(
			call: grpc.ServerUnaryCall<WireMessage, WireMessage>,
			callback: grpc.sendUnaryData<WireMessage>,
		) {
			const image = String(call.request['image']);
			const description = transfers.descriptions.get(image);
			if (description) callback(null, imageDescriptionToWire(description));
			else callback({ code: grpc.status.NOT_FOUND, details: `image "${image}" is not in the store` });
		},
	});
}
