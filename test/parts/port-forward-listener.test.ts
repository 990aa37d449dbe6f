import { once } from 'node:events';
import { createServer, connect as dial, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { PortForwarder } from '../../src/cri/streaming/port-forward.ts';
import {
	type ForwardTraffic,
	listenAndForward,
	listenProblem,
} from '../../src/cri/streaming/port-forward-listener.ts';

const spec = { address: '127.0.0.1', localPort: 0, remotePort: 80 };
const stops: AbortController[] = [];

afterEach(() => {
	for (const stop of stops.splice(0)) stop.abort();
});

/** A pod that sends back what it gets, in capitals. */
function shouting(): Duplex {
	const pod = new Duplex({
		read: () => undefined,
		write(bytes: Buffer, _encoding, done) {
			pod.push(bytes.toString().toUpperCase());
			done();
		},
		final(done) {
			pod.push(null);
			done();
		},
	});
	return pod;
}

function listenTo(connect: () => Duplex, over: { readonly localPort?: number } = {}) {
	const stop = new AbortController();
	stops.push(stop);
	const traffic: ForwardTraffic[] = [];
	const problems: string[] = [];
	const closes: ((cause: string | undefined) => void)[] = [];
	const listener = listenAndForward({
		spec: { ...spec, ...over },
		openForwarder: async (): Promise<PortForwarder> => {
			const { promise: closed, resolve } = Promise.withResolvers<string | undefined>();
			closes.push(resolve);
			return { connect: async () => connect(), close: () => resolve(undefined), closed };
		},
		onTraffic: (now) => traffic.push(now),
		onProblem: (problem) => problems.push(problem),
		signal: stop.signal,
	});
	return { listener, traffic, problems, closes, stop };
}

async function exchange(local: string, text: string): Promise<string> {
	const socket: Socket = dial(Number(local.split(':').at(-1)), '127.0.0.1');
	socket.end(text);
	let answer = '';
	for await (const bytes of socket) answer += String(bytes);
	return answer;
}

describe('a forwarded port', () => {
	test('carries both ways, passes the end on, and counts', async () => {
		const { listener, traffic } = listenTo(shouting);
		const { local } = await listener;
		expect(local).toMatch(/^127\.0\.0\.1:\d+$/);
		expect(await exchange(local, 'hello')).toBe('HELLO');
		await expect
			.poll(() => traffic.at(-1))
			.toEqual({ openConnections: 0, totalConnections: 1, sentBytes: 5, receivedBytes: 5 });
	});

	test('asks the runtime for a new way in when the old one was lost', async () => {
		const { listener, closes } = listenTo(shouting);
		const { local } = await listener;
		expect(await exchange(local, 'one')).toBe('ONE');
		expect(closes.length).toBe(1);
		closes[0]?.('idle too long');
		await new Promise((resolve) => setImmediate(resolve));
		expect(await exchange(local, 'two')).toBe('TWO');
		expect(closes.length).toBe(2);
	});

	test('a connection that the pod refuses is that connection’s problem', async () => {
		const refusals = [new Error('connection refused')];
		const { listener, problems } = listenTo(() => {
			const refusal = refusals.pop();
			if (!refusal) return shouting();
			const broken = shouting();
			setImmediate(() => broken.destroy(refusal));
			return broken;
		});
		const { local } = await listener;
		await exchange(local, 'x').catch(() => '');
		await expect.poll(() => problems).toEqual(['connection refused']);
		expect(await exchange(local, 'y')).toBe('Y');
	});

	test('is closed with its connections by the signal', async () => {
		const { listener, stop } = listenTo(shouting);
		const { local } = await listener;
		const socket = dial(Number(local.split(':').at(-1)), '127.0.0.1');
		await once(socket, 'connect');
		stop.abort();
		await once(socket, 'close');
		await expect(exchange(local, 'x')).rejects.toThrow(/ECONNREFUSED/);
	});

	test('that is taken is said in one sentence', async () => {
		const taken = createServer().listen(0, '127.0.0.1');
		await once(taken, 'listening');
		const { port } = taken.address() as { readonly port: number };
		await expect(listenTo(shouting, { localPort: port }).listener).rejects.toThrow(
			`cannot listen on 127.0.0.1:${port}: the port is in use; :80 takes a free one`,
		);
		taken.close();
	});

	test('below 1024 without the right is said in one sentence', () => {
		const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
		expect(listenProblem(error, { ...spec, localPort: 80 })).toBe(
			'cannot listen on 127.0.0.1:80: ports below 1024 take root; :80 takes a free one',
		);
	});
});
