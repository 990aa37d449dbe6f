import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { formatImageReference, parseImageReference } from '../../../../../src/cri/image-reference.ts';
import { openRegistries } from '../../../../../src/runtime/image/registries/open-registries.ts';
import { PolicyRefusedError } from '../../../../../src/runtime/image/registries/policy.ts';
import {
	callerLogin,
	sourceCredentials,
} from '../../../../../src/runtime/image/registries/source-credentials.ts';
import { tempDir } from '../../../../helpers/temp-dir.ts';

function setUp() {
	const dir = tempDir();
	const drop = join(dir, 'registries.conf.d');
	mkdirSync(drop);
	const lines: string[] = [];
	const conf = join(dir, 'registries.conf');
	const policy = join(dir, 'policy.json');
	writeFileSync(conf, 'unqualified-search-registries = ["quay.io"]\n');
	writeFileSync(policy, '{"default":[{"type":"insecureAcceptAnything"}]}');
	const registries = openRegistries({
		registriesConf: conf,
		registriesConfDir: drop,
		policyPath: policy,
		shortNameAliases: join(dir, 'aliases.conf'),
		certsDirs: [],
		env: { HOME: dir },
		log: { info: (line) => lines.push(line), warning: (line) => lines.push(`! ${line}`) },
	});
	onTestFinished(() => registries[Symbol.dispose]());
	const candidates = async (image: string) =>
		(await registries.pullCandidates(image, {})).map(({ reference, sources }) => ({
			reference: formatImageReference(reference),
			sources: sources.map(({ name, isMirror }) => `${name}${isMirror ? ' mirror' : ''}`),
		}));
	return { dir, drop, conf, policy, lines, registries, candidates };
}

test('candidates follow files as they change', async () => {
	const { drop, dir, candidates, lines } = setUp();
	expect(await candidates('app')).toEqual([{ reference: 'quay.io/app:latest', sources: ['quay.io/app'] }]);
	writeFileSync(
		join(drop, '20-b.conf'),
		'[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "b.example"',
	);
	writeFileSync(
		join(drop, '10-a.conf'),
		'[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "a.example"',
	);
	writeFileSync(join(drop, 'ignored.txt'), 'no toml');
	expect(await candidates('app')).toEqual([
		{ reference: 'quay.io/app:latest', sources: ['b.example/app mirror', 'quay.io/app'] },
	]);
	rmSync(join(drop, '20-b.conf'));
	expect((await candidates('app'))[0]?.sources).toEqual(['a.example/app mirror', 'quay.io/app']);
	writeFileSync(join(dir, 'aliases.conf'), '[aliases]\napp = "c.example/app"\n');
	expect((await candidates('app'))[0]?.reference).toBe('c.example/app:latest');
	expect(lines.at(-1)).toContain('aliases.conf');
});

