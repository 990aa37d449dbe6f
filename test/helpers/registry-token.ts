import { createSign, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { runProgram } from './child-process.ts';
import { registryPassword, registryUser } from './registry.ts';

/** One question for a token, as it came. */
export type TokenQuestion = {
	readonly method: string;
	readonly scopes: readonly string[];
	readonly account: string | undefined;
	readonly authorization: string | undefined;
	readonly grantType: string | undefined;
};

/** A server that gives out tokens for a docker-registry. */
export type TokenServer = {
	/** For `auth` in docker-registry's configuration. */
	readonly auth: object;
	readonly questions: readonly TokenQuestion[];
	/** What it takes as an identity token. */
	readonly identityToken: string;
	/** Tokens from now on live that long. */
	lifeSeconds: number;
	/** Answers are given this status instead, as often as there are entries. */
	readonly faults: { readonly status: number; readonly headers: Readonly<Record<string, string>> }[];
	stop(): Promise<void>;
};

const service = 'criscope test registry';
const issuer = 'criscope test tokens';

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * Starts it on loopback. Anybody may pull from `public/…`; `registryUser` may do everything, with the password, or with the
 * identity token by POST.
 *
 * @param dir for key and certificate
 * Source: distribution/docs/spec/auth/{token,jwt,oauth}.md
 */
export async function startTokenServer(dir: string): Promise<TokenServer> {
	mkdirSync(dir, { recursive: true });
	const keyFile = path.join(dir, 'token.key');
	const certFile = path.join(dir, 'token.pem');
	await runProgram('openssl', [
		...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyFile, '-out', certFile],
		...['-subj', '/CN=criscope test tokens', '-days', '30'],
	]);
	const key = readFileSync(keyFile, 'utf8');
	const certificate = readFileSync(certFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
	const identityToken = `identity-${randomUUID()}`;
	const questions: TokenQuestion[] = [];
	const faults: { status: number; headers: Readonly<Record<string, string>> }[] = [];
	const settings = { lifeSeconds: 300 };

	function tokenFor(subject: string, scopes: readonly string[]): string {
		const access = scopes
			.map((scope) => /^([^:]+):(.+):([^:]*)$/.exec(scope) ?? [])
			.map(([, type, name = '', actions = '']) => ({
				type,
				name,
				actions: subject === '' ? (name.startsWith('public/') ? ['pull'] : []) : actions.split(','),
			}))
			.filter(({ actions }) => actions.length > 0);
		const now = Math.floor(Date.now() / 1000);
		const head = base64url({ typ: 'JWT', alg: 'RS256', x5c: [certificate] });
		const body = base64url({
			iss: issuer,
			sub: subject,
			aud: service,
			exp: now + settings.lifeSeconds,
			nbf: now - 10,
			iat: now,
			jti: randomUUID(),
			access,
		});
		return `${head}.${body}.${createSign('RSA-SHA256').update(`${head}.${body}`).sign(key, 'base64url')}`;
	}

	const basic = `Basic ${Buffer.from(`${registryUser}:${registryPassword}`).toString('base64')}`;
	const server = createServer(async (request, response) => {
		const url = new URL(request.url ?? '', 'http://localhost');
		const form = new URLSearchParams(request.method === 'POST' ? await textOf(request) : '');
		const fields = request.method === 'POST' ? form : url.searchParams;
		const scopes = fields.getAll('scope').flatMap((scope) => scope.split(' '));
		const { authorization } = request.headers;
		questions.push({
			method: request.method ?? '',
			scopes,
			account: fields.get('account') ?? undefined,
			authorization,
			grantType: fields.get('grant_type') ?? undefined,
		});
		const fault = faults.shift();
		const refused =
			request.method === 'POST'
				? fields.get('refresh_token') !== identityToken
				: authorization !== undefined && authorization !== basic;
		if (fault !== undefined || refused) {
			response.writeHead(fault?.status ?? 401, { 'content-type': 'application/json', ...fault?.headers });
			response.end(JSON.stringify({ details: 'incorrect username or password' }));
			return;
		}
		const known = request.method === 'POST' || authorization !== undefined;
		const token = tokenFor(known ? registryUser : '', scopes);
		response.writeHead(200, { 'content-type': 'application/json' });
		// OAuth2 has the one name, Docker's own way the other.
		const named = request.method === 'POST' ? { access_token: token } : { token };
		response.end(JSON.stringify({ ...named, expires_in: settings.lifeSeconds }));
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const { port } = server.address() as AddressInfo;
	const realm = `http://127.0.0.1:${port}/token`;
	return {
		auth: { token: { realm, service, issuer, rootcertbundle: certFile } },
		questions,
		identityToken,
		get lifeSeconds() {
			return settings.lifeSeconds;
		},
		set lifeSeconds(seconds) {
			settings.lifeSeconds = seconds;
		},
		faults,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

async function textOf(request: IncomingMessage): Promise<string> {
	let text = '';
	for await (const chunk of request as AsyncIterable<Buffer>) text += chunk.toString();
	return text;
}
