import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../../src/cli/usage-error.ts';
import { mapContainer } from '../../../../src/cri/codec-container.ts';
import { mapPodSandbox } from '../../../../src/cri/codec-pod-sandbox.ts';
import { UnimplementedError } from '../../../../src/cri/errors.ts';
import type { AnswerService } from '../../../../src/cri/ports.ts';
import { protocolJson } from '../../../../src/cri/protocol-json.ts';
import { type FakeServices, run } from '../verb-host.ts';

const now = () => 1_000_000_000_000;
const minutesAgo = (minutes: number) => String((BigInt(now()) - BigInt(minutes) * 60_000n) * 1_000_000n);
const id = (digit: string) => digit.repeat(64);
const podLabels = (name: string, namespace: string) => ({
	'io.kubernetes.pod.name': name,
	'io.kubernetes.pod.namespace': namespace,
});

const containers = [
	{
		id: id('a'),
		podSandboxId: id('1'),
		metadata: { name: 'web', attempt: 2 },
		image: { image: `sha256:${id('e')}`, annotations: {} },
		imageRef: 'ref',
		state: 'CONTAINER_RUNNING',
		createdAt: minutesAgo(5),
		labels: podLabels('shop-1', 'shop'),
		annotations: { note: 'a\nb\x1b[2J' },
	},
	{
		id: id('b'),
		podSandboxId: id('2'),
		metadata: { name: 'job', attempt: 0 },
		image: { image: 'example.com/job:1', annotations: {} },
		state: 'CONTAINER_EXITED',
		createdAt: minutesAgo(1),
		labels: {},
		annotations: {},
	},
	{
		id: id('c'),
		podSandboxId: id('1'),
		metadata: { name: 'side', attempt: 0 },
		image: { image: 'example.com/side:1', annotations: {} },
		state: 'CONTAINER_RUNNING',
		createdAt: minutesAgo(90),
		labels: { ...podLabels('shop-1', 'shop'), tier: 'back' },
		annotations: {},
	},
].map((message) => protocolJson('Container', message));

const pods = [
	{
		id: id('1'),
		metadata: { name: 'shop-1', uid: 'u1', namespace: 'shop', attempt: 0 },
		state: 'SANDBOX_READY',
		createdAt: minutesAgo(120),
		labels: { app: 'shop' },
		annotations: {},
		runtimeHandler: '',
	},
	{
		id: id('2'),
		metadata: { name: 'job-1', uid: 'u2', namespace: 'batch', attempt: 1 },
		state: 'SANDBOX_NOTREADY',
		createdAt: minutesAgo(3),
		labels: {},
		annotations: {},
		runtimeHandler: 'crun',
	},
].map((message) => protocolJson('PodSandbox', message));

function services(answers: Partial<AnswerService> = {}): FakeServices {
	return {
		answers: {
			listContainers: async () => containers,
			listPodSandbox: async () => pods,
			containerStatus: async (word) => ({
				status: {
					...protocolJson('ContainerStatus', containers.find((container) => container['id'] === word) ?? {}),
					startedAt: minutesAgo(4),
					finishedAt: '0',
				},
				info: { info: '{"pid":7}', plain: '"quoted"' },
			}),
			podSandboxStatus: async (word) => ({
				status: protocolJson('PodSandboxStatus', pods.find((pod) => pod['id'] === word) ?? {}),
				info: {},
			}),
			...answers,
		},
		runtime: {
			listContainers: async () => containers.map(mapContainer),
			listPodSandbox: async () => pods.map(mapPodSandbox),
		},
	};
}

async function out(...args: readonly string[]): Promise<string> {
	const ran = await run(args, { services: services(), now });
	expect(ran.stderr).toBe('');
	return ran.stdout;
}

