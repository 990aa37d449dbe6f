import { describe, expect, test } from 'vitest';
import { parseImageReference } from '../../../../../src/cri/image-reference.ts';
import { parsePolicy, policyRefusal } from '../../../../../src/runtime/image/registries/policy.ts';

const accept = [{ type: 'insecureAcceptAnything' }];
const reject = [{ type: 'reject' }];
const signed = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: '/key.gpg' }];

function refusal(policy: unknown, image: string): string | undefined {
	return policyRefusal(parsePolicy(JSON.stringify(policy), '/policy.json'), parseImageReference(image));
}

test('the default counts where nothing else does', () => {
	expect(refusal({ default: accept }, 'busybox')).toBeUndefined();
	expect(refusal({ default: reject }, 'busybox')).toBe('the policy "/policy.json" rejects it (by default)');
	expect(
		refusal({ default: reject, transports: { 'docker-daemon': { '': accept } } }, 'busybox'),
	).toBeDefined();
});

describe('the most specific scope counts', () => {
	const digest = `sha256:${'a'.repeat(64)}`;
	const scopes = {
		'': reject,
		'example.com': accept,
		'example.com/team': reject,
		'example.com/team/app': accept,
		'example.com/team/app:bad': reject,
		[`example.com/team/app@${digest}`]: reject,
		'*.wild.example': accept,
		'bad.wild.example': reject,
		'host.example:5000': accept,
		'docker.io/library': accept,
	};
	const policy = { default: accept, transports: { docker: scopes } };
	test.each([
		['example.com/x', true],
		['example.com/team/other', false],
		['example.com/team/app:good', true],
		['example.com/team/app:bad', false],
		[`example.com/team/app@${digest}`, false],
		['example.com/teams', true],
		['a.wild.example/x', true],
		['a.b.wild.example:5000/x', true],
		['wild.example/x', false],
		['bad.wild.example/x', false],
		['host.example:5000/x', true],
		['host.example/x', false],
		['busybox', true],
		['docker.io/team/x', false],
	])('%s accepted: %s', (image, accepted) => {
		expect(refusal(policy, image) === undefined).toBe(accepted);
	});
	test('and is named', () => {
		expect(refusal(policy, 'example.com/team/other')).toContain('for "example.com/team"');
		expect(refusal(policy, 'other.example/x')).toContain('for all registries');
	});
});

test.each(['signedBy', 'signedBaseLayer', 'sigstoreSigned'])(
	'%s is refused, for nobody checks it',
	(type) => {
		expect(refusal({ default: [{ type, keyPath: '/k' }] }, 'busybox')).toMatch(
			new RegExp(`wants signatures \\(${type}, by default\\), which criscope cannot check`),
		);
	},
);

test('all requirements of a list must hold', () => {
	expect(refusal({ default: [...accept, ...reject] }, 'busybox')).toContain('rejects');
	expect(refusal({ default: [...accept, ...signed] }, 'busybox')).toContain('signatures');
	expect(refusal({ default: [...signed, ...reject] }, 'busybox')).toContain('rejects');
});

describe('a policy that is not understood is an error that names the file', () => {
	test.each([
		['{', 'it is not JSON'],
		['[]', 'it is no JSON object'],
		['{}', 'default must be a list that is not empty'],
		['{"default":[]}', 'default must be a list that is not empty'],
		['{"default":[{"type":"trustMe"}]}', 'default[0] has the unknown type "trustMe"'],
		['{"default":[{}]}', 'unknown type'],
		['{"default":[{"type":"reject","why":1}]}', 'unknown key "why"'],
		['{"default":[{"type":"reject"}],"extra":1}', 'unknown key "extra"'],
		['{"default":[{"type":"reject"}],"transports":[]}', 'transports must be an object'],
		['{"default":[{"type":"reject"}],"transports":{"docker":{"a":{}}}}', 'transports.docker["a"]'],
	])('%s', (text, cause) => {
		expect(() => parsePolicy(text, '/policy.json')).toThrow(cause);
		expect(() => parsePolicy(text, '/policy.json')).toThrow('cannot use policy "/policy.json": ');
	});
});
