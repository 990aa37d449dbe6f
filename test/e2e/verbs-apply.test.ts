import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import {
	type CliRuntime,
	cliRuntimeMissing,
	cliRuntimes,
	podLeftovers,
	unique,
} from '../helpers/cli-runtimes.ts';
import { runCriscope } from '../helpers/run-criscope.ts';

/** A pod whose containers show what they were given, in their logs. */
function manifest(name: string, image: string, memory: string): string {
	return `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {greeting: hello, app.conf: "x=1\\n"}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {token: t0ken}
---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {app: shown}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  hostname: given-name
  hostAliases: [{ip: 192.0.2.9, hostnames: [friend]}]
  securityContext: {runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000}
  initContainers:
  - name: first
    image: ${image}
    command: [sh, -c, 'echo "$(GREETING) of first" > /data/said']
    env: [{name: GREETING, valueFrom: {configMapKeyRef: {name: settings, key: greeting}}}]
    volumeMounts: [{name: data, mountPath: /data}]
  - name: second
    image: ${image}
    command: [sh, -c, 'cat /data/said > /data/copied']
    volumeMounts: [{name: data, mountPath: /data}]
  containers:
  - name: main
    image: ${image}
    command: [sh, -c]
    args:
    - |
      id; cat /data/copied; echo "$POD|$NAMESPACE|$TOKEN|$KNOWN"; cat /conf/app.conf; hostname
      grep friend /etc/hosts; grep -c " /memory tmpfs " /proc/mounts; cat /proc/1/oom_score_adj
      test "$IP" = "$(hostname -i)" && echo own address; touch /data/x 2>&1
      grep NoNewPrivs /proc/1/status; exec sleep 1000
    env:
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
    - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: keys, key: token}}}
    - {name: KNOWN, value: "$(POD) and $$(POD)"}
    resources: {limits: {memory: ${memory}, cpu: 250m}}
    securityContext: {allowPrivilegeEscalation: false}
    livenessProbe: {exec: {command: ["true"]}}
    volumeMounts:
    - {name: data, mountPath: /data, readOnly: true}
    - {name: conf, mountPath: /conf}
    - {name: memory, mountPath: /memory}
  volumes:
  - {name: data, emptyDir: {}}
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: conf, configMap: {name: settings}}
`;
}

