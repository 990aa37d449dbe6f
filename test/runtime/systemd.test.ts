/** The unit and the cgroup manager "systemd" with a systemd that is process 1. */
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { detectCgroupLayout } from '../../src/node/cgroup-layout.ts';
import { type CriWire, openCriWire } from '../helpers/cri-wire.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { bootSystemdHost, type SystemdHost, systemdHostRequirements } from '../helpers/systemd-host.ts';

const socket = 'unix:///run/criscope/criscope.sock';
const configuration = `[crio]
root = "/var/tmp/shared/root"
runroot = "/run/storage"
[crio.runtime]
cgroup_manager = "systemd"
`;
/** Ends a moment after it was told to. */
const polite = 'trap "sleep 1; echo bye; exit 3" TERM; echo up; while :; do sleep 0.1; done';

const { mode } = await detectCgroupLayout();
const missing =
	whatIsMissing(...systemdHostRequirements) ??
	(mode === 'v2' || mode === 'none' ? ' [skipped, missing: control groups of version 1]' : undefined);

describe.skipIf(missing)(`a service of systemd${missing ?? ''}`, () => {
	let host: SystemdHost;
	/** Some machines let nobody mount or make groups as it takes. */
	let whyNot: string | undefined;
	let cri: CriWire;
	const show = (unit: string, ...names: string[]) => host.sh(`systemctl show ${unit} -p ${names.join()}`);

	beforeAll(async () => {
		try {
			host = await bootSystemdHost();
		} catch (error) {
			whyNot = (error as Error).message;
			return;
		}
		writeFileSync(path.join(host.sharedDir, 'runtime.conf'), configuration);
		await host.sh(
			'mkdir -p /etc/criscope && cp /var/tmp/shared/runtime.conf /etc/criscope/ && ' +
				'cp /srv/criscope/packaging/criscope.service /etc/systemd/system/ && systemctl daemon-reload',
		);
	}, 90_000);
	beforeEach(({ skip }) => skip(whyNot !== undefined, `missing: systemd as process 1: ${whyNot}`));
	afterAll(async () => {
		cri?.close();
		await host?.[Symbol.asyncDispose]();
	}, 90_000);

	async function statusOf(id: string): Promise<{ readonly state: string; readonly pid: number }> {
		const { status, info } = await cri.runtime<{ status: { state: string }; info: { info: string } }>(
			'ContainerStatus',
			{ container_id: id, verbose: true },
		);
		return { state: status.state, pid: Number(JSON.parse(info.info).pid) };
	}

	async function removePod(podId: string): Promise<void> {
		await cri.runtime('StopPodSandbox', { pod_sandbox_id: podId });
		await cri.runtime('RemovePodSandbox', { pod_sandbox_id: podId });
	}

	/** Makes a pod with one container, and starts it. */
	async function runPod(word: string, cgroupParent: string, script: string) {
		// A test that is tried again must not meet what its first try left.
		const name = `${word}-${randomUUID().slice(0, 8)}`;
		const shared = { pid: word === 'shared' ? 'POD' : 'CONTAINER' };
		const pod = {
			metadata: { name, namespace: 'test', uid: `uid-${name}` },
			log_directory: `/var/tmp/shared/${name}`,
			linux: { cgroup_parent: cgroupParent, security_context: { namespace_options: shared } },
		};
		const container = {
			metadata: { name: 'main' },
			image: { image: 'localhost/criscope-demo/logger:1' },
			command: ['/bin/sh', '-c', script],
			log_path: 'main.log',
			annotations: { 'io.kubernetes.pod.terminationGracePeriod': '20' },
			linux: {
				resources: { memory_limit_in_bytes: 64 * 2 ** 20 },
				security_context: { namespace_options: shared },
			},
		};
		const { pod_sandbox_id: podId } = await cri.runtime<{ pod_sandbox_id: string }>('RunPodSandbox', {
			config: pod,
		});
		const { container_id: id } = await cri.runtime<{ container_id: string }>('CreateContainer', {
			pod_sandbox_id: podId,
			config: container,
			sandbox_config: pod,
		});
		await cri.runtime('StartContainer', { container_id: id });
		const { pid } = await statusOf(id);
		return { name, podId, id, pid };
	}

	test('the unit is right, and started when the socket is there', { timeout: 90_000 }, async () => {
		const said = await host.sh('systemd-analyze verify /etc/systemd/system/criscope.service');
		expect(said).toBe('');
		await host.sh('systemctl enable --now criscope');
		cri = openCriWire(`unix://${host.from('/run/criscope/criscope.sock')}`);
		expect(await cri.runtime('Version', {})).toMatchObject({ runtime_name: 'criscope' });
		expect(await show('criscope', 'StatusText')).toBe(`StatusText=serving ${socket}\n`);
		const main = (await show('criscope', 'MainPID')).trim().replace('MainPID=', '');
		// Its mounts are to be seen by others.
		expect(await host.sh(`readlink /proc/${main}/ns/mnt`)).toBe(await host.sh('readlink /proc/1/ns/mnt'));
		expect(await host.sh('journalctl -u criscope -o cat')).toMatch(/^\{.*"msg":"serving".*\}$/m);
		// Its images are all that is needed further on.
		await host.sh(`criscope -r ${socket} demo`);
		const { items } = await cri.runtime<{ items: { id: string }[] }>('ListPodSandbox', {});
		for (const { id } of items) await removePod(id);
	});

	test('containers are scopes in the slices of their pods, and monitors beside them', {
		timeout: 90_000,
	}, async () => {
		const slice = 'kubepods-besteffort-pod1234_5678.slice';
		const { podId, id, pid } = await runPod(
			'plain',
			`/kubepods.slice/kubepods-besteffort.slice/${slice}`,
			polite,
		);
		const folder = `/kubepods.slice/kubepods-besteffort.slice/${slice}`;
		const groups = await host.sh(`cat /proc/${pid}/cgroup`);
		for (const controller of ['memory', 'devices', 'name=systemd']) {
			expect(groups).toContain(`:${controller}:${folder}/criscope-${id}.scope\n`);
		}
		const monitor = await host.sh(`cat /proc/$(pgrep -o -f "conmon .*-c ${id}")/cgroup`);
		expect(monitor).toContain(`:name=systemd:${folder}/criscope-conmon-${id}.scope\n`);
		const wanted = ['Slice', 'MemoryLimit', 'TasksMax', 'TimeoutStopUSec', 'After', 'Conflicts'];
		const properties = (await show(`criscope-${id}.scope`, ...wanted)).split('\n');
		expect(properties).toContain(`Slice=${slice}`);
		expect(properties).toContain(`MemoryLimit=${64 * 2 ** 20}`);
		expect(properties).toContain('TasksMax=infinity');
		expect(properties).toContain('TimeoutStopUSec=20s');
		expect(properties).toContain('Conflicts=shutdown.target');
		expect(properties.find((line) => line.startsWith('After='))).toContain('criscope.service');
		await cri.runtime('UpdateContainerResources', {
			container_id: id,
			linux: { memory_limit_in_bytes: 96 * 2 ** 20 },
		});
		expect(await show(`criscope-${id}.scope`, 'MemoryLimit')).toBe(`MemoryLimit=${96 * 2 ** 20}\n`);
		const exec = { container_id: id, cmd: ['cat', '/proc/self/cgroup'], timeout: 30 };
		const { stdout } = await cri.runtime<{ stdout: Buffer }>('ExecSync', exec);
		expect(String(stdout)).toContain(`/criscope-${id}.scope\n`);
		const { stats } = await cri.runtime<{ stats: { memory: { usage_bytes: { value: string } } } }>(
			'ContainerStats',
			{ container_id: id },
		);
		expect(Number(stats.memory.usage_bytes.value)).toBeGreaterThan(0);

		for (const parent of ['/kubepods/burstable', 'a--b.slice']) {
			await expect(runPod('wrong', parent, 'true')).rejects.toThrow(/needs the name of a slice/);
		}
		await removePod(podId);
		await vi.waitFor(async () => {
			const units = await host.sh('systemctl list-units --all --plain --no-legend "criscope-*.scope"');
			expect(units).not.toContain(id);
		});
		expect(await host.sh(`find /sys/fs/cgroup/*/ -name "*${id}*"`)).toBe('');
	});

	test('restarts, crashes and reloads of the service leave containers alone', {
		timeout: 90_000,
	}, async () => {
		const { podId, id, pid } = await runPod('stays', '', polite);
		await host.sh('systemctl restart criscope');
		await vi.waitFor(async () => expect((await statusOf(id)).state).toBe('CONTAINER_RUNNING'));
		await host.sh('kill -9 $(systemctl show -p MainPID --value criscope)');
		await vi.waitFor(
			async () => expect(await show('criscope', 'NRestarts,SubState')).toMatch(/=[1-9]\n.*running/),
			{
				interval: 200,
			},
		);
		await host.sh('systemctl reload criscope');
		await vi.waitFor(async () =>
			expect(await host.sh('journalctl -u criscope -o cat')).toContain('configuration read anew'),
		);
		await vi.waitFor(async () => expect(await statusOf(id)).toEqual({ state: 'CONTAINER_RUNNING', pid }));
		expect(await host.sh('journalctl -u criscope -o cat')).not.toMatch(/left-over|remains running/);
		await removePod(podId);
	});

	test('a shutdown stops containers in order, in the time they need', { timeout: 90_000 }, async () => {
		const pods = [
			await runPod('last', 'kubepods-podlast.slice', polite),
			await runPod('shared', 'kubepods-podshared.slice', polite),
		];
		expect(pods.map(({ pid }) => pid > 0)).toEqual([true, true]);
		await host.sh('systemctl --no-block start poweroff.target');
		// What ignores SIGTERM would hold it up for 90 seconds.
		await vi.waitFor(() => expect(host.isUp()).toBe(false), { timeout: 60_000, interval: 100 });
		for (const { name } of pods) {
			expect(readFileSync(path.join(host.sharedDir, name, 'main.log'), 'utf8')).toContain('stdout F bye\n');
		}
	});
});