test('a broken change is told and changes nothing; a broken beginning is an error', async () => {
	const { conf, candidates, lines } = setUp();
	await candidates('app');
	writeFileSync(conf, 'unqualified-search-registries = [\n');
	expect((await candidates('app'))[0]?.reference).toBe('quay.io/app:latest');
	expect(lines.filter((line) => line.startsWith('! '))).toEqual([
		expect.stringMatching(/registries\.conf": line \d.*what it said before stays in force/),
	]);
	const fresh = setUp();
	writeFileSync(fresh.conf, '[[registry]\n');
	await expect(fresh.candidates('app')).rejects.toMatchObject({ code: 'failedPrecondition' });
	rmSync(fresh.conf);
	await expect(fresh.candidates('app')).rejects.toThrow('there is no such file');
});

test('unknown keys are told once for each version of the files', async () => {
	const { conf, candidates, lines } = setUp();
	writeFileSync(conf, 'unqualified-search-registries = ["quay.io"]\nshortname = 1\n');
	await candidates('app');
	await candidates('app');
	expect(lines.filter((line) => line.includes('unknown keys: shortname'))).toHaveLength(1);
});

test('what is blocked or against the policy is refused; another candidate may do', async () => {
	const { conf, policy, candidates, registries } = setUp();
	writeFileSync(
		conf,
		`unqualified-search-registries = ["bad.example", "good.example"]
short-name-mode = "permissive"
[[registry]]
location = "bad.example"
blocked = true
`,
	);
	await expect(candidates('bad.example/x')).rejects.toMatchObject({ code: 'permissionDenied' });
	await expect(candidates('bad.example/x')).rejects.toThrow(
		'cannot pull image "bad.example/x:latest": the registry is blocked',
	);
	await expect(registries.pushTarget('bad.example/x', {})).rejects.toThrow(
		'cannot push image "bad.example/x:latest"',
	);
	expect((await candidates('x')).map(({ reference }) => reference)).toEqual(['good.example/x:latest']);
	writeFileSync(policy, '{"default":[{"type":"reject"}]}');
	await expect(candidates('x')).rejects.toThrow(
		/cannot pull image "good\.example\/x:latest": the policy .* rejects it/,
	);
	await expect(candidates('x')).rejects.toBeInstanceOf(PolicyRefusedError);
	await expect(registries.admitArchive('docker-archive')).rejects.toThrow('rejects it (by default)');
	const accept = '[{"type":"insecureAcceptAnything"}]';
	writeFileSync(
		policy,
		`{"default":[{"type":"reject"}],"transports":{"docker-archive":{"":${accept}},"oci-archive":{"/a.tar":${accept}}}}`,
	);
	await registries.admitArchive('docker-archive');
	await expect(registries.admitArchive('oci-archive')).rejects.toBeInstanceOf(PolicyRefusedError);
	writeFileSync(policy, '{"default":');
	await expect(candidates('x')).rejects.toThrow(`cannot use policy "${policy}": it is not JSON`);
	rmSync(policy);
	await expect(candidates('x')).rejects.toThrow('there is no such file');
});

test('an alias says what a short name is found by', async () => {
	const { dir, conf, registries } = setUp();
	writeFileSync(conf, '[aliases]\napp = "a.example/team/app"\n');
	const digest = `sha256:${'0'.repeat(64)}`;
	const asked = ['app', 'app:2', `app:2@${digest}`, 'other', 'b.example/app', 'NO NAME', '0'.repeat(64)];
	expect(await Promise.all(asked.map((name) => registries.aliasOf(name)))).toEqual([
		'a.example/team/app:latest',
		'a.example/team/app:2',
		`a.example/team/app@${digest}`,
		...[undefined, undefined, undefined, undefined],
	]);
	writeFileSync(join(dir, 'aliases.conf'), '[aliases]\napp = "c.example/app"\n');
	expect(await registries.aliasOf('app')).toBe('c.example/app:latest');
	const broken = setUp();
	writeFileSync(broken.conf, '[[registry]\n');
	expect(await broken.registries.aliasOf('app')).toBeUndefined();
});

test('a push goes where its name says, past mirrors and other locations', async () => {
	const { conf, registries } = setUp();
	writeFileSync(
		conf,
		'[[registry]]\nprefix = "a.example"\nlocation = "b.example"\n[[registry.mirror]]\nlocation = "c.example"',
	);
	const { reference, repository } = await registries.pushTarget('a.example/x/y:1', {});
	expect([formatImageReference(reference), repository.name, repository.isMirror]).toEqual([
		'a.example/x/y:1',
		'a.example/x/y',
		false,
	]);
});

test('a file that the environment names counts, and must be there', async () => {
	const dir = tempDir();
	writeFileSync(join(dir, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
	using registries = openRegistries({
		registriesConfDir: join(dir, 'none'),
		policyPath: join(dir, 'policy.json'),
		certsDirs: [],
		shortNameAliases: join(dir, 'none'),
		env: { HOME: dir, CONTAINERS_REGISTRIES_CONF: join(dir, 'named.conf') },
		log: { info: () => undefined, warning: () => undefined },
	});
	await expect(registries.pullCandidates('busybox', {})).rejects.toThrow(
		'named.conf": there is no such file',
	);
	writeFileSync(join(dir, 'named.conf'), 'unqualified-search-registries = ["docker.io"]');
	expect((await registries.pullCandidates('busybox', {}))[0]?.sources[0]?.name).toBe(
		'docker.io/library/busybox',
	);
});

test('an aborted caller gets the reason of its signal', async () => {
	const { registries } = setUp();
	const reason = new Error('enough');
	await expect(registries.pullCandidates('app', {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(
		reason,
	);
});

test('the caller’s login has three forms, and none of them is shown when broken', () => {
	const auth = Buffer.from('ada:pass:word\0').toString('base64');
	expect(callerLogin({ auth, serverAddress: 'elsewhere.example' })).toEqual({
		username: 'ada',
		password: 'pass:word',
	});
	expect(callerLogin({ username: 'ada', password: 'x' })).toEqual({ username: 'ada', password: 'x' });
	expect(callerLogin({ registryToken: 't' })).toEqual({ registryToken: 't' });
	expect(callerLogin({ identityToken: 'i' })).toEqual({ username: undefined, identityToken: 'i' });
	expect(callerLogin({})).toBeUndefined();
	expect(callerLogin(undefined)).toBeUndefined();
	const secret = Buffer.from('hunter2').toString('base64');
	expect(() => callerLogin({ auth: secret })).toThrow(/^(?!.*hunter2).*base64 of user:password/);
});

test('a mirror elsewhere gets what the files have for it, never the caller’s login', async () => {
	const login = { username: 'caller', password: 'secret' };
	const files = { auths: { 'mirror.example/team': { auth: Buffer.from('m:p').toString('base64') } } };
	const named = parseImageReference('quay.io/team/app');
	const of = (source: string) =>
		sourceCredentials(parseImageReference(source), {
			named,
			login,
			access: { env: {}, readText: async () => JSON.stringify(files), runHelper: async () => undefined },
			authFile: '/auth.json',
			helpers: ['containers-auth.json'],
			log: { info: () => undefined, warning: () => undefined },
			signal: new AbortController().signal,
		});
	expect(await of('quay.io/team/app')).toBe(login);
	expect(await of('quay.io:443/team/app')).toBeUndefined();
	expect(await of('mirror.example/team/app')).toEqual({ username: 'm', password: 'p' });
	expect(await of('other.example/team/app')).toBeUndefined();
});