for (const [kind, startRuntime] of Object.entries(cliRuntimes)) {
	describe.skipIf(cliRuntimeMissing !== undefined)(
		`criscope apply on ${kind}${cliRuntimeMissing ?? ''}`,
		() => {
			let runtime: CliRuntime;
			let dir = '';

			beforeAll(async () => {
				runtime = await startRuntime();
				dir = mkdtempSync(path.join(tmpdir(), 'criscope-apply-'));
				chmodSync(dir, 0o755);
			});
			afterAll(async () => {
				await runtime?.stop();
				rmSync(dir, { recursive: true, force: true });
			});

			const criscope = (...args: readonly string[]) => runCriscope(['-r', runtime.endpoint, ...args]);
			const written = (name: string, text: string) => {
				const file = path.join(dir, `${name}.yaml`);
				writeFileSync(file, text);
				return file;
			};

			test('makes, leaves alone, replaces and deletes a pod, with everything its manifest asks for', async () => {
				const name = unique('shown');
				const file = written(name, manifest(name, runtime.image, '64Mi'));
				try {
					const created = await criscope('apply', '-f', file);
					expect(created).toMatchObject({ exitCode: 0, stdout: `pod default/${name} created\n` });
					expect(created.stderr).toContain('livenessProbe: nobody probes without a kubelet');
					const log = await eventually('the log', async () => {
						const { stdout } = await criscope('logs', `${name}/main`);
						return stdout.includes('NoNewPrivs') && stdout;
					});
					expect(log.split('\n')).toEqual([
						expect.stringMatching(/^uid=1000\S* gid=2000\S* groups=.*3000/),
						'hello of first',
						`${name}|default|t0ken|${name} and $(POD)`,
						...['x=1', 'given-name', '192.0.2.9\tfriend', '1'],
						expect.stringMatching(/^\d+$/),
						'own address',
						'touch: /data/x: Read-only file system',
						'NoNewPrivs:\t1',
						'',
					]);
					const [pod] = await runtime.client.runtime.listPodSandbox({
						labelSelector: { 'io.kubernetes.pod.name': name },
					});
					expect(pod?.labels).toMatchObject({ app: 'shown', 'io.kubernetes.pod.namespace': 'default' });
					const containers = await runtime.client.runtime.listContainers({ podSandboxId: pod?.id });
					const main = containers.find(({ metadata }) => metadata.name === 'main');
					const { resources } = await runtime.client.runtime.containerStatus(main?.id as never, {
						verbose: false,
					});
					expect(resources).toMatchObject({
						memoryLimitBytes: 67_108_864n,
						cpuShares: 256n,
						cpuQuotaMicros: 25_000n,
					});

					expect(await criscope('apply', file)).toMatchObject({
						exitCode: 0,
						stdout: `pod default/${name} unchanged\n`,
					});
					written(name, manifest(name, runtime.image, '48Mi'));
					const differs = await criscope('apply', file);
					expect(differs).toMatchObject({ exitCode: 1, stdout: '' });
					expect(differs.stderr).toContain('it is there, and differs; --replace');
					expect(await criscope('apply', '-q', '--replace', file)).toMatchObject({
						exitCode: 0,
						stdout: `pod default/${name} replaced\n`,
					});
				} finally {
					expect(await criscope('delete', '-f', file)).toMatchObject({
						exitCode: 0,
						stdout: `pod default/${name} deleted\n`,
					});
				}
				expect(await criscope('apply', '--delete', file)).toMatchObject({
					exitCode: 0,
					stdout: `pod default/${name} absent\n`,
				});
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('a port of the host answers; a folder of the host and a path below a volume are seen', async () => {
				const name = unique('ports');
				writeFileSync(path.join(dir, 'index.html'), 'from the host\n');
				const { port } = await new Promise<{ port: number }>((resolve) => {
					void import('node:net').then(({ createServer }) => {
						const server = createServer().listen(0, () => {
							const address = server.address() as { port: number };
							server.close(() => resolve(address));
						});
					});
				});
				const file = written(
					name,
					JSON.stringify({
						apiVersion: 'v1',
						kind: 'Pod',
						metadata: { name, namespace: 'other' },
						spec: {
							restartPolicy: 'Never',
							terminationGracePeriodSeconds: 0,
							containers: [
								{
									name: 'web',
									image: runtime.image,
									command: ['httpd', '-f', '-p', '8080', '-h', '/www'],
									ports: [{ containerPort: 8080, hostPort: port, hostIP: '127.0.0.1' }],
									volumeMounts: [
										{ name: 'host', mountPath: '/www/index.html', subPath: 'index.html', readOnly: true },
									],
								},
							],
							volumes: [{ name: 'host', hostPath: { path: dir, type: 'Directory' } }],
						},
					}),
				);
				try {
					expect((await criscope('apply', file)).exitCode).toBe(0);
					const page = await eventually('the page', () =>
						fetch(`http://127.0.0.1:${port}/index.html`).then(
							(answer) => answer.text(),
							() => false,
						),
					);
					expect(page).toBe('from the host\n');
				} finally {
					await criscope('delete', file);
				}
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('undoes a pod whose init container fails, and shows what that one said', async () => {
				const name = unique('failing');
				const container = { image: runtime.image, command: ['sh', '-c', 'echo no database >&2; exit 4'] };
				const spec = {
					restartPolicy: 'Never',
					initContainers: [{ ...container, name: 'wait' }],
					containers: [{ ...container, name: 'main' }],
				};
				const file = written(
					name,
					JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }),
				);
				const ran = await criscope('apply', file);
				expect(ran).toMatchObject({ exitCode: 1, stdout: '' });
				expect(ran.stderr).toContain('wait: no database');
				expect(ran.stderr).toContain('init container "wait" ended with exit code 4');
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});

			test('refuses a manifest as a whole, naming the field, and makes nothing', async () => {
				const name = unique('wrong');
				const text = manifest(name, runtime.image, '64Mi');
				const wrong: readonly (readonly [string, string, string])[] = [
					['hostAliases', 'hostAlases', 'unknown field "spec.hostAlases" (did you mean "hostAliases"?)'],
					[
						'name: settings, key: greeting',
						'name: elsewhere, key: greeting',
						'needs ConfigMap "elsewhere", which is not in the same file',
					],
					[
						'emptyDir: {}',
						'persistentVolumeClaim: {claimName: x}',
						'"spec.volumes[0].persistentVolumeClaim" is not possible without a cluster',
					],
					['memory: 64Mi', 'memory: lots', 'must be a quantity such as 500m or 64Mi, not "lots"'],
					['kind: Pod', 'kind: Deployment', 'Deployment of v1 cannot be applied without a cluster'],
				];
				for (const [from, to, sentence] of wrong) {
					const ran = await criscope('apply', written(name, text.replace(from, to)));
					expect(ran).toMatchObject({ exitCode: 64, stdout: '' });
					expect(ran.stderr).toContain(sentence);
				}
				expect(await podLeftovers(runtime, name)).toEqual([]);
			});
		},
	);
}
