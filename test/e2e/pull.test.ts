import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ContainerdAccess } from '../helpers/containerd.ts';
import { buildImage, busyboxLayer } from '../helpers/image-archive.ts';
import { type Registry, registryPassword, registryUser, startRegistry } from '../helpers/registry.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);

/** Pulls pressed in the real program, from real registries, by a real runtime. */
describe.skipIf(missing !== undefined)(`pulling${missing ?? ''}`, () => {
	let containerd: ContainerdAccess;
	let guarded: Registry;
	let slow: SlowRegistry;
	let tui: Tui;
	const pulled = [
		'registry.example.com/pull/plain:1',
		'guarded.example.com/team/secret:1',
		'filed.example.com/team/filed:1',
		'slow.example.com/pull/slow:1',
	];

	/** Makes the runtime ask `address` for images of `host`. */
	function answerFor(host: string, address: string): void {
		const dir = join(containerd.dir, 'certs.d', host);
		mkdirSync(dir, { recursive: true });
		writeFileSync(
			join(dir, 'hosts.toml'),
			`server = "${address}"\n[host."${address}"]\ncapabilities = ["pull", "resolve"]\n`,
		);
	}

	async function imageThere(name: string): Promise<boolean> {
		const { image } = await containerd.cri.image<{ image: unknown }>('ImageStatus', {
			image: { image: name },
		});
		return image !== null;
	}

	/** Types a reference into the prompt of P, in place of what it proposes. */
	async function pull(name: string): Promise<void> {
		await tui.press('P');
		await tui.until('Pull image:');
		await tui.press('<ctrl+e> <ctrl+u>');
		tui.type(name);
		await tui.until(`Pull image: ${name}`);
		await tui.press('<enter>');
	}

	beforeAll(async () => {
		containerd = sharedContainerd();
		const archive = (label: string) =>
			buildImage({ layers: [busyboxLayer()], command: ['sh'], labels: { pulled: label } });
		guarded = await startRegistry({ dir: join(containerd.dir, 'guarded'), authenticated: true });
		await guarded.push('team/secret', '1', archive('secret'));
		await guarded.push('team/filed', '1', archive('filed'));
		await containerd.registry.push('pull/plain', '1', archive('plain'));
		await containerd.registry.push(
			'pull/slow',
			'1',
			buildImage({
				layers: [[{ path: 'big', content: Buffer.alloc(100_000, 'slow') }]],
			}),
		);
		slow = await startSlowRegistry(containerd.registry.host);
		answerFor('guarded.example.com', `http://${guarded.host}`);
		answerFor('filed.example.com', `http://${guarded.host}`);
		answerFor('slow.example.com', `http://${slow.host}`);
		answerFor('refused.example.com', 'http://127.0.0.1:9');
		answerFor('nowhere.example.invalid', 'http://nowhere.example.invalid');
		tui = startTui({ args: ['--runtime-endpoint', containerd.endpoint], columns: 120, rows: 40 });
		mkdirSync(join(tui.home, '.docker'));
		const auth = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
		const config = { auths: { 'filed.example.com/team': { auth } } };
		writeFileSync(join(tui.home, '.docker/config.json'), JSON.stringify(config));
		await tui.until('pause:3.9');
		await tui.press('3');
	});
	afterAll(async () => {
		await tui?.stop();
		// The containerd is shared: other tests' lists must not show what came here.
		for (const image of pulled) await containerd.cri.image('RemoveImage', { image: { image } });
		await slow?.stop();
		await guarded?.stop();
	});

	test('an image comes, is listed, and is remembered', async () => {
		await pull('registry.example.com/pull/plain:1');
		await tui.until(/Pulled registry\.example\.com\/pull\/plain:1, 1\.\d MiB in 0:\d\d\./);
		expect(await imageThere('registry.example.com/pull/plain:1')).toBe(true);
		await tui.until(/\n[ ▸].*pull\/plain:1/);
		const history = readFileSync(join(tui.home, '.local/state/criscope/pull-history'), 'utf8');
		expect(history).toBe('registry.example.com/pull/plain:1\n');
		await tui.press('P');
		await tui.until('Pull image:');
		await tui.press('<up>');
		await tui.until('Pull image: registry.example.com/pull/plain:1');
		await tui.press('<enter>');
		await tui.until('was up to date');
	});

	test('no reference, no pull', async () => {
		await pull('Not/An/Image:');
		await tui.until(/Pull image: .*(lower case|no part of a name|no registry)/);
		await tui.press('<ctrl+g>');
		await tui.until(() => !tui.screen().includes('Pull image:'));
	});

	test.each([
		[
			'a tag that is not there',
			'registry.example.com/pull/plain:nope',
			'registry.example.com has no pull/plain:nope.',
		],
		[
			'a port where nobody listens',
			'refused.example.com/a/b:1',
			'Nothing takes connections at refused.example.com.',
		],
		[
			'a name that DNS does not know',
			'nowhere.example.invalid/a/b:1',
			'The name nowhere.example.invalid cannot be resolved (DNS).',
		],
	])('%s is said in words', async (_case, name, sentence) => {
		await pull(name);
		await tui.until(sentence, 30_000);
		expect(await imageThere(name)).toBe(false);
	});

	test('a registry that wants a login gets one typed, hidden', async () => {
		const name = 'guarded.example.com/team/secret:1';
		await pull(name);
		await tui.until('guarded.example.com wants a login for team/secret:1, or has no such image.');
		await tui.press('b');
		await tui.until('The runtime said:');
		await tui.press('L');
		await tui.until('User name:');
		tui.type(registryUser);
		await tui.press('<enter>');
		await tui.until('Password:');
		tui.type('wrong');
		await tui.until('Password: •••••');
		await tui.press('<enter>');
		await tui.until(/failed +guarded[^\n]*\n[^\n]*failed +guarded/);
		expect(await imageThere(name)).toBe(false);
		await tui.press('L');
		await tui.until('User name:');
		tui.type(registryUser);
		await tui.press('<enter>');
		await tui.until('Password:');
		tui.type(registryPassword);
		await tui.press('<enter>');
		await tui.until(/pulled +guarded\.example\.com\/team\/secret:1/);
		expect(tui.screen()).toContain('Credentials: typed.');
		expect(await imageThere(name)).toBe(true);
		expect(tui.output().includes(registryPassword)).toBe(false);
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test("credentials from Docker's file are used, and named", async () => {
		await pull('filed.example.com/team/filed:1');
		await tui.until(/Pulled filed\.example\.com\/team\/filed:1/);
		await tui.press('b');
		await tui.until(/Credentials: \S+\.docker\/config\.json\./);
		await tui.press('q');
		await tui.until('▶3 Images');
	});

	test('a slow pull leaves the keys free, shows its time, and can be cancelled', async () => {
		await pull('slow.example.com/pull/slow:1');
		await tui.until(/Pulling 0:0[1-9]/);
		await tui.press('1');
		await tui.until('▶1 Pods');
		await tui.press('3 b');
		await tui.until(/pulling +slow\.example\.com\/pull\/slow:1/);
		expect(tui.screen()).toMatch(/no progress told by the CRI|so far, by store growth/);
		await tui.press('x');
		await tui.until(/cancelled +slow/);
		await slow.abandoned;
		expect(await imageThere('slow.example.com/pull/slow:1')).toBe(false);
		await tui.press('P');
		await tui.until('Pull image: slow.example.com/pull/slow:1');
		slow.release();
		await tui.press('<enter>');
		await tui.until(/pulled +slow\.example\.com\/pull\/slow:1/, 20_000);
		expect(await imageThere('slow.example.com/pull/slow:1')).toBe(true);
	});
});

/** A registry that answers what another one does, but holds every layer until released. */
type SlowRegistry = {
	readonly host: string;
	/** Settles when the puller has given up on a held layer. */
	readonly abandoned: Promise<void>;
	release(): void;
	stop(): Promise<void>;
};

async function startSlowRegistry(upstream: string): Promise<SlowRegistry> {
	const gate = Promise.withResolvers<void>();
	const abandoned = Promise.withResolvers<void>();
	const pass = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
		const { method, url = '/', headers } = incoming;
		const forward = (): void => {
			const [hostname, port] = upstream.split(':');
			const onward = request(
				{ hostname, port, method, path: url, headers: { ...headers, host: upstream } },
				(answer) => {
					outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
					answer.pipe(outgoing);
				},
			);
			onward.on('error', () => outgoing.destroy());
			onward.end();
		};
		if (/\/blobs\//.test(url)) {
			outgoing.on('close', () => abandoned.resolve());
			void gate.promise.then(forward);
		} else forward();
	};
	const server: Server = createServer(pass);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.address();
	const port = typeof address === 'object' ? address?.port : undefined;
	return {
		host: `127.0.0.1:${port}`,
		abandoned: abandoned.promise,
		release: () => gate.resolve(),
		stop: () =>
			new Promise((resolve) => {
				server.closeAllConnections();
				server.close(() => resolve());
			}),
	};
}
