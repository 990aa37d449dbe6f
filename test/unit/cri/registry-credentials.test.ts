import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseImageReference } from '../../../src/cri/image-reference.ts';
import { type AuthAccess, findCredentials, hostAuthAccess } from '../../../src/cri/registry-credentials.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const signal = new AbortController().signal;
const basic = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString('base64');

function access(
	files: Readonly<Record<string, unknown>>,
	helpers: Readonly<Record<string, (server: string) => string | undefined>> = {},
): AuthAccess & { readonly asked: string[] } {
	const asked: string[] = [];
	return {
		asked,
		env: { HOME: '/home/ada', REGISTRY_AUTH_FILE: '/auth.json', XDG_RUNTIME_DIR: '/run/user/7' },
		readText: async (path) => {
			asked.push(path);
			const content = files[path];
			return typeof content === 'string' || content === undefined ? content : JSON.stringify(content);
		},
		runHelper: async (name, server) => {
			asked.push(`${name} ${server}`);
			const helper = helpers[name];
			if (!helper) throw new Error('spawn ENOENT');
			return helper(server);
		},
	};
}

const find = (image: string, from: AuthAccess, authFile?: string) =>
	findCredentials(parseImageReference(image), from, { signal, authFile });

test('asks the files in order and stops at the first that knows the registry', async () => {
	const from = access({
		'/run/user/7/containers/auth.json': { auths: { 'quay.io': { auth: basic('run', 'a') } } },
		'/home/ada/.docker/config.json': { auths: { 'quay.io': { auth: basic('docker', 'b') } } },
	});
	expect(await find('quay.io/team/app:1', from, '/mine.json')).toEqual({
		auth: { username: 'run', password: 'a' },
		source: '/run/user/7/containers/auth.json',
		problems: [],
	});
	expect(from.asked).toEqual(['/mine.json', '/auth.json', '/run/user/7/containers/auth.json']);
});

test('the most specific key wins, and a longer name that only begins alike does not', async () => {
	const from = access({
		'/auth.json': {
			auths: {
				'quay.io': { auth: basic('host', 'h') },
				'quay.io/team': { auth: basic('team', 't') },
				'quay.io/team/app': { auth: basic('app', 'p:q') },
				'quay.io/tea': { auth: basic('wrong', 'w') },
			},
		},
	});
	expect((await find('quay.io/team/app:1', from)).auth).toEqual({ username: 'app', password: 'p:q' });
	expect((await find('quay.io/team/other', from)).auth).toMatchObject({ username: 'team' });
	expect((await find('quay.io/else/app', from)).auth).toMatchObject({ username: 'host' });
	expect((await find('quay.io:5000/team/app', from)).auth).toBeUndefined();
});

test.each([
	'https://index.docker.io/v1/',
	'docker.io',
	'index.docker.io',
	'https://registry-1.docker.io/v2/',
])('Docker Hub is found under its key %s', async (key) => {
	const from = access({ '/auth.json': { auths: { [key]: { auth: basic('hub', 'x') } } } });
	expect((await find('nginx', from)).auth).toEqual({ username: 'hub', password: 'x' });
});

test('tokens and plain names are taken as they are', async () => {
	const from = access({
		'/auth.json': {
			auths: {
				'a.io': { auth: basic('u', ''), identitytoken: 'idt' },
				'b.io': { registrytoken: 'rt' },
				'c.io': { username: 'u', password: 'p' },
				'd.io': {},
			},
		},
	});
	expect((await find('a.io/x', from)).auth).toEqual({ username: 'u', identityToken: 'idt' });
	expect((await find('b.io/x', from)).auth).toEqual({ registryToken: 'rt' });
	expect((await find('c.io/x', from)).auth).toEqual({ username: 'u', password: 'p' });
	expect((await find('d.io/x', from)).auth).toBeUndefined();
});

test("a helper of the registry comes before the store, and both before the file's entries", async () => {
	const config = {
		credHelpers: { 'gcr.io': 'gcloud' },
		credsStore: 'secretservice',
		auths: { 'gcr.io': { auth: basic('file', 'f') }, 'quay.io': { auth: basic('file', 'f') } },
	};
	const from = access(
		{ '/auth.json': config },
		{
			gcloud: () => JSON.stringify({ Username: '<token>', Secret: 's' }),
			secretservice: () => undefined,
		},
	);
	expect(await find('gcr.io/x', from)).toMatchObject({
		auth: { identityToken: 's' },
		source: 'docker-credential-gcloud',
	});
	expect(await find('quay.io/x', from)).toMatchObject({ auth: { username: 'file' }, source: '/auth.json' });
	expect(from.asked).toContain('secretservice quay.io');
});

