import fc from 'fast-check';
import { expect, test } from 'vitest';
import { thresholdsOf } from '../../../src/banner/host-facts.ts';
import { type BannerScreen, renderBanner } from '../../../src/banner/render.ts';
import { verdict } from '../../../src/banner/verdict.ts';
import { stringWidthCells } from '../../../src/text/width.ts';
import { container, ended, healthyFacts, nowMs, pod } from './fixtures.ts';

const plain: BannerScreen = { colors: 'none', unicode: true, columns: 80 };

function shown(facts = healthyFacts(), screen: Partial<BannerScreen> = {}): string {
	return renderBanner(facts, verdict(facts, nowMs), { ...plain, ...screen }, 'login');
}

const sickPods = {
	pods: ['api-5f6d8b7c9-qqm4z', 'cache-0', 'report-29384757-c8f5d', 'web-1', 'web-2'].map((name) =>
		pod(name),
	),
	containers: ['api-5f6d8b7c9-qqm4z', 'cache-0', 'report-29384757-c8f5d', 'web-1'].map((name) =>
		container(name, 'exited', 12),
	),
	statuses: new Map([
		['api-5f6d8b7c9-qqm4z/app/12', ended(1)],
		['cache-0/app/12', ended(137, 'OOMKilled')],
		['report-29384757-c8f5d/app/12', ended(3)],
		['web-1/app/12', ended(0)],
	]),
};

test('a node on which all is well', () => {
	expect(shown()).toBe(`▌ worker-1 · control-plane, etcd · containerd 2.1.4
▌ machine 0123456789abcdef0123456789abcdef
▌ ✓ runtime ready · 2 pods healthy · disk 42% · memory 31%
▌ Tab opens the inspector, read-only; any other key is for the shell
`);
});

test('a node in trouble: four lines at most, the worst first', () => {
	const facts = healthyFacts({
		...sickPods,
		disks: [
			{ mountPoint: '/', holds: ['nodefs'], totalBytes: 1e11, availableBytes: 6e10, inodesFreeRatio: 0.02 },
			{
				mountPoint: '/var/lib/containerd',
				holds: ['imagefs'],
				totalBytes: 1e11,
				availableBytes: 7e9,
				inodesFreeRatio: 0.5,
			},
		],
		memory: { totalBytes: 16 * 2 ** 30, availableBytes: 2 ** 29, stalledPercent: 2 },
		conditions: [
			{ type: 'RuntimeReady', status: true, reason: '', message: '' },
			{
				type: 'NetworkReady',
				status: false,
				reason: 'NetworkPluginNotReady',
				message: 'cni is not initialized',
			},
		],
	});
	expect(shown(facts)).toBe(`▌ worker-1 · control-plane, etcd · containerd 2.1.4
▌ machine 0123456789abcdef0123456789abcdef
▌ ✗ NetworkReady is not: NetworkPluginNotReady: cni is not initialized
▌ ✗ 4 of 5 pods unhealthy: shop/api-5f6d8b7c9-qqm4z CrashLoop (12 rest… +3 more
▌ ✗ disk: /var/lib/containerd 93% full, 6.5 GiB left, pods are evicted +1 more
▌ ▲ memory 97% used, 512 MiB available
▌ Tab opens the inspector, read-only; any other key is for the shell
`);
});

test('where nothing else is wrong, the pods have more lines', () => {
	expect(shown(healthyFacts(sickPods))).toBe(`▌ worker-1 · control-plane, etcd · containerd 2.1.4
▌ machine 0123456789abcdef0123456789abcdef
▌ ✗ 4 of 5 pods unhealthy: shop/api-5f6d8b7c9-qqm4z CrashLoop (12 restarts),
▌   shop/cache-0 OOMKilled (12 restarts),
▌   shop/report-29384757-c8f5d CrashLoop (12 restarts), shop/web-2 NoContainer
▌ ✓ runtime ready · disk 42% · memory 31%
▌ Tab opens the inspector, read-only; any other key is for the shell
`);
});

test('what is not known is said to be unknown', () => {
	expect(
		shown({ hostname: 'worker-1', statuses: new Map() }),
	).toBe(`▌ worker-1 · roles unknown · runtime unknown · machine id unknown
▌ ? runtime unknown · disk unknown · memory unknown
▌ Tab opens the inspector, read-only; any other key is for the shell
`);
	const { version: _version, conditions: _conditions, pods: _pods, ...hung } = healthyFacts();
	expect(shown(hung)).toContain('▲ runtime did not answer in time\n▌ ? pods unknown\n');
	expect(shown(healthyFacts({ runtimeProblem: 'nobody listens' }))).toContain(
		'✗ runtime not answering: nobody listens',
	);
	const denied = { kind: 'denied', what: 'no permission for /run/x.sock' } as const;
	expect(shown({ ...hung, runtime: denied })).toContain('? runtime unknown · no permission for /run/x.sock');
});

test('a host that is no node, and one whose kubelet is down', () => {
	const { pods: _pods, version: _version, ...host } = healthyFacts({ roles: [], machineId: null });
	expect(shown({ ...host, runtime: { kind: 'none' } })).toContain(
		'no Kubernetes node · no container runtime · no machine id',
	);
	expect(shown(healthyFacts({ kubeletRuns: false }))).toContain('✗ kubelet is not running');
	expect(shown(healthyFacts({ kubeletRuns: false, roles: [] }))).not.toContain('kubelet');
});

test("the kubelet's own thresholds count", () => {
	const thresholds = thresholdsOf([
		{ signal: 'memory.available', value: { kind: 'percent', percent: 70 }, isDefault: false },
		{ signal: 'nodefs.available', value: { kind: 'bytes', bytes: 60 * 2 ** 30 }, isDefault: false },
	]);
	const text = shown(healthyFacts({ thresholds }));
	expect(text).toMatch(/disk: \/ 42% full, 58 GiB left, pods are evicted/);
	expect(text).toMatch(/memory 31% used, 11 GiB available, pods are evicted/);
});

test('colours only where there are some', () => {
	expect(shown()).not.toContain('\x1b');
	expect(shown(healthyFacts(), { colors: '16' })).toMatch(/\x1b\[32m▌\x1b\[0m \x1b\[1mworker-1\x1b\[0m/);
});

test('whatever comes from outside: bounded, on its lines, without controls; ASCII where asked', () => {
	const text = fc.string({ unit: 'binary', maxLength: 90 });
	fc.assert(
		fc.property(
			text,
			text,
			text,
			fc.integer({ min: 1, max: 200 }),
			fc.boolean(),
			(one, two, three, columns, unicode) => {
				const facts = healthyFacts({
					hostname: one,
					roles: [two, three],
					version: { runtimeName: three, runtimeVersion: one },
					conditions: [{ type: one, status: false, reason: two, message: three }],
					...sickPods,
					pods: sickPods.pods.map((each) => ({
						...each,
						metadata: { ...each.metadata, namespace: two, name: one },
					})),
				});
				const lines = shown(facts, { columns, unicode }).split('\n');
				expect(lines.pop()).toBe('');
				for (const line of lines) {
					expect(stringWidthCells(line)).toBeLessThan(Math.max(20, columns));
					expect(line).toMatch(unicode ? /^\P{Cc}*$/u : /^[\x20-\x7e]*$/);
				}
				expect(verdict(facts, nowMs).length).toBeLessThanOrEqual(4);
			},
		),
		{ numRuns: 150 },
	);
});
