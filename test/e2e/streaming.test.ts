import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStreamingSession } from '../../src/cri/streaming/open-session.ts';
import { openPortForwarder } from '../../src/cri/streaming/port-forward.ts';
import type {
	StreamingSession,
	StreamingSessionOptions,
	StreamingTransport,
} from '../../src/cri/streaming/session.ts';
import { type ContainerdAccess, removeAllPods } from '../helpers/containerd.ts';
import { type RunningPod, runPod, startContainer } from '../helpers/kubelet.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { sampleImages } from '../helpers/sample-images.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';

const missing = whatIsMissing(...containerdRequirements);
const untilTold = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

let containerd: ContainerdAccess;
let pod: RunningPod;
let containerId: string;

/** What the runtime is asked for; the session gets the same flags. */
type ExecFlags = { readonly tty?: boolean; readonly stdin?: boolean };

async function exec(
	command: readonly string[],
	{ tty = false, stdin = false }: ExecFlags = {},
	more: Partial<StreamingSessionOptions> = {},
) {
	const out = createHash('sha256');
	let stdout = '';
	let stderr = '';
	let stdoutBytes = 0;
	let urlCount = 0;
	const session = await openStreamingSession({
		url: async () => {
			urlCount++;
			const request = { container_id: containerId, cmd: command, tty, stdin, stdout: true, stderr: !tty };
			return (await containerd.cri.runtime<{ url: string }>('Exec', request)).url;
		},
		tty,
		stdin,
		stdout: true,
		stderr: !tty,
		onStdout: (bytes) => {
			stdoutBytes += bytes.length;
			out.update(bytes);
			if (stdout.length < 1 << 16) stdout += Buffer.from(bytes).toString();
		},
		onStderr: (bytes) => {
			stderr += Buffer.from(bytes).toString();
		},
		...more,
	});
	return {
		session,
		stdout: () => stdout,
		stderr: () => stderr,
		stdoutBytes: () => stdoutBytes,
		stdoutDigest: () => out.copy().digest('hex'),
		urlCount: () => urlCount,
	};
}

const execShell = (script: string, flags?: ExecFlags, more?: Partial<StreamingSessionOptions>) =>
	exec(['sh', '-c', script], flags, more);

/** Writes all of it, holding back when told. */
function createWriter() {
	let drained = () => {};
	const writeAll = async (session: StreamingSession, bytes: Buffer) => {
		for (let offset = 0; offset < bytes.length; offset += 1 << 16) {
			const { promise, resolve } = Promise.withResolvers<void>();
			drained = resolve;
			if (!session.write(bytes.subarray(offset, offset + (1 << 16)))) await promise;
		}
	};
	return { onDrain: () => drained(), writeAll };
}

