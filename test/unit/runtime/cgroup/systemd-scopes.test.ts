import { expect, test } from 'vitest';
import { scopeCall } from '../../../../src/runtime/cgroup/systemd-scopes.ts';

const pod = '/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1234_5678.slice';

test('a scope of version 1 makes the groups of devices above it, for the container that comes next', () => {
	const call = scopeCall(`${pod}/criscope-conmon-abc.scope`, 937, { after: 'criscope.service', version: 1 });
	const at = call.indexOf('StartTransientUnit');
	expect(call.slice(at + 1).join(' ')).toBe(
		'ssa(sv)a(sa(sv)) criscope-conmon-abc.scope replace 9 Description s a monitor of criscope ' +
			'Slice s kubepods-besteffort-pod1234_5678.slice PIDs au 1 937 Delegate b true DefaultDependencies b false ' +
			'KillSignal i 13 CollectMode s inactive-or-failed DeviceAllow a(ss) 2 char-* rwm block-* rwm ' +
			'After as 1 criscope.service 0',
	);
});

test('a scope of version 2 is only placed, in the root slice too', () => {
	const call = scopeCall('/criscope-conmon-abc.scope', 937, { after: undefined, version: 2 });
	expect(call.slice(-26).join(' ')).toContain(
		'replace 7 Description s a monitor of criscope Slice s -.slice PIDs',
	);
	expect(call).not.toContain('DeviceAllow');
	expect(call).not.toContain('After');
});
