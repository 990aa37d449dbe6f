import { expect, test } from 'vitest';
import { CriError, NotFoundError, UnavailableError } from '../../../src/cri/errors.ts';
import { explainPullError } from '../../../src/cri/pull-errors.ts';

const image = 'reg.example.com/shop/denied-404-timeout:1';

/** Texts of containerd 1.6/2.x and CRI-O 1.3x, as they come over the CRI. */
const said: readonly (readonly [string, string])[] = [
	[
		'dns',
		`failed to pull and unpack image "${image}": failed to resolve reference "${image}": failed to do request: Head "https://reg.example.com/v2/shop/x/manifests/1": dial tcp: lookup reg.example.com on 10.0.0.2:53: no such host`,
	],
	['dns', 'dial tcp: lookup reg.example.com on 127.0.0.1:53: read udp 127.0.0.1:5: connection refused'],
	['dns', 'dial tcp: lookup reg.example.com: Temporary failure in name resolution'],
	['refused', 'Head "https://127.0.0.1:1/v2/x": dial tcp 127.0.0.1:1: connect: connection refused'],
	['refused', 'dial tcp 10.0.0.9:443: connect: no route to host'],
	[
		'unauthorized',
		`failed to resolve reference "${image}": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`,
	],
	['unauthorized', 'unexpected status from HEAD request to https://reg.example.com/v2/x: 401 Unauthorized'],
	[
		'unauthorized',
		'reading manifest 1 in reg.example.com/x: unauthorized: access to the requested resource is not authorized',
	],
	['unauthorized', 'failed to authorize: failed to fetch anonymous token: unexpected status: 403 Forbidden'],
	[
		'notFound',
		`rpc error: code = NotFound desc = failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`,
	],
	['notFound', 'reading manifest 9 in docker.io/library/nginx: manifest unknown: manifest unknown'],
	['notFound', 'no match for platform in manifest sha256:aa: not found'],
	['certificate', 'tls: failed to verify certificate: x509: certificate signed by unknown authority'],
	['certificate', 'http: server gave HTTP response to HTTPS client'],
	[
		'rateLimit',
		'toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating',
	],
	['rateLimit', 'unexpected status code 429 Too Many Requests'],
	[
		'diskFull',
		'failed to extract layer sha256:aa: write /var/lib/containerd/x: no space left on device: unknown',
	],
	['timeout', 'net/http: TLS handshake timeout'],
	['timeout', 'dial tcp 10.0.0.9:443: i/o timeout'],
	['timeout', 'context deadline exceeded'],
	[
		'shortName',
		'short-name "app" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"',
	],
	['other', 'something nobody has seen before'],
];

test.each(said)('%s: %s', (kind, text) => {
	const problem = explainPullError(new CriError('unknown', `cannot pull image "${image}": ${text}`), {
		image,
		registry: 'reg.example.com',
	});
	expect(problem.kind).toBe(kind);
	expect(problem.sentence).toMatch(/^[A-Z\w].*\.$/);
	expect(problem.remedy).toMatch(/^.*\.$/);
	expect(problem.text).toContain(text);
});

test("the image's own name is no cause, and a runtime that went away is told from a registry", () => {
	const to = { image, registry: 'reg.example.com' };
	expect(explainPullError(new CriError('unknown', `cannot pull image "${image}": broken`), to).kind).toBe(
		'other',
	);
	expect(
		explainPullError(new UnavailableError('cannot pull image "x": the connection was lost'), to).kind,
	).toBe('unreachable');
	expect(explainPullError(new NotFoundError(`cannot pull image "${image}": not found`), to).kind).toBe(
		'notFound',
	);
});