describe('ps', () => {
	test('running ones, newest first, in crictl’s columns', async () => {
		expect(await out('ps')).toBe(
			[
				'CONTAINER           IMAGE                CREATED             STATE               NAME                ATTEMPT             POD ID              POD                 NAMESPACE',
				'aaaaaaaaaaaaa       eeeeeeeeeeeee        5 minutes ago       Running             web                 2                   1111111111111       shop-1              shop',
				'ccccccccccccc       example.com/side:1   2 hours ago         Running             side                0                   1111111111111       shop-1              shop',
				'',
			].join('\n'),
		);
		expect(await out('ps', '-a', '--name', 'job')).toMatch(
			/^b{13} .* Exited +job +0 +2{13} +unknown +unknown$/mu,
		);
		expect(await out('ps', '--no-trunc', '--name', 'web')).toContain(`${id('a')}   sha256:${id('e')}`);
	});

	test.each([
		[['-a'], 'bac'],
		[['-q'], 'ac'],
		[['-l'], 'b'],
		[['-n', '2'], 'ba'],
		[['--state', 'Exited'], 'b'],
		[['-a', '--name', '^w|^j'], 'ba'],
		[['-a', '--namespace', 'unknown'], 'b'],
		[['-a', '--label', 'tier=back'], 'c'],
		[['-a', '--id', 'bb'], 'b'],
		[['-a', '--pod', '22'], 'b'],
		[['-a', '--pod', 'shop-1'], 'ac'],
		[['-a', '--pod', 'shop/shop-1'], 'ac'],
		[['-a', '--pod', 'nobody'], ''],
	] as const)('%j are %s', async (flags, letters) => {
		expect(await out('ps', '-q', ...flags)).toBe([...letters].map((letter) => `${id(letter)}\n`).join(''));
	});

	test('documents hold every field, and templates are filled with them', async () => {
		const { containers: listed } = JSON.parse(await out('ps', '-a', '-o', 'json'));
		expect(listed).toHaveLength(3);
		expect(listed[1]).toEqual({ ...containers[0] });
		expect(listed[1]).toMatchObject({ createdAt: minutesAgo(5), imageId: '', image: { runtimeHandler: '' } });
		expect(await out('ps', '--template', '{{range .containers}}{{.metadata.name}} {{end}}')).toBe(
			'web side \n',
		);
		expect(await out('ps', '-o', 'yaml', '-l')).toMatch(
			/^containers:\n- annotations: \{\}\n {2}createdAt: "\d+"\n/u,
		);
	});

	test('-v: what is in a label cannot fake a line', async () => {
		const text = await out('ps', '-v', '--name', 'web');
		expect(text).toContain('Annotations:\n\tnote -> a↵b␛[2J\n');
		expect(text).toMatch(
			/^ID: a{64}\nPodID: 1{64}\nNamespace: shop\nName: web\nAttempt: 2\nState: Running\n/u,
		);
	});

	test.each([
		[
			['--state', 'dead'],
			/cannot filter by state "dead": it must be one of created, running, exited, unknown/,
		],
		[['--label', 'x'], /cannot use label "x"/],
		[['--name', '('], /flag --name is no regular expression/],
		[['-n', 'x'], /flag -n is a whole number, not "x"/],
		[['--interval', '1s'], /--interval goes with --watch/],
		[['x'], /ps takes no arguments/],
	] as const)('%j is refused before a runtime is looked for', async (flags, sentence) => {
		const connect = async () => {
			throw new Error('connected');
		};
		const ran = run(['ps', ...flags], { connect });
		await expect(ran).rejects.toThrow(UsageError);
		await expect(ran).rejects.toThrow(sentence);
	});
});

describe('pods', () => {
	test('newest first, in crictl’s columns', async () => {
		expect(await out('pods')).toBe(
			[
				'POD ID              CREATED             STATE               NAME                NAMESPACE           ATTEMPT             RUNTIME',
				'2222222222222       3 minutes ago       NotReady            job-1               batch               1                   crun',
				'1111111111111       2 hours ago         Ready               shop-1              shop                0                   (default)',
				'',
			].join('\n'),
		);
	});

	test.each([
		[['--state', 'READY'], '1'],
		[['--name', 'job'], '2'],
		[['--namespace', '^shop$'], '1'],
		[['--label', 'app=shop'], '1'],
		[['--id', '2'], '2'],
		[['--latest'], '2'],
	] as const)('%j are %s', async (flags, letters) => {
		expect(await out('pods', '-q', ...flags)).toBe([...letters].map((letter) => `${id(letter)}\n`).join(''));
	});

	test('-v', async () => {
		expect(await out('pods', '-v', '--name', 'job')).toMatch(
			/^ID: 2{64}\nName: job-1\nUID: u2\nNamespace: batch\nAttempt: 1\nStatus: NotReady\nCreated: 2001-\d\d-\d\d .*\nRuntime: crun\n\n$/u,
		);
	});
});

describe('inspect and inspectp', () => {
	test('one is an object, with its times readable, absent messages null, and info unpacked', async () => {
		const document = JSON.parse(await out('inspect', 'web'));
		expect(document).toMatchObject({
			info: { pid: 7 },
			plain: 'quoted',
			status: {
				id: id('a'),
				resources: null,
				user: null,
				mounts: [],
				exitCode: 0,
				finishedAt: '0001-01-01T00:00:00Z',
			},
		});
		expect(document.status.createdAt).toMatch(/^2001-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-])/u);
		expect(Object.keys(document.status)).toEqual(Object.keys(document.status).toSorted());
		expect(JSON.parse(await out('inspectp', 'shop-1')).status).toMatchObject({ network: null, linux: null });
	});

	test('several are a list; one that is not there is told of, and the others come', async () => {
		const ran = await run(['inspect', 'aaaa', 'zz', 'job-1/job'], { services: services(), now });
		expect(ran.exitCode).toBe(1);
		expect(ran.stderr).toBe('criscope: cannot find container "zz": no container has that id or name\n');
		expect(JSON.parse(ran.stdout).map((entry: { status: { id: string } }) => entry.status.id)).toEqual([
			id('a'),
			id('b'),
		]);
	});

	test('without words the flags choose, and choosing both ways is refused', async () => {
		expect(JSON.parse(await out('inspect', '-a'))).toHaveLength(3);
		expect(JSON.parse(await out('inspect', '--name', 'side')).status.id).toBe(id('c'));
		expect(JSON.parse(await out('inspectp', '--state', 'notready')).status.id).toBe(id('2'));
		await expect(run(['inspect', '-a', 'web'])).rejects.toThrow('inspect takes either CONTAINER… or --all');
		await expect(run(['inspect', '--name', 'x'], { services: services() })).rejects.toThrow(
			'there is no such container',
		);
		await expect(run(['inspectp', '--name', 'x'], { services: services() })).rejects.toThrow(
			'there is no such pod',
		);
	});

	test('-o table, quiet and not', async () => {
		expect(await out('inspect', '-o', 'table', 'web')).toBe(
			[
				`ID: ${id('a')}`,
				'Name: web',
				'Attempt: 2',
				'State: CONTAINER_RUNNING',
				'Created: 5 minutes ago',
				'Started: 4 minutes ago',
				'Labels:',
				'\tio.kubernetes.pod.name -> shop-1',
				'\tio.kubernetes.pod.namespace -> shop',
				'Annotations:',
				'\tnote -> a↵b␛[2J',
				'Info: map[info:{"pid":7} plain:"quoted"]',
				'',
			].join('\n'),
		);
		expect(await out('inspectp', '-q', '-o', 'table', '2222')).not.toContain('Info');
	});
});

