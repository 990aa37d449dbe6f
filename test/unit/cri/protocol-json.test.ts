import { expect, test } from 'vitest';
import { answerType, fieldsOf, protocolJson } from '../../../src/cri/protocol-json.ts';

test('every field in the order of the definition, absent messages left out, keys of maps sorted', () => {
	const json = protocolJson('Container', {
		labels: { b: '2', a: '1' },
		state: 'CONTAINER_RUNNING',
		id: 'x',
		podSandboxId: '',
		metadata: { attempt: 0, name: 'n' },
		image: null,
		imageRef: null,
		createdAt: '5',
		annotations: {},
	});
	expect(JSON.stringify(json)).toBe(
		'{"id":"x","podSandboxId":"","metadata":{"name":"n","attempt":0},"imageRef":"","state":"CONTAINER_RUNNING","createdAt":"5","labels":{"a":"1","b":"2"},"annotations":{},"imageId":""}',
	);
});

test('lists of messages, bytes, and numbers that JSON does not have', () => {
	expect(
		protocolJson('ExecSyncResponse', {
			stdout: new Uint8Array([255, 0]),
			stderr: new Uint8Array(),
			exitCode: -1,
		}),
	).toEqual({
		stdout: '/wA=',
		stderr: '',
		exitCode: -1,
	});
	const psi = protocolJson('PsiData', { Total: '1', Avg10: Number.NaN, Avg60: 0.5, Avg300: 0 });
	expect(psi).toMatchObject({ Avg10: 'NaN', Avg60: 0.5 });
	expect(protocolJson('ListContainersResponse', {})).toEqual({ containers: [] });
});

test('RPCs and their answers', () => {
	expect(answerType('ListPodSandbox')).toBe('ListPodSandboxResponse');
	expect(fieldsOf('VersionResponse')).toEqual([
		'version',
		'runtimeName',
		'runtimeVersion',
		'runtimeApiVersion',
	]);
	expect(() => answerType('Nope')).toThrow('no RPC "Nope"');
	expect(() => protocolJson('Nope', {})).toThrow('no message "Nope"');
});
