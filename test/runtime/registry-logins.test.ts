import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runProgram } from '../helpers/child-process.ts';
import { type Registry, registryPassword, registryUser, startRegistry } from '../helpers/registry.ts';
import { descriptor, insecure, login, openFor, pushImage } from '../helpers/registry-client.ts';
import { startTokenServer, type TokenServer } from '../helpers/registry-token.ts';
import { whatIsMissing } from '../helpers/requires.ts';

const missing = whatIsMissing('docker-registry', 'openssl');

describe.skipIf(missing)(`a registry${missing ?? ''}`, () => {
	let dir: string;
	const running: { stop(): Promise<void> }[] = [];
	const keep = <T extends { stop(): Promise<void> }>(one: T): T => {
		running.push(one);
		return one;
	};
	beforeAll(() => {
		dir = mkdtempSync(path.join(os.tmpdir(), 'criscope-registry-'));
	});
	afterAll(async () => {
		await Promise.all(running.map((one) => one.stop()));
		rmSync(dir, { recursive: true, force: true });
	});

	describe('with a password', () => {
		let registry: Registry;
		beforeAll(async () => {
			registry = keep(await startRegistry({ dir: path.join(dir, 'basic'), authenticated: true }));
		});

		test('takes the caller’s login, or the one of the files', async () => {
			const { source, target, dir: home } = openFor(insecure(registry.host));
			const image = `${registry.host}/basic/app:1`;
			await pushImage(await target(image, login), '1');
			const encoded = Buffer.from(`${registryUser}:${registryPassword}`).toString('base64');
			expect((await (await source(image, { auth: encoded })).manifest('1')).digest).toMatch(/^sha256:/);
			await expect((await source(image)).manifest('1')).rejects.toMatchObject({
				kind: 'unauthorized',
				status: 401,
			});
			await expect((await source(image, { ...login, password: 'wrong' })).manifest('1')).rejects.toThrow(
				/unauthorized/,
			);
			mkdirSync(path.join(home, 'containers'));
			const auths = { [`${registry.host}/basic`]: { auth: encoded }, [registry.host]: { auth: 'bm86bm8=' } };
			writeFileSync(path.join(home, 'containers/auth.json'), JSON.stringify({ auths }));
			expect((await (await source(image)).manifest('1')).digest).toMatch(/^sha256:/);
		});
	});

	describe.skipIf(whatIsMissing('root', 'skopeo'))('as skopeo sees it', () => {
		let registry: Registry;
		beforeAll(async () => {
			registry = keep(await startRegistry({ dir: path.join(dir, 'skopeo'), authenticated: true }));
		});

		test('has the same credentials, locations and mirrors', async () => {
			const conf = `
[[registry]]
prefix = "example.test/team"
location = "${registry.host}/moved/to"
insecure = true
[[registry.mirror]]
location = "127.0.0.1:1/nobody"
insecure = true
[[registry]]
location = "blocked.test"
blocked = true
`;
			const { source, dir: home } = openFor(`${conf}${insecure(registry.host)}`);
			const authFile = path.join(home, 'containers/auth.json');
			await runProgram('skopeo', [
				...['login', '--tls-verify=false', '--authfile', authFile],
				...['-u', registryUser, '-p', registryPassword, registry.host],
			]);
			const { target } = openFor(insecure(registry.host));
			await pushImage(await target(`${registry.host}/moved/to/app`, login), '1');
			const raw = await runProgram('skopeo', [
				...['--registries-conf', path.join(home, 'registries.conf')],
				...['inspect', '--raw', '--authfile', authFile, 'docker://example.test/team/app:1'],
			]);
			const found = await (await source('example.test/team/app:1')).manifest('1');
			expect(found.bytes.toString()).toBe(raw);
			await expect(source('blocked.test/to/app:1')).rejects.toThrow('blocked');
			const same = runProgram('skopeo', [
				...['--registries-conf', path.join(home, 'registries.conf')],
				...['inspect', '--raw', '--authfile', authFile, 'docker://blocked.test/to/app:1'],
			]);
			await expect(same).rejects.toThrow('blocked');
		});
	});

	describe('with tokens', () => {
		let registry: Registry;
		let tokens: TokenServer;
		beforeAll(async () => {
			tokens = keep(await startTokenServer(path.join(dir, 'token')));
			registry = keep(
				await startRegistry({ dir: path.join(dir, 'token-registry'), config: { auth: tokens.auth } }),
			);
			const before = openFor(insecure(registry.host), { dir });
			await pushImage(await before.target(`${registry.host}/public/app`, login), '1');
			await pushImage(await before.target(`${registry.host}/private/app`, login), '1');
		});
		const targetOf = async (name: string) =>
			openFor(insecure(registry.host)).target(`${registry.host}/${name}`, login);

		test('lets anybody pull what is public, with one token for all requests', async () => {
			const from = await openFor(insecure(registry.host)).source(`${registry.host}/public/app:1`);
			const before = tokens.questions.length;
			await Promise.all([from.manifest('1'), from.manifest('1'), from.manifest('1')]);
			await from.manifest('1');
			expect(tokens.questions.slice(before)).toEqual([
				{
					method: 'GET',
					scopes: ['repository:public/app:pull'],
					account: undefined,
					authorization: undefined,
					grantType: undefined,
				},
			]);
		});

		test('wants a login for what is private: password or identity token', async () => {
			const { source } = openFor(insecure(registry.host));
			const image = `${registry.host}/private/app:1`;
			await expect((await source(image)).manifest('1')).rejects.toMatchObject({ kind: 'unauthorized' });
			await expect((await source(image, { ...login, password: 'no' })).manifest('1')).rejects.toThrow(
				/cannot log in to .*incorrect username or password/,
			);
			expect((await (await source(image, login)).manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.at(-1)).toMatchObject({ method: 'GET', account: registryUser });
			const { identityToken } = tokens;
			expect((await (await source(image, { identityToken })).manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.at(-1)).toMatchObject({
				method: 'POST',
				grantType: 'refresh_token',
				scopes: ['repository:private/app:pull'],
				authorization: undefined,
			});
		});

		test('is asked for a new token once the old one ends, and patiently', async () => {
			tokens.lifeSeconds = 0.01;
			onTestFinished(() => {
				tokens.lifeSeconds = 300;
			});
			const from = await openFor(insecure(registry.host)).source(`${registry.host}/public/app:1`);
			const before = tokens.questions.length;
			await from.manifest('1').catch(() => undefined);
			tokens.lifeSeconds = 300;
			tokens.faults.push({ status: 429, headers: { 'retry-after': '0' } }, { status: 503, headers: {} });
			expect((await from.manifest('1')).digest).toMatch(/^sha256:/);
			expect(tokens.questions.length - before).toBeGreaterThanOrEqual(4);
		});

		test('is shown both repositories when a blob is mounted', async () => {
			const blob = descriptor(Buffer.from('{}')).digest;
			const to = await targetOf(`private/mounted-${Date.now()}`);
			expect(await to.mountBlob(blob, 'private/app')).toBe(true);
			expect(tokens.questions.at(-1)?.scopes).toContain('repository:private/app:pull');
		});
	});
});