describe('about the runtime', () => {
	const about = services({
		version: async () => ({
			version: '0.1.0',
			runtimeName: 'x\x1b',
			runtimeVersion: '1',
			runtimeApiVersion: 'v1',
		}),
		runtimeConfig: async () => ({ linux: { cgroupDriver: 'SYSTEMD' } }),
		status: async () => ({
			status: { conditions: [{ type: 'RuntimeReady', status: true, reason: '', message: '' }] },
			runtimeHandlers: [{ name: 'runc', features: { recursiveReadOnlyMounts: true, userNamespaces: false } }],
			features: { supplementalGroupsPolicy: true },
			info: { config: '{"a":1}' },
		}),
		listMetricDescriptors: async () => ({ descriptors: [] }),
		listPodSandboxMetrics: async () => [],
		async *containerEvents() {
			yield {
				containerId: id('a'),
				containerEventType: 'CONTAINER_STARTED_EVENT',
				createdAt: minutesAgo(1),
				containersStatuses: [],
			};
			yield {
				containerId: id('b'),
				containerEventType: 'CONTAINER_STOPPED_EVENT',
				createdAt: minutesAgo(0),
				containersStatuses: [],
			};
		},
	});
	const print = async (...args: readonly string[]) => (await run(args, { services: about, now })).stdout;

	test('each in crictl’s form', async () => {
		expect(await print('version')).toBe(
			'Version:  0.1.0\nRuntimeName:  x␛\nRuntimeVersion:  1\nRuntimeApiVersion:  v1\n',
		);
		expect(JSON.parse(await print('version', '-o', 'json'))).toMatchObject({ runtimeApiVersion: 'v1' });
		expect(await print('runtime-config')).toBe('cgroup driver:   SYSTEMD\n');
		expect(JSON.parse(await print('info'))).toEqual({
			config: { a: 1 },
			features: { supplemental_groups_policy: true },
			runtimeHandlers: [{ features: { recursive_read_only_mounts: true }, name: 'runc' }],
			status: { conditions: [{ message: '', reason: '', status: true, type: 'RuntimeReady' }] },
		});
		expect(await print('metricdescs')).toBe('{\n  "descriptors": []\n}\n');
		expect(await print('metricsp', '-o', 'yaml')).toBe('podMetrics: []\n');
	});

	test('events in every form, until the runtime ends them', async () => {
		expect(await print('events', '--template', '{{.containerEventType}}')).toBe(
			'CONTAINER_STARTED_EVENT\nCONTAINER_STOPPED_EVENT\n',
		);
		expect((await print('event', '-o', 'yaml')).match(/^---$/gmu)).toHaveLength(2);
		expect(await print('events', '-o', 'table')).toMatch(
			/^2001-\S+ +started +a{13} +- +-\n2001-\S+ +stopped +b{13} +- +-\n$/u,
		);
	});

	test('update-runtime-config needs to be told something, and says that it was done', async () => {
		await expect(run(['update-runtime-config'])).rejects.toThrow(
			'update-runtime-config needs --pod-cidr CIDR',
		);
		const asked: unknown[] = [];
		const updateRuntimeConfig = async (request: unknown) => void asked.push(request);
		const ran = await run(['update-runtime-config', '-p', '10.0.0.0/8'], {
			services: { runtime: { updateRuntimeConfig } },
		});
		expect(ran).toMatchObject({ exitCode: 0, stdout: '', stderr: 'Runtime config successfully updated\n' });
		expect(asked).toEqual([{ podCidr: '10.0.0.0/8' }]);
	});

	test.each(['metricsp', 'metricdescs', 'runtime-config', 'events', 'stats', 'statsp', 'info'])(
		'%s says so where the runtime cannot',
		async (verb) => {
			await expect(run([verb])).rejects.toThrow(UnimplementedError);
		},
	);
});
