import { describe, expect, test } from 'vitest';
import { podSysctls, sysctlNamespace } from '../../../../src/runtime/oci/sysctls.ts';

const own = { hostNetwork: false, hostIpc: false };

describe('podSysctls', () => {
	test.each([
		['net.ipv4.ip_forward', 'network'],
		['kernel.shm_rmid_forced', 'ipc'],
		['kernel.msgmax', 'ipc'],
		['kernel.sem', 'ipc'],
		['fs.mqueue.msg_max', 'ipc'],
		['kernel.domainname', 'uts'],
		['kernel.semaphore_of_the_node', undefined],
		['vm.swappiness', undefined],
		['fs.file-max', undefined],
	])('%s belongs to %s', (name, namespace) => {
		expect(sysctlNamespace(name)).toBe(namespace);
	});

	test('takes the request over the defaults', () => {
		const defaults = { 'net.ipv4.ping_group_range': '0 0', 'net.core.somaxconn': '1' };
		expect(podSysctls({ 'net.core.somaxconn': '2' }, { ...own, defaults })).toEqual({
			'net.ipv4.ping_group_range': '0 0',
			'net.core.somaxconn': '2',
		});
	});

	test('reads slashes as dots, and the dot of an interface as one', () => {
		expect(podSysctls({ 'net/ipv4/conf/eth0.1/forwarding': '1' }, own)).toEqual({
			'net.ipv4.conf.eth0/1.forwarding': '1',
		});
	});

	test('leaves out defaults that would change the host, silently', () => {
		const defaults = { 'net.core.somaxconn': '1', 'kernel.sem': '1', 'vm.swappiness': '1' };
		expect(podSysctls({}, { hostNetwork: true, hostIpc: false, defaults })).toEqual({ 'kernel.sem': '1' });
	});

	test.each([
		['vm.swappiness', '1', own, 'belongs to the whole node'],
		['net.core.somaxconn', '1', { ...own, hostNetwork: true }, "host's network"],
		['kernel.sem', '1', { ...own, hostIpc: true }, "host's IPC"],
		['net.core.somaxconn', '1\n2', own, 'line end'],
		['net.ipv4../../vm/x', '1', own, 'malformed'],
	])('refuses %s', (name, value, options, cause) => {
		expect(() => podSysctls({ [name]: value }, options)).toThrow(cause);
	});
});
