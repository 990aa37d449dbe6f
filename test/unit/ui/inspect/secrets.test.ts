import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretKey } from '../../../../src/ui/inspect/secret-keys.ts';
import { hideSecrets, secretMask } from '../../../../src/ui/inspect/secrets.ts';

describe('keys of secrets', () => {
	test.each([
		'PASSWORD',
		'DB_PASSWORD',
		'PGPASSWORD',
		'mysqlRootPassword',
		'user_passwd',
		'passphrase',
		'API_KEY',
		'apiKey',
		'stripe-api-key',
		'private_key',
		'AWS_SECRET_ACCESS_KEY',
		'AWS_ACCESS_KEY_ID',
		'STRIPE_KEY',
		'GITHUB_TOKEN',
		'accessToken',
		'client.secret',
		'credentials',
		'AUTH',
		'Authorization',
		'SESSION_COOKIE',
		'SENTRY_DSN',
		'--db-password',
		'MYSQL_PWD',
	])('%s is one', (key) => expect(isSecretKey(key)).toBe(true));

	test.each([
		'key',
		'KEY',
		'PWD',
		'OLDPWD',
		'HOSTNAME',
		'snapshotKey',
		'publicKey',
		'PUBLIC_KEY',
		'author',
		'TOKEN_FILE',
		'secretName',
		'AUTH_MODE',
		'passed',
		'keyboard',
		'monkey',
		'compass',
		'io.kubernetes.pod.uid',
		'pod-template-hash',
		'',
	])('%s is none', (key) => expect(isSecretKey(key)).toBe(false));
});

describe('hiding', () => {
	const hidden = (tree: unknown) => JSON.stringify(hideSecrets(tree));

	test('environment in the ways runtimes write it', () => {
		expect(hideSecrets({ envs: [{ key: 'DB_PASSWORD', value: 'hunter2' }] })).toEqual({
			envs: [{ key: 'DB_PASSWORD', value: secretMask }],
		});
		expect(hideSecrets({ env: ['PORT=8080', 'DB_PASSWORD=hun ter=2', 'PATH=/bin'] })).toEqual({
			env: ['PORT=8080', `DB_PASSWORD=${secretMask}`, 'PATH=/bin'],
		});
		expect(hideSecrets([{ name: 'apiKey', value: 'abc' }])).toEqual([{ name: 'apiKey', value: secretMask }]);
	});

	test('arguments: with =, as the next word, inside a script', () => {
		expect(hideSecrets(['serve', '--password=abc', '--port', '80'])).toEqual([
			'serve',
			`--password=${secretMask}`,
			'--port',
			'80',
		]);
		expect(hideSecrets(['--token', 'abcdef', '-v'])).toEqual(['--token', secretMask, '-v']);
		expect(hideSecrets(['curl', '-u', 'ada:lovelace1'])).toEqual(['curl', '-u', `ada:${secretMask}`]);
		expect(hideSecrets('export DB_PASSWORD=abc123; run --token "x y" --fast')).toBe(
			`export DB_PASSWORD=${secretMask}; run --token "${secretMask}" --fast`,
		);
		expect(hideSecrets('curl -H "Authorization: Bearer abcdef123456"')).not.toContain('abcdef');
	});

	test('what looks like a secret wherever it stands', () => {
		const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U';
		expect(hidden({ note: `see ${jwt}` })).toBe(JSON.stringify({ note: `see ${secretMask}` }));
		expect(hidden({ note: 'AKIAIOSFODNN7EXAMPLE' })).toBe(JSON.stringify({ note: secretMask }));
		expect(hidden('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest')).toBe(
			JSON.stringify(`${secretMask}\nrest`),
		);
		expect(hidden('postgres://app:s3cr3t@db:5432/x')).toBe(
			JSON.stringify(`postgres://app:${secretMask}@db:5432/x`),
		);
	});

	test('JSON inside an annotation, and a secret repeated elsewhere', () => {
		const applied = JSON.stringify({ spec: { env: [{ name: 'DB_PASSWORD', value: 'hunter2' }] } });
		const out = hidden({ annotations: { applied }, args: ['echo', 'it is hunter2!'] });
		expect(out).not.toContain('hunter2');
		expect(out).toContain('it is •');
	});

	test('leaves alone what is none', () => {
		const tree = {
			image: 'registry.example.com:5000/team/app@sha256:0123',
			url: 'docker-pullable://registry:5000/app@sha256:0123',
			json: '{ "spaced":  1 }',
			count: 7,
			big: 12n,
			nothing: null,
			on: true,
			args: ['sh', '-c', 'echo key=value password-less'],
		};
		expect(hideSecrets(tree)).toEqual(tree);
		// A password that is an everyday word must not hide that word all over the answer.
		expect(hidden({ POSTGRES_PASSWORD: 'postgres', image: 'postgres:16' })).toContain('postgres:16');
	});

	test('a secret under a secret key never comes out, wherever it is put', () => {
		const secret = fc
			.string({ minLength: 8, maxLength: 40, unit: fc.constantFrom(...'abcdefXYZ0123456789-_$!"\\') })
			.map((text) => `Q7${text}`);
		const key = fc.constantFrom('DB_PASSWORD', 'apiKey', 'AUTH_TOKEN', 'client-secret', 'session_cookie');
		const wrap = fc.constantFrom(
			(name: string, value: string): unknown => ({ [name]: value }),
			(name: string, value: string): unknown => [`${name}=${value}`],
			(name: string, value: string): unknown => ({ envs: [{ key: name, value }] }),
			(name: string, value: string): unknown => [`--${name}`, value],
			(name: string, value: string): unknown => ({ note: JSON.stringify({ deep: [{ [name]: value }] }) }),
			(name: string, value: string): unknown => ({ [name]: { nested: [value] } }),
		);
		fc.assert(
			fc.property(secret, key, wrap, (value, name, make) => {
				const tree = { a: make(name, value), again: `and ${value} again` };
				const out = hidden(tree);
				expect(out).not.toContain(value);
				expect(out).not.toContain(JSON.stringify(value).slice(1, -1));
			}),
			{ numRuns: 500 },
		);
	});

	test('survives what is huge, deep or made to be slow', () => {
		const long = 'Q7x'.repeat(100_000);
		expect(hidden({ DB_PASSWORD: long, again: `--${long}--` })).not.toContain(long.slice(0, 50));
		const deep = '['.repeat(100_000);
		expect(hideSecrets({ deep })).toEqual({ deep });
		for (const text of ['eyJ', 'a_b-c.', ' -a', 'http://a:b', 'password="\\', '-u=a,', ': ', 'bearer ']) {
			hideSecrets({ text: text.repeat(20_000) });
		}
	});

	test('survives any tree', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (tree) => {
				hideSecrets(tree);
			}),
		);
	});
});
