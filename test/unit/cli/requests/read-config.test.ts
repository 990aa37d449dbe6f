import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldsOf, snakeCase } from '../../../../src/cli/requests/protocol-fields.ts';
import { readContainerConfig, readPodConfig } from '../../../../src/cli/requests/read-config.ts';
import { readMessage } from '../../../../src/cli/requests/read-message.ts';

let dir = '';
beforeAll(() => {
	dir = mkdtempSync(path.join(tmpdir(), 'criscope-config-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const { signal } = new AbortController();
let count = 0;
const written = (text: string) => {
	count += 1;
	const file = path.join(dir, `${count}.yaml`);
	writeFileSync(file, text);
	return file;
};
const pod = (text: string) => readPodConfig(written(text), { signal });
const container = (text: string) => readContainerConfig(written(text), { signal });

describe('readPodConfig', () => {
	it("reads crictl's own example", async () => {
		const text = `{"metadata": {"name": "nginx-sandbox", "namespace": "default", "attempt": 1, "uid": "hdishd83djaidwnduwk28bcsb"},
			"log_directory": "/tmp", "linux": {"security_context": {"namespace_options": {"network": 2}}}}`;
		expect(await pod(text)).toEqual({
			metadata: { name: 'nginx-sandbox', namespace: 'default', uid: 'hdishd83djaidwnduwk28bcsb', attempt: 1 },
			logDirectory: '/tmp',
			linux: { securityContext: { namespaceOptions: { network: 'NODE' } } },
		});
	});

	it('makes up a uid where there is none', async () => {
		const text = 'metadata: {name: a, namespace: b}\n';
		const [first, second] = [await pod(text), await pod(text)];
		expect(first.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
		expect(second.metadata.uid).not.toBe(first.metadata.uid);
	});

	it.each([
		['metadata: {name: a}', '"metadata" needs "name" and "namespace"'],
		['hostname: a', '"metadata" is missing'],
		['', '"metadata" is missing'],
		['[1]', 'it must be an object, not a list'],
		['metadata: 5', '"metadata" must be an object, not 5'],
		['metadata: {name: a, namespace: b}\n---\na: 1', 'it holds more than one document'],
		['log_dirctory: /x', 'unknown field "log_dirctory" (did you mean "log_directory"?)'],
		['logDirctory: /x', 'unknown field "logDirctory" (did you mean "logDirectory"?)'],
		[
			'linux: {security_context: {zzzzzz: 1}}',
			/unknown field "linux.security_context.zzzzzz"; there are namespace_options, /,
		],
		['port_mappings: {}', '"port_mappings" must be a list, not an object'],
		['port_mappings: [{host_port: 1x}]', '"port_mappings[0].host_port" must be a whole number, not "1x"'],
		[
			'port_mappings: [{host_port: 99999999999}]',
			'"port_mappings[0].host_port" is 99999999999, beyond what the field can hold',
		],
		[
			'port_mappings: [{protocol: TPC}]',
			'"port_mappings[0].protocol" knows no "TPC"; there are TCP, UDP, SCTP',
		],
		['linux: {security_context: {privileged: "yes"}}', /must be true or false, not "yes"/],
		['labels: {a: [1]}', '"labels.a" must be a text, not a list'],
		['hostname: a\nHostname: b', '"Hostname" is written twice'],
	])('refuses %j', async (text, cause) => {
		await expect(pod(text)).rejects.toThrow(cause);
		await expect(pod(text)).rejects.toThrow(`cannot read pod configuration "${dir}/`);
	});

	it('says which file is not there', async () => {
		await expect(readPodConfig('/nowhere', { signal })).rejects.toThrow(
			'cannot read pod configuration "/nowhere": no such file',
		);
		await expect(readPodConfig(dir, { signal })).rejects.toThrow('it is a folder');
	});
});

describe('readContainerConfig', () => {
	it('reads every kind of field, in either spelling', async () => {
		const read = await container(`
metadata: {name: c}
image: {image: busybox}
envs: [{key: A, value: grün}, {key: N, value: 5}]
mounts: [{hostPath: /a, container_path: /b, propagation: PROPAGATION_BIDIRECTIONAL}]
labels: {Some_Key: x}
stop_signal: sigint
CDI_devices: [{name: v/c=n}]
linux:
  resources: {memory_limit_in_bytes: "9007199254740993", unified: {memory.high: max}}
  security_context: {run_as_user: {value: 7}, runAsGroup: 8, seccomp: {profile_type: Localhost, localhost_ref: p}}
`);
		expect(read).toEqual({
			metadata: { name: 'c', attempt: 0 },
			image: { image: 'busybox', userSpecifiedImage: 'busybox' },
			envs: [
				{ key: 'A', value: Buffer.from('grün') },
				{ key: 'N', value: Buffer.from('5') },
			],
			mounts: [{ hostPath: '/a', containerPath: '/b', propagation: 'PROPAGATION_BIDIRECTIONAL' }],
			labels: { Some_Key: 'x' },
			stopSignal: 'SIGINT',
			CDIDevices: [{ name: 'v/c=n' }],
			linux: {
				resources: { memoryLimitInBytes: 9007199254740993n, unified: { 'memory.high': 'max' } },
				securityContext: {
					runAsUser: { value: 7n },
					runAsGroup: { value: 8n },
					seccomp: { profileType: 'Localhost', localhostRef: 'p' },
				},
			},
		});
	});

	it.each([
		['metadata: {name: c}', '"image" needs "image"'],
		['image: {image: x}', '"metadata" is missing'],
		['metadata: {}\nimage: {image: x}', '"metadata" needs "name"'],
		['metadata: {name: c}\nimage: {imag: x}', 'unknown field "image.imag" (did you mean "image"?)'],
		['comand: [x]', 'unknown field "comand" (did you mean "command"?)'],
		['a: [', /cannot read container configuration ".*": .+/],
	])('refuses %j', async (text, cause) => {
		await expect(container(text)).rejects.toThrow(cause);
	});
});

describe('readMessage', () => {
	it('takes every field of every message in both spellings', () => {
		const seen = new Set<string>();
		function visit(message: string): void {
			if (seen.has(message)) return;
			seen.add(message);
			for (const { name, type } of fieldsOf(message) ?? []) {
				for (const spelling of [name, snakeCase(name)]) {
					expect(() => readMessage({ [spelling]: null }, message)).not.toThrow();
				}
				visit(type);
			}
		}
		visit('PodSandboxConfig');
		visit('ContainerConfig');
		expect(seen.size).toBeGreaterThan(30);
	});

	it('answers or refuses whatever a document holds', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				try {
					readMessage(value, 'ContainerConfig');
				} catch (error) {
					expect((error as Error).name).toBe('DocumentError');
				}
			}),
		);
	});
});
