/**
 * Lists, which the protocol offers twice: as one answer, and since 1.36 as a stream of chunks.
 *
 * Lists are what is asked for all the time, and of thousands of items few change between two answers, which
 * come in no order (containerd lists a Go map). So an answer is cut into its items, an item that was in the
 * last answer keeps the object it was mapped to then, and only the others are decoded, a few milliseconds
 * at a time. Who shows a list can tell by identity what has not changed.
 */
import { setImmediate } from 'node:timers/promises';
import { mapList, type WireMessage } from '../codec-fields.ts';
import {
	BugError,
	errorMessage,
	InternalError,
	isAbort,
	isTooLargeAnswer,
	isUnimplemented,
} from '../errors.ts';
import type { CallOptions } from '../ports.ts';
import type { Connection } from './connection.ts';
import { abortError } from './grpc-error.ts';
import { type RpcKey, rpcTable } from './rpc-table.ts';
import { itemKey, splitItems } from './split-items.ts';

/** The two RPCs of one list, the field each answers in, and what one item becomes. */
export type ListCall<Model> = {
	readonly unary: RpcKey;
	readonly stream: RpcKey;
	readonly unaryField: string;
	readonly streamField: string;
	readonly map: (item: WireMessage) => Model;
	/** False for measurements, of which no two are the same. */
	readonly remembered: boolean;
};

/** A list that is asked for. One per list and connection, since it remembers the last answer. */
export type List<Model> = {
	/**
	 * Asks for the whole list at once, which every runtime knows and which is one round trip; only an answer
	 * over the message limit is asked for again in chunks.
	 * @throws ResourceExhaustedError where the answer is too large and the runtime has no streamed form.
	 */
	readonly all: (request: WireMessage, options?: CallOptions) => Promise<readonly Model[]>;
	/** Yields every item of the streamed form. */
	readonly stream: (request: WireMessage, options?: CallOptions) => AsyncGenerator<Model, void>;
};

/** How long decoding may keep the event loop before it lets others in, in milliseconds. */
const sliceMs = 5;

/** @returns the list as the runtime at the other end of the connection answers it. */
export function createList<Model>(connection: Connection, list: ListCall<Model>): List<Model> {
	let remembered: ReadonlyMap<string, Model> = new Map();

	async function decode(answer: Buffer, signal: AbortSignal | undefined): Promise<readonly Model[]> {
		const items = connection.itemsOf(list.unary, list.unaryField);
		const models: Model[] = [];
		const seen = new Map<string, Model>();
		let sliceStart = performance.now();
		for (const item of splitItems(answer, items.fieldNumber)) {
			const read = () => list.map(items.decode(answer.subarray(item.start, item.end)));
			if (list.remembered) {
				const key = itemKey(answer, item, items.mapFields);
				const model = remembered.get(key) ?? read();
				seen.set(key, model);
				models.push(model);
			} else {
				models.push(read());
			}
			if (models.length % 32 === 0 && performance.now() - sliceStart > sliceMs) {
				await setImmediate();
				if (signal?.aborted) throw abortError(signal);
				sliceStart = performance.now();
			}
		}
		// Whole answers replace each other, so that what is gone is not remembered.
		remembered = seen;
		return models;
	}

	async function* stream(request: WireMessage, options?: CallOptions): AsyncGenerator<Model, void> {
		for await (const chunk of connection.stream(list.stream, request, options)) {
			yield* mapList(chunk[list.streamField], list.map);
		}
	}

	async function askStreamed(
		error: unknown,
		request: WireMessage,
		options: CallOptions | undefined,
	): Promise<readonly Model[]> {
		if (!isTooLargeAnswer(error) || !connection.supports(list.stream)) throw error;
		try {
			return await Array.fromAsync(stream(request, options));
		} catch (streamError) {
			throw isUnimplemented(streamError) ? error : streamError;
		}
	}

	return {
		stream,
		async all(request, options) {
			let answer: Buffer;
			try {
				answer = await connection.unaryBytes(list.unary, request, options);
			} catch (error) {
				return askStreamed(error, request, options);
			}
			try {
				return await decode(answer, options?.signal);
			} catch (cause) {
				if (isAbort(cause) || cause instanceof BugError) throw cause;
				const message = `cannot ${rpcTable[list.unary].doing}: the answer makes no sense: ${errorMessage(cause)}`;
				throw new InternalError(message, { cause });
			}
		},
	};
}
