/** Every verb of crictl 1.36 that asks a runtime, by an independent client's program and eyes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, stopProcess } from '../helpers/child-process.ts';
import { findJudge } from '../helpers/judges.ts';
import { type PodRig, startPodRig } from '../helpers/pod-rig.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startTui } from '../helpers/tui.ts';

const crictl = findJudge('crictl');
const missing =
	crictl === undefined
		? ' [skipped, missing: crictl]'
		: whatIsMissing(
				'root',
				'runc',
				'conmon',
				'iptables',
				'docker-registry',
				'/usr/lib/cni/bridge',
				'/bin/busybox',
			);

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

describe.skipIf(missing)(`crictl${missing ?? ''}`, () => {
	let rig: PodRig;
	let count = 0;
	beforeAll(async () => {
		rig = await startPodRig('crictl');
	});
	afterAll(() => rig?.stop());

	const flags = () => ['-c', '/dev/null', '-r', rig.serve.endpoint, '-i', rig.serve.endpoint, '-t', '30s'];

	function begin(
		args: readonly string[],
		stdin: 'ignore' | 'pipe' = 'ignore',
	): ChildProcess & { said(): string } {
		const child = spawn(crictl ?? '', [...flags(), ...args], { stdio: [stdin, 'pipe', 'pipe'] });
		let said = '';
		for (const stream of [child.stdout, child.stderr]) {
			stream?.setEncoding('utf8').on('data', (text: string) => {
				said += text;
			});
		}
		return Object.assign(child, { said: () => said });
	}

	function run(...args: readonly string[]): Promise<Ended> {
		const child = spawn(crictl ?? '', [...flags(), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
		let [stdout, stderr] = ['', ''];
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			stderr += text;
		});
		return new Promise((resolve, reject) => {
			child.once('error', reject);
			child.once('close', (code) => resolve({ code, stdout, stderr }));
		});
	}

	/** @throws with what it said where it did not end well. */
	async function told(...args: readonly string[]): Promise<string> {
		const { code, stdout, stderr } = await run(...args);
		if (code !== 0) throw new Error(`crictl ${args.join(' ')} ended with ${code}:\n${stderr}`);
		return stdout.trimEnd();
	}

	const json = async <T>(...args: readonly string[]) => JSON.parse(await told(...args)) as T;

	/** Configuration files for a pod and a container that are nobody else's. */
	function configs(script: string, more: object = {}) {
		count += 1;
		const name = `crictl-${process.pid}-${Date.now()}-${count}`;
		const file = (kind: string, content: object) => {
			const at = path.join(rig.dir, `${name}-${kind}.json`);
			writeFileSync(at, JSON.stringify(content));
			return at;
		};
		const pod = file('pod', {
			metadata: { name, namespace: 'judges', uid: name, attempt: 0 },
			log_directory: path.join(rig.dir, 'logs', name),
			labels: { judged: 'yes' },
			linux: {},
		});
		const container = file('container', {
			metadata: { name: 'main', attempt: 0 },
			image: { image: rig.image },
			command: ['sh', '-c', script],
			log_path: 'main.log',
			linux: { resources: { memory_limit_in_bytes: 64 * 2 ** 20 } },
			...more,
		});
		return { name, pod, container };
	}

	/** Runs a pod with one container in it, by runp, create and start. */
	async function started(script: string, more?: object) {
		const config = configs(script, more);
		const pod = await told('runp', config.pod);
		const container = await told('create', pod, config.container, config.pod);
		expect(await told('start', container)).toBe(container);
		return { ...config, podId: pod, id: container };
	}

	async function removed(pod: string): Promise<void> {
		await told('stopp', pod);
		expect(await told('rmp', pod)).toBe(`Removed sandbox ${pod}`);
	}

	const forever = "trap 'exit 7' TERM; echo ready; echo bad >&2; while :; do sleep 1 & wait $!; done";

	test('version, info, runtime-config, imagefsinfo, metricdescs, update-runtime-config', async () => {
		expect(await told('version')).toMatch(/RuntimeName: +criscope\n[\s\S]*RuntimeApiVersion: +v1$/);
		const info = await json<{ status: { conditions: { type: string; status: boolean }[] } }>('info');
		expect(info.status.conditions).toEqual(
			['RuntimeReady', 'NetworkReady'].map((type) => expect.objectContaining({ type, status: true })),
		);
		expect(await told('runtime-config')).toMatch(/^cgroup driver: +(CGROUPFS|SYSTEMD)$/);
		const { status } = await json<{ status: { imageFilesystems: object[] } }>('imagefsinfo');
		expect(status.imageFilesystems).toHaveLength(1);
		const { descriptors } = await json<{ descriptors: { name: string }[] }>('metricdescs');
		expect(descriptors.map(({ name }) => name)).toContain('container_memory_working_set_bytes');
		await told('update-runtime-config', '--pod-cidr', '10.99.0.0/24');
	});

	test('pull, images, inspecti, rmi', async () => {
		expect(await told('pull', rig.image)).toMatch(/^Image is up to date for /);
		const { images } = await json<{ images: { id: string; repoTags: string[] }[] }>('images', '-o', 'json');
		const [image] = images.filter(({ repoTags }) => repoTags.includes(rig.image));
		expect(image?.id).toMatch(/^(sha256:)?[0-9a-f]{64}$/);
		expect(await json('inspecti', rig.image)).toMatchObject({ status: { repoTags: [rig.image] } });
		expect(await told('rmi', rig.image)).toMatch(/^Deleted: /);
		expect(await run('inspecti', rig.image)).toMatchObject({ code: 1 });
		await told('pull', rig.image);
	});

	test('runp, create, start, ps, pods, inspect, inspectp, logs, update, stop, rm, stopp, rmp', async () => {
		const { podId, id, name } = await started(forever);
		expect(await told('ps', '-q', '--pod', podId)).toBe(id);
		expect(await told('ps', '--pod', podId)).toMatch(/ Running +main +0 /);
		expect(await told('pods', '--name', name, '-q')).toBe(podId);
		expect(await json('inspect', id)).toMatchObject({ status: { id, state: 'CONTAINER_RUNNING' } });
		expect(await json('inspectp', podId)).toMatchObject({ status: { id: podId, state: 'SANDBOX_READY' } });
		await eventually('both streams to be in the log', async () => {
			const { stdout, stderr } = await run('logs', id);
			return stdout === 'ready\n' && stderr === 'bad\n';
		});
		expect(await told('update', '--memory', String(96 * 2 ** 20), id)).toBe(id);
		expect(await json('inspect', id)).toMatchObject({
			status: { resources: { linux: { memoryLimitInBytes: String(96 * 2 ** 20) } } },
		});
		expect((await run('rm', id)).stderr).toMatch(/running/i);
		expect(await told('stop', '-t', '10', id)).toBe(id);
		expect(await json('inspect', id)).toMatchObject({ status: { state: 'CONTAINER_EXITED', exitCode: 7 } });
		expect(await told('rm', id)).toBe(id);
		expect((await run('inspect', id)).stderr).toMatch(/NotFound/);
		await removed(podId);
		expect(await told('pods', '--name', name, '-q')).toBe('');
	});

	test('stats, statsp, metricsp', async () => {
		const { podId, id } = await started(forever);
		await eventually('the figures of the container', async () => {
			const { stats } = await json<{ stats: { memory: { workingSetBytes: { value: string } } }[] }>(
				'stats',
				'-o',
				'json',
				'--id',
				id,
			);
			return Number(stats[0]?.memory.workingSetBytes.value ?? 0) > 0;
		});
		expect(await told('stats', id)).toContain(id.slice(0, 13));
		expect(await told('statsp', '--id', podId)).toContain(podId.slice(0, 13));
		const { podMetrics } = await json<{ podMetrics: { podSandboxId: string }[] }>('metricsp');
		expect(podMetrics.map(({ podSandboxId }) => podSandboxId)).toContain(podId);
		await removed(podId);
	});

	test('exec: in sync, by stream, on a terminal', async () => {
		const { podId, id } = await started(forever);
		expect(await told('exec', '-s', id, 'sh', '-c', 'echo synced')).toBe('synced');
		expect(await told('exec', id, 'sh', '-c', 'echo streamed')).toBe('streamed');
		const failed = await run('exec', id, 'sh', '-c', 'echo said >&2; exit 3');
		expect(failed.stderr).toMatch(
			/said[\s\S]*exit(ed with)?( code| status)? 3|command terminated with exit code 3/,
		);
		expect(failed.code).not.toBe(0);
		await using tui = startTui({
			command: [crictl ?? '', ...flags(), 'exec', '-it', id, 'sh'],
			columns: 90,
			rows: 20,
		});
		await tui.until(/[#$]/);
		tui.type('stty size; tty');
		await tui.press('<enter>');
		await tui.until(/20 90[\s\S]*\/dev\/pts\/\d/);
		tui.type('exit');
		await tui.press('<enter>');
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
		await removed(podId);
	});

	test('attach', async () => {
		const { podId, id } = await started('while read line; do echo "got $line"; done', {
			stdin: true,
			stdin_once: true,
		});
		const attached = begin(['attach', '-i', id], 'pipe');
		try {
			await eventually(
				'the answer of the container',
				() => {
					// What is written before it is attached may be lost: said again until it is heard.
					attached.stdin?.write('this\n');
					return attached.said().includes('got this\n');
				},
				{ intervalMs: 500 },
			);
			attached.stdin?.end();
			await eventually('the container to end with its input', async () =>
				/CONTAINER_EXITED/.test(await told('inspect', id)),
			);
		} finally {
			await stopProcess(attached);
		}
		await removed(podId);
	});

	test('port-forward', async () => {
		const serveOnce =
			'mkdir /tmp/www; echo forwarded > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www';
		const { podId } = await started(serveOnce);
		const forward = begin(['port-forward', podId, '0:8080']);
		try {
			const port = await eventually('the port', () => /127\.0\.0\.1:(\d+) -> 8080/.exec(forward.said())?.[1]);
			const text = await eventually('the page', async () =>
				(await fetch(`http://127.0.0.1:${port}/index.html`)).text(),
			);
			expect(text).toBe('forwarded\n');
		} finally {
			await stopProcess(forward);
		}
		await removed(podId);
	});

	test('events', async () => {
		const events = begin(['events', '-o', 'json']);
		try {
			const seen: string[] = [];
			// Listening begins some time after the start of the program, and nothing says when.
			await eventually('the events of a container', async () => {
				const { podId, id } = await started('exit 0');
				seen.push(id);
				await removed(podId);
				const said = events.said();
				return seen.some((one) =>
					['CREATED', 'STARTED', 'STOPPED', 'DELETED'].every((kind) =>
						new RegExp(`${one}[^}]*CONTAINER_${kind}_EVENT|CONTAINER_${kind}_EVENT[^}]*${one}`).test(said),
					),
				);
			});
		} finally {
			await stopProcess(events);
		}
	});

	test('run makes pod and container at once', async () => {
		const { pod, container } = configs(forever);
		const id = await told('run', container, pod);
		const { status } = await json<{ status: { state: string } }>('inspect', id);
		expect(status.state).toBe('CONTAINER_RUNNING');
		const { info } = await json<{ info: { sandboxID: string } }>('inspect', id);
		await removed(info.sandboxID);
	});

	test('checkpoint says why not', async () => {
		const { podId, id } = await started(forever);
		const { code, stderr } = await run('checkpoint', '--export', path.join(rig.dir, 'never.tar'), id);
		expect(code).not.toBe(0);
		expect(stderr).toMatch(/Unimplemented|FailedPrecondition/);
		await removed(podId);
	});

	test('nothing of all this is left', () => {
		expect(Object.values(rig.leftovers()).flat()).toEqual([]);
	});
});
