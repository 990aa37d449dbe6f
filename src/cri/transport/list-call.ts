/** Lists that the protocol offers twice: as one answer, and since 1.36 as a stream of chunks. */
import { mapList, type WireMessage } from '../codec-fields.ts';
import { errorMessage, isUnimplemented, ResourceExhaustedError } from '../errors.ts';
import type { CallOptions } from '../ports.ts';
import type { Connection } from './connection.ts';
import type { RpcKey } from './rpc-table.ts';

/** The two RPCs of one list, the field each answers in, and what one item becomes. */
export type ListCall<Model> = {
	readonly unary: RpcKey;
	readonly stream: RpcKey;
	readonly unaryField: string;
	readonly streamField: string;
	readonly map: (item: WireMessage) => Model;
};

/** Yields every item of the streamed form. */
export async function* streamItems<Model>(
	connection: Connection,
	list: ListCall<Model>,
	request: WireMessage,
	options?: CallOptions,
): AsyncGenerator<Model, void> {
	for await (const chunk of connection.stream(list.stream, request, options)) {
		yield* mapList(chunk[list.streamField], list.map);
	}
}

/**
 * Asks for the whole list at once, which every runtime knows and which is one round trip; only an answer
 * over the message limit is asked for again in chunks.
 * @throws ResourceExhaustedError where the answer is too large and the runtime has no streamed form.
 */
export async function listOrStream<Model>(
	connection: Connection,
	list: ListCall<Model>,
	request: WireMessage,
	options?: CallOptions,
): Promise<readonly Model[]> {
	try {
		const answer = await connection.unary(list.unary, request, options);
		return mapList(answer[list.unaryField], list.map);
	} catch (error) {
		if (!isTooLarge(error) || !connection.supports(list.stream)) throw error;
		try {
			return await Array.fromAsync(streamItems(connection, list, request, options));
		} catch (streamError) {
			throw isUnimplemented(streamError) ? error : streamError;
		}
	}
}

/** Both grpc-js and Go say "larger than max" of a message over the limit, the receiver and the sender. */
function isTooLarge(error: unknown): boolean {
	return error instanceof ResourceExhaustedError && /larger than max/i.test(errorMessage(error));
}