test('what is broken is named without its contents, and the search goes on', async () => {
	const from = access({
		'/auth.json': '{"auths": {"quay.io": {"auth": "c2VjcmV0',
		'/run/user/7/containers/auth.json': { credHelpers: { 'quay.io': 'missing' } },
		'/home/ada/.config/containers/auth.json': { credHelpers: { 'quay.io': '../../bin/sh' }, auths: 7 },
	});
	const { auth, problems } = await find('quay.io/x', from);
	expect(auth).toBeUndefined();
	expect(problems).toEqual([
		'cannot read credentials from /auth.json: it is not JSON',
		'cannot ask docker-credential-missing: spawn ENOENT',
	]);
	expect(from.asked.join('\n')).not.toContain('bin/sh');
});

describe('a real helper', () => {
	function withHelper(script: string): AuthAccess {
		const dir = tempDir();
		mkdirSync(join(dir, 'bin'));
		const path = join(dir, 'bin/docker-credential-test');
		writeFileSync(path, `#!/bin/sh\n${script}\n`);
		chmodSync(path, 0o755);
		return hostAuthAccess({ PATH: `${join(dir, 'bin')}:/usr/bin:/bin`, HOME: dir });
	}

	test('gets the server on its standard input', async () => {
		const { runHelper } = withHelper('read server; echo "$1 $server"');
		expect(await runHelper('test', 'quay.io', { signal })).toBe('get quay.io\n');
	});

	test('that knows nothing is no failure; one that fails is, in its own words', async () => {
		const unknown = withHelper('echo "credentials not found in native keychain"; exit 1');
		expect(await unknown.runHelper('test', 'quay.io', { signal })).toBeUndefined();
		const locked = withHelper('echo "the keyring is locked"; exit 1');
		await expect(locked.runHelper('test', 'quay.io', { signal })).rejects.toThrow('the keyring is locked');
	});

	test('is ended with the signal', async () => {
		const { runHelper } = withHelper('exec sleep 600');
		const stop = new AbortController();
		const answer = runHelper('test', 'quay.io', { signal: stop.signal });
		stop.abort();
		await expect(answer).rejects.toThrow();
	});
});

describe('credential-helpers of registries.conf', () => {
	const files = { '/auth.json': { auths: { 'quay.io': { auth: basic('file', 'f') } } } };
	const helpers = {
		empty: () => undefined,
		broken: () => 'no json',
		pass: (server: string) => JSON.stringify({ Username: 'helper', Secret: server }),
	};
	const among = (image: string, names: readonly string[]) =>
		findCredentials(parseImageReference(image), access(files, helpers), { helpers: names, signal });

	test('are asked in order, the files in their place among them', async () => {
		expect((await among('quay.io/app', ['empty', 'containers-auth.json', 'pass'])).source).toBe('/auth.json');
		expect(await among('quay.io/app', ['pass', 'containers-auth.json'])).toMatchObject({
			auth: { username: 'helper', password: 'quay.io' },
			source: 'docker-credential-pass',
		});
	});
	test('replace the files where these are not named', async () => {
		expect(await among('quay.io/app', ['empty'])).toEqual({
			auth: undefined,
			source: undefined,
			problems: [],
		});
	});
	test('that fail are a problem, and the next is asked', async () => {
		const found = await among('quay.io/app', ['broken', '../evil', 'containers-auth.json']);
		expect(found.source).toBe('/auth.json');
		expect(found.problems).toEqual(['cannot ask docker-credential-broken: its answer is not JSON']);
	});
});

test('a folder that is called v2 is not taken for a version of the API', async () => {
	const from = access({
		'/auth.json': { auths: { 'quay.io/team/v2': { auth: basic('narrow', 'n') } } },
	});
	expect((await find('quay.io/team/v2:1', from)).auth).toEqual({ username: 'narrow', password: 'n' });
	expect((await find('quay.io/team/other:1', from)).auth).toBeUndefined();
});
