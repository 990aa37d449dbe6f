import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** A message as it stands on the wire: field names as in the .proto, int64 as string, enums by name. */
export type WireMessage = { readonly [field: string]: unknown };

/**
 * A CRI client that shares no code with src/cri, so that tests judge the program by what the runtime itself says.
 * Every call has a deadline of 30 s unless told.
 */
export type CriWire = {
	/** Calls a unary method of RuntimeService, such as `ListContainers`. `T` is the caller's word for the reply. */
	runtime<T = WireMessage>(method: string, request?: WireMessage, options?: CallOptions): Promise<T>;
	/** Calls a unary method of ImageService. */
	image<T = WireMessage>(method: string, request?: WireMessage, options?: CallOptions): Promise<T>;
	close(): void;
};

/** How long a call may take. */
export type CallOptions = { readonly timeoutMs?: number };

const protoPath = fileURLToPath(new URL('../../proto/runtime/v1/api.proto', import.meta.url));

/** Opens a client on `unix:///path` or `host:port`. Connects at the first call. */
export function openCriWire(endpoint: string): CriWire {
	const definition = loadSync(protoPath, {
		keepCase: true,
		longs: String,
		enums: String,
		defaults: true,
		oneofs: true,
	});
	const services = (grpc.loadPackageDefinition(definition) as unknown as WirePackage).runtime.v1;
	const options = { 'grpc.max_receive_message_length': 80 * 1024 * 1024 };
	const credentials = grpc.credentials.createInsecure();
	const runtime = new services.RuntimeService(endpoint, credentials, options);
	const image = new services.ImageService(endpoint, credentials, options);
	return {
		runtime: (method, request, callOptions) => call(runtime, method, request, callOptions),
		image: (method, request, callOptions) => call(image, method, request, callOptions),
		close() {
			runtime.close();
			image.close();
		},
	};
}

type WirePackage = {
	readonly runtime: {
		readonly v1: {
			readonly RuntimeService: grpc.ServiceClientConstructor;
			readonly ImageService: grpc.ServiceClientConstructor;
		};
	};
};

function call<T>(
	client: grpc.Client,
	method: string,
	request: WireMessage = {},
	{ timeoutMs = 30_000 }: CallOptions = {},
): Promise<T> {
	const unary = (client as unknown as Readonly<Record<string, UnaryMethod | undefined>>)[method];
	if (unary === undefined) throw new Error(`cannot call "${method}": no such RPC`);
	return new Promise((resolve, reject) => {
		unary.call(client, request, { deadline: Date.now() + timeoutMs }, (error, reply) => {
			if (error === null) resolve(reply as T);
			else reject(new Error(`cannot call "${method}": ${error.message}`, { cause: error }));
		});
	});
}

type UnaryMethod = (
	request: WireMessage,
	options: grpc.CallOptions,
	callback: (error: grpc.ServiceError | null, reply: unknown) => void,
) => grpc.ClientUnaryCall;
