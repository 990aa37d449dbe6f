/** Answers as they are, for who prints them. */
import { containerFilterToWire } from '../codec-container.ts';
import type { WireMessage } from '../codec-fields.ts';
import { podSandboxFilterToWire } from '../codec-pod-sandbox.ts';
import { isTooLargeAnswer } from '../errors.ts';
import type { AnswerService, CallOptions } from '../ports.ts';
import { answerType, type ProtocolJson, protocolJson } from '../protocol-json.ts';
import type { Connection, InvokeOptions } from './connection.ts';
import { type RpcKey, rpcTable } from './rpc-table.ts';

/** The RPCs of one list, and the field each answers in. */
type ListNames = {
	readonly unary: RpcKey;
	readonly stream: RpcKey;
	readonly unaryField: string;
	readonly streamField: string;
};

/** @returns the answers of the runtime at the other end of the connection. */
export function createAnswerClient(connection: Connection): AnswerService {
	async function ask(key: RpcKey, request: WireMessage, options?: InvokeOptions): Promise<ProtocolJson> {
		return protocolJson(answerType(rpcTable[key].rpc), await connection.unary(key, request, options));
	}

	async function* stream(key: RpcKey, options?: InvokeOptions, request: WireMessage = {}) {
		const type = answerType(rpcTable[key].rpc);
		for await (const message of connection.stream(key, request, options)) yield protocolJson(type, message);
	}

	/** A list that is too large for one answer comes in chunks, from runtimes that can. */
	async function list(
		{ unary, stream: streamKey, unaryField, streamField }: ListNames,
		filter: WireMessage | undefined,
		options: CallOptions | undefined,
	): Promise<readonly ProtocolJson[]> {
		const request = filter === undefined ? {} : { filter };
		try {
			return (await ask(unary, request, options))[unaryField] as readonly ProtocolJson[];
		} catch (error) {
			if (!isTooLargeAnswer(error) || !connection.supports(streamKey)) throw error;
			const chunks = await Array.fromAsync(stream(streamKey, options, request));
			return chunks.flatMap((chunk) => chunk[streamField] as readonly ProtocolJson[]);
		}
	}

	return {
		version: (options) => ask('version', {}, options),
		status: (request, options) => ask('status', request, options),
		runtimeConfig: (options) => ask('runtimeConfig', {}, options),
		podSandboxStatus: (id, { verbose }, options) =>
			ask('podSandboxStatus', { podSandboxId: id, verbose }, { ...options, object: id }),
		containerStatus: (id, { verbose }, options) =>
			ask('containerStatus', { containerId: id, verbose }, { ...options, object: id }),
		listPodSandbox: (filter, options) =>
			list(
				{
					unary: 'listPodSandbox',
					stream: 'streamPodSandboxes',
					unaryField: 'items',
					streamField: 'podSandboxes',
				},
				podSandboxFilterToWire(filter),
				options,
			),
		listContainers: (filter, options) =>
			list(
				{
					unary: 'listContainers',
					stream: 'streamContainers',
					unaryField: 'containers',
					streamField: 'containers',
				},
				containerFilterToWire(filter),
				options,
			),
		listContainerStats: (filter, options) =>
			list(
				{
					unary: 'listContainerStats',
					stream: 'streamContainerStats',
					unaryField: 'stats',
					streamField: 'containerStats',
				},
				containerFilterToWire(filter),
				options,
			),
		listPodSandboxStats: (filter, options) =>
			list(
				{
					unary: 'listPodSandboxStats',
					stream: 'streamPodSandboxStats',
					unaryField: 'stats',
					streamField: 'podSandboxStats',
				},
				podSandboxFilterToWire(filter),
				options,
			),
		listPodSandboxMetrics: (options) =>
			list(
				{
					unary: 'listPodSandboxMetrics',
					stream: 'streamPodSandboxMetrics',
					unaryField: 'podMetrics',
					streamField: 'podSandboxMetrics',
				},
				undefined,
				options,
			),
		listMetricDescriptors: (options) => ask('listMetricDescriptors', {}, options),
		containerEvents: (options) => stream('containerEvents', options),
	};
}
