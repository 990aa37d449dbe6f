import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import { imageId } from '../../../../src/cri/ids.ts';
import type { TransferEvent } from '../../../../src/cri/image-transfer.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { run } from '../verb-host.ts';

const completed: TransferEvent = {
	kind: 'completed',
	imageId: 'aa11',
	manifestDigest: 'sha256:bb',
	names: ['example.com/a:1'],
	upToDate: false,
};

async function* events(...all: readonly TransferEvent[]) {
	yield* all;
}

/** Remembers what it was asked for. */
function recorder() {
	const asked: unknown[] = [];
	const transfers = {
		pullImage(request: unknown) {
			asked.push(request);
			return events(completed);
		},
	};
	const images = {
		async pullImage(request: unknown) {
			asked.push(request);
			return imageId('sha256:cc');
		},
	};
	return { asked, transfers, images };
}

test('where the second service answers it is asked, and only given credentials go along', async () => {
	const { asked, transfers } = recorder();
	const args = ['pull', '--creds', 'user:pa:ss', '--platform', 'linux/arm64', 'example.com/a:1'];
	const ran = await run(args, { services: { transfers } });
	expect(ran).toEqual({
		exitCode: 0,
		stdout: 'Image is up to date for aa11\n',
		stderr: 'Pulled example.com/a:1 in 0s\n',
		stdoutBytes: expect.anything(),
	});
	expect(asked).toEqual([
		{ image: 'example.com/a:1', auth: { username: 'user', password: 'pa:ss' }, platform: 'linux/arm64' },
	]);
});

test('elsewhere the CRI pulls, with what the files know of the registry', async () => {
	const { asked, images } = recorder();
	const home = tempDir();
	const auth = Buffer.from('me:secret').toString('base64');
	const file = join(home, 'auth.json');
	writeFileSync(file, JSON.stringify({ auths: { 'example.com': { auth } } }));
	const env = { REGISTRY_AUTH_FILE: file };
	const ran = await run(['pull', '-q', 'example.com/a:1'], { services: { images }, env });
	expect(ran).toMatchObject({ exitCode: 0, stdout: 'sha256:cc\n', stderr: '' });
	expect(asked).toMatchObject([{ image: 'example.com/a:1', auth: { username: 'me', password: 'secret' } }]);
});

test('a pod and annotations travel by the CRI, with the names of the protocol', async () => {
	const { asked, images, transfers } = recorder();
	const file = join(tempDir(), 'pod.yaml');
	writeFileSync(
		file,
		'metadata: {name: p, namespace: n}\nlog_directory: /l\nlabels: {some_key: v}\nport_mappings: [{host_port: 80}]\n',
	);
	const args = ['pull', '-a', 'k=v=w', '--pod-config', file, '--creds', 'u', 'x'];
	expect((await run(args, { services: { images, transfers } })).exitCode).toBe(0);
	expect(asked).toEqual([
		{
			image: 'x',
			auth: { username: 'u', password: '' },
			spec: { annotations: { k: 'v=w' } },
			sandboxConfig: {
				metadata: { name: 'p', namespace: 'n', uid: expect.stringMatching(/^[0-9a-f-]{36}$/), attempt: 0 },
				logDirectory: '/l',
				labels: { some_key: 'v' },
				portMappings: [{ hostPort: 80 }],
			},
		},
	]);
});

test('a runtime of the CRI only says that it cannot choose a platform', async () => {
	const { images } = recorder();
	const ran = await run(['pull', '--platform', 'linux/arm64', 'x'], { services: { images } });
	expect(ran).toMatchObject({
		exitCode: 1,
		stderr:
			'criscope: this runtime cannot choose a platform: it speaks the CRI only, and pulls for its own\n',
	});
});

test('after a failure the others are pulled; each has its sentence, its next step and its object', async () => {
	const transfers = {
		pullImage: ({ image }: { readonly image: string }) =>
			image === 'example.com/a:1'
				? events(completed)
				: (async function* (): AsyncGenerator<TransferEvent> {
						yield { kind: 'note', text: 'mirror \x1b[2J failed' };
						throw new NotFoundError(`cannot pull image "${image}": unauthorized: no \x1b]0;x\x07 login`);
					})(),
	};
	const ran = await run(['pull', '-o', 'json', 'example.com/b:1', 'example.com/a:1'], {
		services: { transfers },
	});
	expect(ran.exitCode).toBe(1);
	expect(JSON.parse(ran.stdout)).toMatchObject([
		{ image: 'example.com/b:1', error: expect.stringContaining('wants a login') },
		{ image: 'example.com/a:1', imageId: 'aa11', manifestDigest: 'sha256:bb', upToDate: false },
	]);
	expect(ran.stderr).toContain('note: mirror ␛[2J failed\n');
	expect(ran.stderr).toMatch(
		/criscope: cannot pull image "example\.com\/b:1": example\.com wants a login for b:1, or has no such image\. Give --creds/,
	);
	expect(ran.stderr).toMatch(/\n {2}the runtime said: unauthorized: no ␛\]0;x␇ login\n/);
	expect(ran.stderr).not.toContain('L in the list of tasks');
});

test('events are one JSON object a line on stderr, the result alone on stdout', async () => {
	const { transfers } = recorder();
	const ran = await run(['pull', '-q', '--progress', 'json', 'x'], { services: { transfers } });
	expect(ran.stdout).toBe('aa11\n');
	expect(
		ran.stderr
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line)),
	).toEqual([{ subject: 'x', ...completed }]);
});

test('a transfer that ends without a result has failed', async () => {
	const ran = await run(['pull', 'x'], { services: { transfers: { pullImage: () => events() } } });
	expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
	expect(ran.stderr).toContain('the runtime ended it without a result');
});

test('a password comes from the first line of stdin', async () => {
	const { asked, transfers } = recorder();
	await run(['pull', '-u', 'me', 'x'], { services: { transfers }, stdin: 's3cret\nrest' });
	expect(asked).toMatchObject([{ auth: { username: 'me', password: 's3cret' } }]);
	await expect(run(['pull', '-u', 'me', 'x'], { services: { transfers } })).rejects.toThrow(
		/needs a password/,
	);
});

test('what ends the verb is not taken for a failure of one image', async () => {
	const abort = new AbortController();
	const transfers = {
		pullImage: () =>
			// biome-ignore lint/correctness/useYield: it fails before it could.
			(async function* (): AsyncGenerator<TransferEvent> {
				abort.abort();
				throw new DOMException('the call was cancelled', 'AbortError');
			})(),
	};
	await expect(run(['pull', 'x', 'y'], { services: { transfers }, signal: abort.signal })).rejects.toThrow(
		'the call was cancelled',
	);
});