describe.skipIf(missing)(`streaming with containerd${missing ?? ''}`, () => {
	beforeAll(async () => {
		containerd = sharedContainerd();
		pod = await runPod(containerd, { name: 'streaming' });
		containerId = await startContainer(containerd, pod, {
			name: 'main',
			image: sampleImages.busybox,
			script: `httpd -p 7000 -h / & ${untilTold}`,
		});
	});
	afterAll(async () => {
		if (containerd !== undefined) await removeAllPods(containerd.cri);
	});

	describe.each<StreamingTransport>(['websocket', 'spdy'])('over %s', (transport) => {
		test('output, standard error and exit codes', async () => {
			for (const exitCode of [0, 7, 255]) {
				const run = await execShell(`echo out; echo err >&2; exit ${exitCode}`, {}, { transport });
				expect(run.session.transport).toBe(transport);
				expect(run.session.protocol).toBe('v4.channel.k8s.io');
				expect(await run.session.exited).toEqual({ kind: 'exited', exitCode });
				expect([run.stdout(), run.stderr()]).toEqual(['out\n', 'err\n']);
			}
		});

		test('early output is never lost', async () => {
			for (let round = 0; round < 100; round++) {
				const run = await exec(['echo', `round ${round}`], {}, { transport });
				expect(await run.session.exited).toEqual({ kind: 'exited', exitCode: 0 });
				expect(run.stdout()).toBe(`round ${round}\n`);
			}
		});

		test('a command that is not there fails in the words of the runtime', async () => {
			const run = await exec(['/no/such/program'], {}, { transport });
			expect(await run.session.exited).toEqual({
				kind: 'failed',
				message: expect.stringContaining('/no/such/program'),
			});
		});

		test('a terminal has the size at the start and follows each change', async () => {
			// The runtime applies a size in its own time.
			const until = (size: string) =>
				`until [ "$(stty size)" = "${size}" ]; do usleep 20000; done; echo "at ${size}"`;
			const run = await execShell(
				`${until('33 91')}; ${until('40 120')}; exit 3`,
				{ tty: true, stdin: true },
				{ transport, size: { columns: 91, rows: 33 } },
			);
			await expect.poll(run.stdout, { timeout: 10_000 }).toContain('at 33 91');
			run.session.resize({ columns: 120, rows: 40 });
			expect(await run.session.exited).toEqual({ kind: 'exited', exitCode: 3 });
			expect(run.stdout()).toContain('at 40 120');
		});

		test('a megabyte through stdin comes back whole', async () => {
			const sent = Buffer.alloc(1 << 20, 'abcdefghijklm\n');
			const { onDrain, writeAll } = createWriter();
			const run = await exec(['head', '-c', String(sent.length)], { stdin: true }, { transport, onDrain });
			await writeAll(run.session, sent);
			expect(await run.session.exited).toEqual({ kind: 'exited', exitCode: 0 });
			expect(run.stdoutDigest()).toBe(createHash('sha256').update(sent).digest('hex'));
		});

		test('a hundred megabytes of output arrive whole, in bounded memory', async () => {
			const total = 100 << 20;
			const run = await execShell(`dd if=/dev/zero bs=1048576 count=100 2>/dev/null`, {}, { transport });
			run.session.pause();
			// Another command from start to end is time enough for what would not be held back.
			await (await exec(['sleep', '0.2'])).session.exited;
			expect(run.stdoutBytes()).toBeLessThan(8 << 20);
			run.session.resume();
			let peakBytes = 0;
			const sample = setInterval(() => {
				peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
			}, 20);
			const before = process.memoryUsage.rss();
			expect(await run.session.exited).toEqual({ kind: 'exited', exitCode: 0 });
			clearInterval(sample);
			expect(run.stdoutBytes()).toBe(total);
			expect(run.stdoutDigest()).toBe(createHash('sha256').update(Buffer.alloc(total)).digest('hex'));
			expect(peakBytes - before).toBeLessThan(80 << 20);
		});

		test('closing leaves nothing open', async () => {
			const run = await exec(['cat'], { stdin: true }, { transport });
			run.session.close();
			expect(await run.session.exited).toMatchObject({ kind: 'disconnected' });
			await expect.poll(() => process.getActiveResourcesInfo().includes('TCPSocketWrap')).toBe(false);
		});

		test('an attach shows what the container prints', async () => {
			const talker = await startContainer(containerd, pod, {
				// A second try must not meet the name of the first.
				name: `talker-${transport}-${randomUUID().slice(0, 8)}`,
				image: sampleImages.busybox,
				// containerd attaches stdin and stdout side by side, and what is said before it listens is lost: the
				// container says it until it is answered.
				script: `read line; until read -t 1 enough; do echo "heard $line"; done; exit 4`,
				stdin: true,
			});
			let stdout = '';
			const flags = { tty: false, stdin: true, stdout: true, stderr: true };
			const session = await openStreamingSession({
				url: async () =>
					(await containerd.cri.runtime<{ url: string }>('Attach', { container_id: talker, ...flags })).url,
				...flags,
				transport,
				onStdout: (bytes) => {
					stdout += Buffer.from(bytes).toString();
				},
			});
			session.write(Buffer.from('hello\n'));
			await expect.poll(() => stdout, { timeout: 30_000 }).toContain('heard hello\n');
			session.write(Buffer.from('enough\n'));
			expect(await session.exited).toEqual({ kind: 'exited', exitCode: 0 });
			expect(stdout).toMatch(/^(heard hello\n)+$/);
		});
	});

	test('by itself the transport is WebSocket, with one URL', async () => {
		const run = await exec(['true']);
		expect(run.session.transport).toBe('websocket');
		await run.session.exited;
		expect(run.urlCount()).toBe(1);
	});

	test('cat ends at the end of stdin, over SPDY after a second URL', async () => {
		const sent = Buffer.alloc(3 << 20, '0123456789');
		const { onDrain, writeAll } = createWriter();
		const run = await exec(['cat'], { stdin: true }, { halfCloseStdin: true, onDrain });
		expect([run.session.transport, run.urlCount()]).toEqual(['spdy', 2]);
		await writeAll(run.session, sent);
		await run.session.endStdin();
		expect(await run.session.exited).toEqual({ kind: 'exited', exitCode: 0 });
		expect(run.stdoutDigest()).toBe(createHash('sha256').update(sent).digest('hex'));
	});

	describe('a port-forward', () => {
		const openForwarder = (pod_sandbox_id: string, port: number) =>
			openPortForwarder({
				url: async () => {
					const request = { pod_sandbox_id, port: [port] };
					return (await containerd.cri.runtime<{ url: string }>('PortForward', request)).url;
				},
			});
		const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
		const sink = createServer({ allowHalfOpen: true }, (socket) => socket.end(Buffer.alloc(20 << 20, 'x')));
		let hostPodId: string;
		const portOf = (server: Server) => (server.address() as AddressInfo).port;

		beforeAll(async () => {
			hostPodId = (await runPod(containerd, { name: 'streaming-host', hostNetwork: true })).id;
			for (const server of [echo, sink]) await once(server.listen(0, '127.0.0.1'), 'listening');
		});
		afterAll(() => {
			echo.close();
			sink.close();
		});

		test('reaches into the network of the pod', async () => {
			const forwarder = await openForwarder(pod.id, 7000);
			const connection = await forwarder.connect(7000);
			connection.write('GET /etc/hostname HTTP/1.0\r\n\r\n');
			expect(await text(connection)).toContain('200 OK');
			forwarder.close();
		});

		test('fifty connections at once each get their own bytes back', async () => {
			const port = portOf(echo);
			const forwarder = await openForwarder(hostPodId, port);
			await Promise.all(
				Array.from({ length: 50 }, async (_, index) => {
					const words = `message ${index} `.repeat(1000);
					const connection = await forwarder.connect(port);
					connection.write(words);
					let answer = '';
					for await (const bytes of connection) {
						answer += bytes;
						if (answer.length >= words.length) break;
					}
					expect(answer).toBe(words);
				}),
			);
			forwarder.close();
			expect(await forwarder.closed).toBeUndefined();
		});

		test('twenty megabytes arrive whole beside a connection that is not read', async () => {
			const port = portOf(sink);
			const forwarder = await openForwarder(hostPodId, port);
			const connection = await forwarder.connect(port);
			expect((await buffer(connection)).length).toBe(20 << 20);
			const unread = await forwarder.connect(port);
			await once(unread, 'readable');
			expect(unread.readableLength).toBeLessThan(4 << 20);
			unread.destroy();
			expect((await buffer(await forwarder.connect(port))).length).toBe(20 << 20);
			forwarder.close();
		});

		test('a port where nobody listens is the error of that connection alone', async () => {
			const port = portOf(echo);
			const forwarder = await openForwarder(hostPodId, port);
			for (const use of ['idle', 'half-closed']) {
				const bad = await forwarder.connect(1);
				if (use === 'half-closed') bad.end('request');
				const [error] = await once(bad, 'close').catch((caught: unknown) => [caught]);
				expect(String(error)).toMatch(/cannot forward port "1": .*refused/s);
			}
			const good = await forwarder.connect(port);
			good.write('still here');
			expect(String((await once(good, 'data'))[0])).toBe('still here');
			good.end();
			expect(await text(good)).toBe('');
			forwarder.close();
		});
	});
});
