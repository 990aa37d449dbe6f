/** `criscope serve` among callers that are rude, and on days that are bad. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry.ts';
import { eventually } from '../helpers/child-process.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type Serve, startServe } from '../helpers/serve.ts';
import { smallImage } from '../helpers/stock-images.ts';

const missing = whatIsMissing('root', '/bin/busybox');
const rootDir = fileURLToPath(new URL('../../', import.meta.url));

/** Runs `criscope serve` to its end. */
async function serveToItsEnd(...flags: string[]): Promise<{ code: number | null; said: string }> {
	const child = spawn(path.join(rootDir, 'node_modules/.bin/node'), ['dist/main.js', 'serve', ...flags], {
		cwd: rootDir,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let said = '';
	child.stdout.on('data', (chunk) => (said += chunk));
	child.stderr.on('data', (chunk) => (said += chunk));
	const [code] = await once(child, 'close');
	return { code, said };
}

describe.skipIf(missing)(`criscope serve on bad days${missing ?? ''}`, () => {
	let dir: string;
	let registry: FakeRegistry;
	let serve: Serve;
	let socketPath: string;

	beforeAll(async () => {
		dir = mkdtempSync('/var/tmp/criscope-bad-days-');
		registry = await startFakeRegistry();
		serve = await startServe({ dir: path.join(dir, 'serve'), insecureHosts: [registry.host] });
		socketPath = path.join(serve.dir, 'criscope.sock');
	});
	afterAll(async () => {
		expect(await serve?.stop()).toBe(0);
		expect(existsSync(socketPath)).toBe(false);
		await registry?.stop();
		rmSync(dir, { recursive: true, force: true });
	});

	let count = 0;
	async function fresh(word: string) {
		count += 1;
		const name = `${word}-${count}-${process.pid}`;
		const image = smallImage(name);
		await registry.push(name, '1', image);
		return { ...image, name, reference: `${registry.host}/${name}:1` };
	}
	const alive = async () =>
		expect(await serve.cri.runtime('Version')).toMatchObject({ runtime_name: 'criscope' });

	/** One raw call, its body as given. @returns the trailers. */
	async function call(rpc: string, body: Buffer, headers: Record<string, string> = {}) {
		const session = connectHttp2('http://localhost', { createConnection: () => connect(socketPath) });
		session.on('error', () => undefined);
		try {
			const stream = session.request({
				':method': 'POST',
				':path': rpc,
				'content-type': 'application/grpc',
				te: 'trailers',
				...headers,
			});
			const seen: Record<string, unknown> = {};
			stream.on('response', (answer) => void Object.assign(seen, answer));
			stream.on('trailers', (trailers) => void Object.assign(seen, trailers));
			stream.on('error', () => undefined);
			stream.end(body);
			stream.resume();
			await once(stream, 'close');
			return seen;
		} finally {
			session.destroy();
		}
	}
	/** A message with its prefix: not compressed, and its length. */
	const framed = (message: Buffer, length = message.length) => {
		const prefix = Buffer.alloc(5);
		prefix.writeUInt32BE(length, 1);
		return Buffer.concat([prefix, message]);
	};

	test('a request that is no message is refused and seen in the log', async () => {
		const answer = await call('/runtime.v1.ImageService/ListImages', framed(Buffer.from([0x0a, 0xff, 0xff])));
		expect(answer['grpc-status']).toBe('3');
		expect(decodeURIComponent(String(answer['grpc-message']))).toContain('cannot read the request');
		await alive();
	});

	test('a request over the limit is refused before it has come', async () => {
		const answer = await call(
			'/runtime.v1.ImageService/ListImages',
			framed(Buffer.alloc(100), 200 * 2 ** 20),
		);
		expect(answer['grpc-status']).toBe('8');
		await alive();
	});

	test('RPCs and services that nobody knows are UNIMPLEMENTED', async () => {
		for (const rpc of ['/runtime.v1.ImageService/Nothing', '/runtime.v1alpha2.ImageService/ListImages']) {
			expect((await call(rpc, framed(Buffer.alloc(0))))['grpc-status'], rpc).toBe('12');
		}
	});

	test('what is no HTTP/2 at all is hung up on', async () => {
		for (const bytes of [
			'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
			'\0'.repeat(4096),
			'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff',
		]) {
			const socket = connect(socketPath);
			socket.on('error', () => undefined);
			socket.write(Buffer.from(bytes, 'latin1'));
			socket.resume();
			await Promise.race([once(socket, 'close'), serve.cri.runtime('Version')]);
			socket.destroy();
		}
		await alive();
	});

	test('names that are hostile are refused or not found, and the log stays one line for each', async () => {
		const before = serve.log().split('\n').length;
		for (const image of [
			'\u001b[31m',
			'a\nb',
			'../../etc/passwd',
			'-x',
			`x${'/y'.repeat(5000)}`,
			'\u202e',
			'@',
			':',
		]) {
			const said = serve.cri.image('ImageStatus', { image: { image } });
			await expect(
				said.then(
					() => 'found nothing',
					() => 'refused',
				),
			).resolves.toMatch(/nothing|refused/);
			await expect(serve.cri.image('PullImage', { image: { image } })).rejects.toThrow();
		}
		const lines = serve
			.log()
			.trim()
			.split('\n')
			.slice(before - 1);
		for (const line of lines) expect(() => JSON.parse(line), line.slice(0, 200)).not.toThrow();
		await alive();
	});

	test('a client that never reads its stream holds up nobody', async () => {
		const { reference, imageId } = await fresh('unread');
		await serve.cri.image('PullImage', { image: { image: reference } });
		const request = Buffer.concat([Buffer.from([0x0a, reference.length]), Buffer.from(reference)]);
		const format = Buffer.concat([Buffer.from([0x12, 11]), Buffer.from('oci-archive')]);
		const session = connectHttp2('http://localhost', { createConnection: () => connect(socketPath) });
		session.on('error', () => undefined);
		const stream = session.request({
			':method': 'POST',
			':path': '/criscope.v1.ImageTransferService/SaveImages',
			'content-type': 'application/grpc',
			te: 'trailers',
		});
		stream.on('error', () => undefined);
		stream.end(framed(Buffer.concat([request, format])));
		await once(stream, 'response');
		for (let round = 0; round < 10; round += 1) await alive();
		// Its image can be had by others, and goes when they say so.
		expect(await serve.cri.image('PullImage', { image: { image: reference } })).toEqual({
			image_ref: imageId,
		});
		session.destroy();
		await eventually('the save to end', () => /"rpc":"SaveImages".*"code":"cancelled"/.test(serve.log()));
		await serve.cri.image('RemoveImage', { image: { image: reference } });
	});

	test('a load that is cut off is no load', async () => {
		const session = connectHttp2('http://localhost', { createConnection: () => connect(socketPath) });
		session.on('error', () => undefined);
		const stream = session.request({
			':method': 'POST',
			':path': '/criscope.v1.ImageTransferService/LoadImages',
			'content-type': 'application/grpc',
			te: 'trailers',
		});
		stream.on('error', () => undefined);
		stream.write(framed(Buffer.from([0x0a, 0x00])));
		stream.write(framed(Buffer.concat([Buffer.from([0x12, 0x04]), Buffer.from('abcd')])));
		// Frames are read in their order: who answers this has seen the beginning of the load.
		await once(session, 'remoteSettings');
		await new Promise<void>((resolve, reject) => {
			session.ping((error) => (error ? reject(error) : resolve()));
		});
		session.destroy();
		await eventually('the load to end', () =>
			/"rpc":"LoadImages".*"code":"(cancelled|invalidArgument)"/.test(serve.log()),
		);
		await alive();
	});

	test('two on one store, and two on one socket, are one too many', async () => {
		const other = path.join(dir, 'other');
		const store = await serveToItsEnd(
			'--listen',
			`${other}.sock`,
			'--root',
			serve.graphRoot,
			'--runroot',
			serve.runRoot,
		);
		expect(store.code).toBe(1);
		expect(store.said).toMatch(/^criscope: cannot open store ".*": process \d+ is using it; .*\n$/m);
		const socket = await serveToItsEnd('--listen', socketPath, '--root', other, '--runroot', `${other}-run`);
		expect(socket.code).toBe(1);
		expect(socket.said).toContain(`criscope: cannot listen on "${socketPath}": another server answers on it`);
		await alive();
	});

	test('wrong flags are one sentence and 64', async () => {
		const { code, said } = await serveToItsEnd('--rot', '/x');
		expect([code, said]).toEqual([
			64,
			'criscope: unknown flag "--rot" of serve (did you mean "--root"?); criscope serve --help lists the flags\n',
		]);
	});

	test('a settings file that was named and is not there is one sentence', async () => {
		const root = ['--root', path.join(dir, 'named-root'), '--runroot', path.join(dir, 'named-run')];
		const { code, said } = await serveToItsEnd('--registries-conf', '/etc/no-such.conf', ...root);
		expect(code).toBe(1);
		expect(said).toContain('cannot read "/etc/no-such.conf" (flag --registries-conf): no such file');
	});

	test('what lies at the place of the socket and is none stays', async () => {
		const file = path.join(dir, 'precious');
		writeFileSync(file, 'keep');
		const { code, said } = await serveToItsEnd(
			'--listen',
			file,
			'--root',
			`${file}-root`,
			'--runroot',
			`${file}-run`,
		);
		expect([code, said]).toEqual([1, expect.stringContaining('no socket')]);
		expect(existsSync(file)).toBe(true);
	});

	test('killed in the middle of a pull it starts again, with all it had and nothing half', async () => {
		const kept = await fresh('kept');
		await serve.cri.image('PullImage', { image: { image: kept.reference } });
		const cut = await fresh('cut');
		const heal = registry.fault({
			on: 'blob',
			where: cut.name,
			method: 'GET',
			fault: { kind: 'stall', afterBytes: 5000 },
		});
		const pulling = serve.cri.image('PullImage', { image: { image: cut.reference } }).catch(() => undefined);
		await eventually('the blob to be asked for', () =>
			registry.requests.some(({ part, url }) => part === 'blob' && url.includes(cut.name)),
		);
		await serve.kill9();
		expect(existsSync(socketPath)).toBe(true);
		await pulling;
		heal();
		await serve.start();
		const { images } = await serve.cri.image<{ images: { id: string }[] }>('ListImages');
		expect(images.map(({ id }) => id)).toContain(kept.imageId);
		expect(images.map(({ id }) => id)).not.toContain(cut.imageId);
		expect(await serve.cri.image('PullImage', { image: { image: cut.reference } })).toEqual({
			image_ref: cut.imageId,
		});
	});

	test('told to end, it ends what hangs and leaves no socket', async () => {
		const { name, reference } = await fresh('hangs');
		const heal = registry.fault({
			on: 'blob',
			where: name,
			method: 'GET',
			fault: { kind: 'stall', afterBytes: 1 },
		});
		const pulling = serve.cri.image('PullImage', { image: { image: reference } }).then(
			() => 'pulled',
			(error: Error) => error.message,
		);
		await eventually('the blob to be asked for', () =>
			registry.requests.some(({ part, url }) => part === 'blob' && url.includes(name)),
		);
		process.kill(serve.pid(), 'SIGHUP');
		process.kill(serve.pid(), 'SIGTERM');
		await eventually('the socket to go', () => !existsSync(socketPath));
		try {
			process.kill(serve.pid(), 'SIGTERM');
		} catch (error) {
			// It may have ended already.
			expect(error).toMatchObject({ code: 'ESRCH' });
		}
		expect(await pulling).toMatch(/14 UNAVAILABLE/);
		heal();
		await eventually('the process to end', () => !existsSync(`/proc/${serve.pid()}/exe`));
		await serve.start();
		await alive();
	});
});
