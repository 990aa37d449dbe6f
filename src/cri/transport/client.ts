/** The client of a runtime: what everybody else of this program knows of gRPC. */
import { formatEndpoint, parseEndpoint } from '../endpoint-address.ts';
import type { CriClient } from '../ports.ts';
import { createAnswerClient } from './answer-client.ts';
import { type ConnectionOptions, openConnection } from './connection.ts';
import { createImageClient } from './image-client.ts';
import { createImageTransferClient } from './image-transfer-client.ts';
import { createRuntimeClient } from './runtime-client.ts';
import { loadWireMethods } from './wire.ts';

/** How a client connects and waits. */
export type CriClientOptions = ConnectionOptions & {
	/** Where images are served, if elsewhere than pods. */
	readonly imageEndpoint?: string | undefined;
};

/**
 * Opens a client for `unix:///path`, `tcp://host:port` or a bare path. Returns at once: connecting goes on
 * behind it, a call waits for it, and a lost connection is made again by itself, with tries 100 ms to 0.5 s apart
 * at a socket of this host, 250 ms to 5 s elsewhere.
 * Import this module lazily: it brings gRPC with it.
 * @throws InvalidArgumentError for an endpoint that cannot be one, or an unreadable TLS file.
 */
export function createCriClient(runtimeEndpoint: string, options: CriClientOptions = {}): CriClient {
	const runtimeAddress = parseEndpoint(runtimeEndpoint);
	const imageAddress = parseEndpoint(options.imageEndpoint || runtimeEndpoint);
	const methods = loadWireMethods(['RuntimeService', 'ImageService', 'ImageTransferService']);
	const runtime = openConnection(runtimeAddress, methods, options);
	const shared = formatEndpoint(imageAddress) === formatEndpoint(runtimeAddress);
	const images = shared ? runtime : openConnection(imageAddress, methods, options);
	const imageService = createImageClient(images);
	return {
		runtimeEndpoint: formatEndpoint(runtimeAddress),
		imageEndpoint: formatEndpoint(imageAddress),
		runtime: createRuntimeClient(runtime),
		images: imageService,
		answers: createAnswerClient(runtime),
		transfers: createImageTransferClient(images),
		supports: (rpc) => (rpc in imageService ? images : runtime).supports(rpc),
		connectivity: runtime.connectivity,
		onConnectivity: runtime.onConnectivity,
		close() {
			runtime.close();
			images.close();
		},
	};
}
