/** Networks that break, and requests that cannot be: clear words, and nothing half-made. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { whatIsMissing } from '../helpers/requires.ts';
import { openTortureRig, type TortureRig, tortureImage } from '../helpers/torture-rig.ts';

const missing = whatIsMissing(
	'root',
	'runc',
	'conmon',
	'ip',
	'iptables',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
);
const untilTold = 'trap "exit 0" TERM; sleep 1000 & wait';
const invalid = /3 INVALID_ARGUMENT/;

describe.skipIf(missing)(`bad days of pods${missing ?? ''}`, () => {
	let rig: TortureRig;
	beforeAll(async () => {
		rig = await openTortureRig('bad');
	});
	afterEach(() => rig.nothingLeft());
	afterAll(() => rig?.close());

	/** The bridge plugin's place is taken by a script; its own folder comes first. */
	const plugin = (script: string) =>
		writeFileSync(path.join(rig.pluginsDir, 'bridge'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
	const healPlugin = () => rmSync(path.join(rig.pluginsDir, 'bridge'), { force: true });
	const version = `case $CNI_COMMAND in VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}'; exit 0;; esac`;

	test.each([
		['prints garbage', `${version}\necho 'this is } not { JSON'`],
		['crashes', `${version}\nkill -SEGV $$`],
		['fails without a word', `${version}\nexit 7`],
		['prints without end', `${version}\nexec cat /dev/zero`],
		['says nothing', `${version}\n[ $CNI_COMMAND = ADD ]`],
	])('a CNI plugin that %s', async (what, script) => {
		const name = what.replaceAll(' ', '-');
		const pod = await rig.runPod(name);
		const id = await rig.createContainer(pod, name, 'main', untilTold);
		await rig.start(id);
		plugin(script);
		try {
			await expect(rig.runPod(`${name}-2`)).rejects.toThrow(/9 FAILED_PRECONDITION: cannot run pod sandbox/);
			await rig.serve.cri.runtime('StopPodSandbox', { pod_sandbox_id: pod });
			expect((await rig.status(id)).state).toBe('CONTAINER_EXITED');
		} finally {
			healPlugin();
		}
		await rig.removePod(pod);
		await rig.removePod(await rig.runPod(`${name}-2`));
		// What a plugin could not undo is tried again each minute, and by each start.
		await rig.serve.restart();
	});

	const endHung = () => {
		for (const hung of rig.leftovers().filter((line) => /sleep 1000|plugins\/bridge/.test(line))) {
			process.kill(Number(hung.split(' ')[1]), 'SIGKILL');
		}
	};

	test('a CNI plugin that hangs keeps nobody from stopping', { timeout: 120_000 }, async () => {
		const pod = await rig.runPod('hangs');
		const id = await rig.createContainer(pod, 'hangs', 'main', untilTold);
		await rig.start(id);
		plugin(`${version}\nsleep 1000`);
		try {
			const gone = rig.serve.cri
				.runtime('RunPodSandbox', { config: rig.podConfig('hangs-2') }, { timeoutMs: 2000 })
				.then(String, String);
			const startedMs = performance.now();
			await rig.stop(id, 5);
			expect((await rig.status(id)).exit_code).toBe(0);
			// A plugin has five minutes, and this one takes longer.
			expect(performance.now() - startedMs).toBeLessThan(60_000);
			expect(await gone).toMatch(/4 DEADLINE_EXCEEDED/);
			// Ten seconds, and not the minute that a plugin has.
			await rig.serve.cri.runtime('StopPodSandbox', { pod_sandbox_id: pod }, { timeoutMs: 50_000 });
			const { status } = await rig.serve.cri.runtime<{ status: { state: string } }>('PodSandboxStatus', {
				pod_sandbox_id: pod,
			});
			expect(status.state).toBe('SANDBOX_NOTREADY');
		} finally {
			healPlugin();
		}
		// What hangs of the pod still is ended here in place of the minute.
		endHung();
		await rig.removePod(pod);
		await rig.serve.cri.runtime('Version');
		// The making goes on without its caller, until somebody ends the plugin.
		endHung();
		const again = await rig.runPod('hangs-2').catch(() => rig.runPod('hangs-2'));
		await rig.removePod(again);
	});

	test('requests that lack or twist a field are refused by its name', async () => {
		const pod = await rig.runPod('fields');
		const config = rig.podConfig('x');
		const container = {
			metadata: { name: 'c', attempt: 0 },
			image: { image: tortureImage },
			log_path: 'c.log',
		};
		const sandbox = { pod_sandbox_id: pod, sandbox_config: rig.podConfig('fields') };
		const create = (more: object) => ({ ...sandbox, config: { ...container, ...more } });
		const cases: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
			['RunPodSandbox', {}, /config/],
			['RunPodSandbox', { config: {} }, /config\.metadata/],
			['RunPodSandbox', { config: { ...config, metadata: { name: 'x', uid: 'u' } } }, /metadata\.namespace/],
			['RunPodSandbox', { config: { ...config, metadata: { name: 'x', namespace: 'n' } } }, /metadata\.uid/],
			['RunPodSandbox', { config: { ...config, metadata: { uid: 'x', namespace: 'n' } } }, /metadata\.name/],
			['RunPodSandbox', { config: { ...config, log_directory: 'here' } }, /logDirectory/],
			['RunPodSandbox', { config: { ...config, log_directory: '/var/\0x' } }, /logDirectory/],
			['RunPodSandbox', { config: { ...config, hostname: 'a b' } }, /hostname/],
			['RunPodSandbox', { config: { ...config, hostname: 'a'.repeat(65) } }, /hostname/],
			['RunPodSandbox', { config: { ...config, dns_config: { servers: ['1.1.1.1\nx'] } } }, /servers/],
			['RunPodSandbox', { config: { ...config, linux: { cgroup_parent: '/../../x' } } }, /cgroupParent/],
			[
				'RunPodSandbox',
				{ config: { ...config, port_mappings: [{ container_port: 70000 }] } },
				/containerPort/,
			],
			['RunPodSandbox', { config: { ...config, linux: { sysctls: { '../x': '1' } } } }, /sysctls/],
			['CreateContainer', { pod_sandbox_id: pod }, /config/],
			['CreateContainer', { config: container, sandbox_config: config }, /podSandboxId/],
			['CreateContainer', create({ metadata: undefined }), /config\.metadata/],
			['CreateContainer', create({ metadata: { name: '' } }), /config\.metadata\.name/],
			['CreateContainer', create({ image: undefined }), /config\.image/],
			['CreateContainer', create({ image: { image: '' } }), /config\.image\.image/],
			['CreateContainer', create({ log_path: '../../../../../etc/criscope-escaped' }), /logPath/],
			['CreateContainer', create({ log_path: 'a/../../b' }), /logPath/],
			['CreateContainer', create({ log_path: 'a\0b' }), /logPath/],
			['CreateContainer', create({ working_dir: '/a\0' }), /workingDir/],
			['CreateContainer', create({ command: ['a\0b'] }), /command/],
			['CreateContainer', create({ envs: [{ key: '' }] }), /envs\[0\]\.key/],
			['CreateContainer', create({ mounts: [{ host_path: '/tmp' }] }), /mounts\[0\]\.containerPath/],
			['CreateContainer', create({ mounts: [{ container_path: '/x' }] }), /mounts\[0\]/],
			['CreateContainer', create({ mounts: [{ container_path: '/x\0', host_path: '/tmp' }] }), /mounts\[0\]/],
			['StartContainer', {}, /containerId/],
			['StopContainer', {}, /containerId/],
			['RemoveContainer', {}, /containerId/],
			['ContainerStatus', {}, /containerId/],
			['UpdateContainerResources', { linux: {} }, /containerId/],
			['ReopenContainerLog', {}, /containerId/],
			['ContainerStats', {}, /containerId/],
			['StopPodSandbox', {}, /podSandboxId/],
			['RemovePodSandbox', {}, /podSandboxId/],
			['PodSandboxStatus', {}, /podSandboxId/],
			['PodSandboxStats', {}, /podSandboxId/],
			['PortForward', {}, /podSandboxId/],
			['ExecSync', { cmd: ['true'] }, /containerId/],
			['ExecSync', { container_id: 'a'.repeat(64) }, /cmd/],
			['Exec', { container_id: 'a'.repeat(64), stdout: true }, /cmd/],
			['Attach', { stdout: true }, /containerId/],
		];
		const wrong: string[] = [];
		for (const [method, request, field] of cases) {
			const told = await rig.serve.cri
				.runtime(method, request)
				.then((reply) => JSON.stringify(reply), String);
			if (invalid.test(told) && field.test(told)) continue;
			wrong.push(`${method} ${JSON.stringify(request).slice(-120)}: ${told}, not ${field}`);
		}
		expect(wrong).toEqual([]);
		expect(existsSync('/etc/criscope-escaped')).toBe(false);
		await rig.removePod(pod);
	});

	test('log paths stay below the log directory, whatever they look like', async () => {
		const pod = await rig.runPod('logs');
		const id = await rig.createContainer(pod, 'logs', 'main', 'echo told', {
			log_path: '/etc/criscope-escaped/0.log',
		});
		await rig.start(id);
		expect((await rig.ended(id)).log_path).toBe(
			path.join(rig.host.dir, 'logs/logs/etc/criscope-escaped/0.log'),
		);
		expect(existsSync('/etc/criscope-escaped')).toBe(false);
		await rig.removePod(pod);
	});

	test('the beginning of an id is enough where it is one, and refused where it is several', async () => {
		const pods = await Promise.all(Array.from({ length: 17 }, (_, index) => rig.runPod(`prefix${index}`)));
		const [first = ''] = pods;
		const twice = [...'0123456789abcdef'].find((c) => pods.filter((id) => id.startsWith(c)).length > 1) ?? '';
		const status = (id: string) => rig.serve.cri.runtime('PodSandboxStatus', { pod_sandbox_id: id });
		expect(await status(first.slice(0, 20))).toMatchObject({ status: { id: first } });
		await expect(status(twice)).rejects.toThrow(invalid);
		for (const method of ['StopPodSandbox', 'RemovePodSandbox']) {
			await expect(rig.serve.cri.runtime(method, { pod_sandbox_id: twice })).rejects.toThrow(invalid);
		}
		await expect(status('../../etc')).rejects.toThrow(/5 NOT_FOUND/);
		for (const id of pods) await rig.removePod(id);
	});
});
