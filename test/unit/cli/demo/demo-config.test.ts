import { expect, test } from 'vitest';
import { containerConfig, podConfig, podLogDirectory } from '../../../../src/cli/demo/demo-config.ts';
import { type DemoPod, demoPods } from '../../../../src/cli/demo/demo-plan.ts';

const uid = '0a1b2c3d-0000-4000-8000-000000000001';
const find = (wanted: string) => demoPods.find(({ name }) => name === wanted) as DemoPod;

test('pods and containers carry the mark and the labels of a kubelet', () => {
	const common = {
		'io.criscope.demo': 'true',
		'io.kubernetes.pod.name': 'crash-loop',
		'io.kubernetes.pod.namespace': 'demo',
		'io.kubernetes.pod.uid': uid,
	};
	const pod = podConfig(find('crash-loop'), uid, undefined);
	expect(pod.labels).toEqual(common);
	expect(pod.metadata).toEqual({ name: 'crash-loop', namespace: 'demo', uid, attempt: 0 });
	const second = containerConfig(find('crash-loop'), uid, 1);
	expect(second.labels).toEqual({ ...common, 'io.kubernetes.container.name': 'app' });
	expect(second.metadata).toEqual({ name: 'app', attempt: 1 });
	expect(second.logPath).toBe('app/1.log');
});

test('only the web server has a port of the host, and only on the loopback', () => {
	const web = podConfig(find('web'), uid, 40_000);
	expect(web.portMappings).toEqual([
		{ protocol: 'TCP', containerPort: 8080, hostPort: 40_000, hostIp: '127.0.0.1' },
	]);
	expect(web.annotations).toEqual({ 'io.criscope.demo.url': 'http://127.0.0.1:40000/' });
	expect(podConfig(find('finished-job'), uid, undefined).portMappings).toBeUndefined();
});

test('logs lie in a folder of the pod alone, and every container has a memory limit', () => {
	expect(podConfig(find('web'), uid, 1).logDirectory).toBe(`/var/log/criscope-demo/demo_web_${uid}`);
	expect(new Set(demoPods.map(({ name }) => podLogDirectory(name, uid))).size).toBe(demoPods.length);
	for (const pod of demoPods) {
		const { linux } = containerConfig(pod, uid, 0);
		expect(linux).toMatchObject({ resources: { memoryLimitInBytes: pod.memoryLimitBytes } });
	}
});
