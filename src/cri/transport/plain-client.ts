/**
 * The few questions that the login banner asks, over {@link openPlainChannel}, and of each answer the few fields that it
 * shows, by the names that the model has for them. Loads neither gRPC nor the descriptors of the protocol.
 */
import { setImmediate } from 'node:timers/promises';
import { parseEndpoint } from '../endpoint-address.ts';
import { containerId, podSandboxId } from '../ids.ts';
import type {
	Container,
	ContainerState,
	ContainerStatus,
	PodSandbox,
	RuntimeCondition,
	RuntimeVersion,
} from '../model.ts';
import { openPlainChannel } from './plain-channel.ts';
import { visitFields } from './split-items.ts';

/** A pod as far as a look at its health goes. */
export type PlainPod = Pick<PodSandbox, 'id' | 'metadata' | 'state'>;

/** A container likewise. */
export type PlainContainer = Pick<Container, 'id' | 'podSandboxId' | 'metadata' | 'state'>;

/** How a container ended. */
export type PlainStatus = Pick<ContainerStatus, 'state' | 'finishedAtNanos' | 'exitCode' | 'reason'>;

/** Everything may be asked side by side. Every method throws UnavailableError or RangeError (an answer that is no message). */
export type PlainClient = {
	version(): Promise<Pick<RuntimeVersion, 'runtimeName' | 'runtimeVersion'>>;
	conditions(): Promise<readonly RuntimeCondition[]>;
	listPodSandbox(): Promise<readonly PlainPod[]>;
	listContainers(): Promise<readonly PlainContainer[]>;
	containerStatus(id: string): Promise<PlainStatus>;
	/** Ends what is under way. */
	close(): void;
};

/** A message by its field numbers: the last value of each, and the values of one that is repeated. */
type Fields = {
	text(field: number): string;
	number(field: number): number;
	nanos(field: number): bigint | undefined;
	message(field: number): Fields;
	messages(field: number): readonly Fields[];
};

type Place = { readonly field: number; readonly start: number; readonly end: number };

/** How long decoding may keep the event loop, whose timers hold the banner's deadline. */
const sliceMs = 5;

function fieldsOf(bytes: Buffer, from = 0, to = bytes.length): Fields {
	const places: Place[] = [];
	visitFields(bytes, from, to, (field, wireType, tagStart, start, end) => {
		// A number stands where the visitor takes it for passed: behind the tag, whose last byte is the first below 0x80.
		let numberStart = tagStart;
		while (wireType === 0 && (bytes[numberStart++] ?? 0) >= 0x80);
		places.push({ field, start: wireType === 0 ? numberStart : start, end });
	});
	const last = (field: number): Place | undefined => places.findLast((place) => place.field === field);
	const sub = ({ start, end }: Place): Fields => fieldsOf(bytes, start, end);
	const varint = (field: number): bigint => {
		const place = last(field);
		let value = 0n;
		for (let index = place?.start ?? 0, shift = 0n; index < (place?.end ?? 0); index++, shift += 7n) {
			value |= BigInt((bytes[index] ?? 0) & 0x7f) << shift;
		}
		return value;
	};
	return {
		text(field) {
			const place = last(field);
			return place === undefined ? '' : bytes.toString('utf8', place.start, place.end);
		},
		number: (field) => Number(BigInt.asIntN(64, varint(field))),
		nanos: (field) => BigInt.asIntN(64, varint(field)) || undefined,
		message: (field) => sub(last(field) ?? { field, start: 0, end: 0 }),
		messages: (field) => places.filter((place) => place.field === field).map(sub),
	};
}

/** Reads the items of a list, a few milliseconds at a time. */
async function itemsOf<Item>(answer: Buffer, map: (item: Fields) => Item): Promise<readonly Item[]> {
	const places: Place[] = [];
	visitFields(answer, 0, answer.length, (field, _wireType, _start, start, end) => {
		if (field === 1) places.push({ field, start, end });
	});
	const items: Item[] = [];
	let sliceStart = performance.now();
	for (const { start, end } of places) {
		items.push(map(fieldsOf(answer, start, end)));
		if (items.length % 32 === 0 && performance.now() - sliceStart > sliceMs) {
			await setImmediate();
			sliceStart = performance.now();
		}
	}
	return items;
}

/** A string as field 1, which is all that a request here ever holds. */
function requestOf(text: string): Buffer {
	const bytes = Buffer.from(text);
	const length: number[] = [];
	for (let rest = bytes.length; ; rest >>>= 7) {
		length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
		if (rest <= 0x7f) break;
	}
	return Buffer.concat([Buffer.from([0x0a, ...length]), bytes]);
}

const containerStates: readonly ContainerState[] = ['created', 'running', 'exited', 'unknown'];

function podOf(item: Fields): PlainPod {
	const metadata = item.message(2);
	return {
		id: podSandboxId(item.text(1)),
		metadata: {
			name: metadata.text(1),
			uid: metadata.text(2),
			namespace: metadata.text(3),
			attempt: metadata.number(4),
		},
		state: (['ready', 'notReady'] as const)[item.number(3)] ?? 'unknown',
	};
}

function containerOf(item: Fields): PlainContainer {
	const metadata = item.message(3);
	return {
		id: containerId(item.text(1)),
		podSandboxId: podSandboxId(item.text(2)),
		metadata: { name: metadata.text(1), attempt: metadata.number(2) },
		state: containerStates[item.number(6)] ?? 'unknown',
	};
}

/**
 * Opens a client for a runtime; connecting goes on behind it.
 * Source: proto/runtime/v1/api.proto for the numbers of the fields.
 * @throws InvalidArgumentError for an endpoint that cannot be one.
 */
export function createPlainClient(endpoint: string): PlainClient {
	const channel = openPlainChannel(parseEndpoint(endpoint));
	const ask = (rpc: string, request: Uint8Array = Buffer.alloc(0)): Promise<Buffer> =>
		channel.call(`/runtime.v1.RuntimeService/${rpc}`, request);
	return {
		async version() {
			const answer = fieldsOf(await ask('Version'));
			return { runtimeName: answer.text(2), runtimeVersion: answer.text(3) };
		},
		async conditions() {
			const status = fieldsOf(await ask('Status')).message(1);
			return status.messages(1).map((condition) => ({
				type: condition.text(1),
				status: condition.number(2) === 1,
				reason: condition.text(3),
				message: condition.text(4),
			}));
		},
		listPodSandbox: async () => itemsOf(await ask('ListPodSandbox'), podOf),
		listContainers: async () => itemsOf(await ask('ListContainers'), containerOf),
		async containerStatus(id) {
			const status = fieldsOf(await ask('ContainerStatus', requestOf(id))).message(1);
			return {
				state: containerStates[status.number(3)] ?? 'unknown',
				finishedAtNanos: status.nanos(6),
				exitCode: status.number(7),
				reason: status.text(10),
			};
		},
		close: () => channel.close(),
	};
}
