import type { ContainerdAccess } from './containerd.ts';
import { type ContainerRecipe, containerEnded, type PodRecipe, runPod, startContainer } from './kubelet.ts';
import { pushSampleImages, sampleImages } from './sample-images.ts';

/** One sample pod: what it shows, and how its containers come about, in order. */
type Sample = PodRecipe & {
	readonly containers: readonly (ContainerRecipe & {
		/** The container ends by itself; a kubelet starts it again, up to this many attempts. */
		readonly attempts?: number;
		/** Wait for its end before the next container, as for an init container. */
		readonly awaitEnd?: boolean;
	})[];
	/** Stop the sandbox at the end. */
	readonly stopped?: boolean;
};

/** Ends at once at SIGTERM; process 1 of a container would ignore it otherwise. */
const untilTold = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

const web = `echo "listening on :8080"; httpd -f -p 8080 -h /var/www & trap 'exit 0' TERM; wait`;

const chatty = `trap 'exit 0' TERM; n=0
while :; do n=$((n+1)); echo "GET /item/$n 200 $((n % 97))ms"
[ $((n % 10)) = 0 ] && echo "slow query $n: $((n % 900 + 100)) ms" >&2; usleep 20000; done`;

const jsonLines = `trap 'exit 0' TERM; n=0
while :; do n=$((n+1)); case $((n % 5)) in 0) level=error ;; 1) level=warn ;; *) level=info ;; esac
echo "{\\"time\\":\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\",\\"level\\":\\"$level\\",\\"msg\\":\\"order $n handled\\",\\"order\\":$n,\\"user\\":{\\"id\\":$((n * 7)),\\"name\\":\\"Ada\\"}}"
sleep 1 & wait $!; done`;

/** Colours, a title change, a cleared screen, bells, a bidi override, wide characters, a carriage return, no UTF-8. */
const hostile = `printf '\\033[31mred\\033[0m then \\033]0;owned\\007 \\033[2J\\033[1;1H gone? \\a\\n'
printf '日本語のログ ✅ 👩‍👩‍👧‍👦 e\\314\\201 \\342\\200\\256drawkcab\\342\\200\\254 end\\n'
printf 'progress 10%%\\rprogress 100%%\\n'; printf '\\377\\376 not UTF-8 \\000 nul\\n'
printf '\\233?1049l C1 bytes \\302\\2332J\\n'; printf '\\tone\\ttab\\n'; ${untilTold}`;

/** The pods a node in trouble would show. Order is the order of creation. */
const samples: readonly Sample[] = [
	{
		name: 'web-7d4b9c6f58-x2x9k',
		namespace: 'shop',
		labels: { app: 'web', 'pod-template-hash': '7d4b9c6f58' },
		hostPorts: { 18080: 8080 },
		containers: [
			{
				name: 'web',
				image: sampleImages.web,
				script: web,
				ports: [{ name: 'http', containerPort: 8080 }],
				memoryLimitBytes: 64 << 20,
				cpuLimitMillicores: 500,
				env: { PORT: '8080', DB_PASSWORD: 'hunter2' },
			},
		],
	},
	{
		name: 'api-5f6d8b7c9-qqm4z',
		namespace: 'shop',
		labels: { app: 'api' },
		containers: [
			{
				name: 'api',
				image: sampleImages.api,
				script: 'echo "connecting to db:5432"; echo "panic: connection refused" >&2; exit 1',
				attempts: 5,
			},
		],
	},
	{
		name: 'cache-0',
		namespace: 'shop',
		labels: { app: 'cache' },
		containers: [
			{
				name: 'cache',
				image: sampleImages.busybox,
				script: 'echo "warming up"; exec tail /dev/zero',
				memoryLimitBytes: 16 << 20,
				attempts: 1,
			},
		],
	},
	{
		name: 'migrate-29384756-7xk2p',
		namespace: 'batch',
		labels: { 'job-name': 'migrate' },
		containers: [
			{ name: 'migrate', image: sampleImages.worker, script: 'echo "42 tables migrated"', attempts: 1 },
		],
	},
	{
		name: 'report-29384757-c8f5d',
		namespace: 'batch',
		labels: { 'job-name': 'report' },
		containers: [
			{
				name: 'report',
				image: sampleImages.worker,
				script: 'echo "reading /data"; echo "no such bucket: reports" >&2; exit 3',
				attempts: 1,
			},
		],
	},
	{
		name: 'access-log-5c4d6',
		namespace: 'shop',
		containers: [{ name: 'chatty', image: sampleImages.busybox, script: chatty }],
	},
	{
		name: 'orders-6b7f8d9c4-w5t2n',
		namespace: 'shop',
		containers: [{ name: 'orders', image: sampleImages.worker, script: jsonLines }],
	},
	{
		name: 'checkout-84c7d5b6f-2lq8v',
		namespace: 'shop',
		labels: { app: 'checkout' },
		containers: [
			{ name: 'checkout', image: sampleImages.web, script: web },
			{ name: 'proxy', image: sampleImages.proxy, script: `echo "proxy ready"; ${untilTold}` },
			{ name: 'metrics', image: sampleImages.busybox, script: `echo "scraping"; ${untilTold}` },
		],
	},
	{
		name: 'ledger-0',
		namespace: 'shop',
		containers: [
			{
				name: 'init-schema',
				image: sampleImages.busybox,
				script: 'echo "schema is current"',
				awaitEnd: true,
			},
			{ name: 'ledger', image: sampleImages.worker, script: `echo "ledger open"; ${untilTold}` },
		],
	},
	{
		name: 'node-agent-h7j3k',
		namespace: 'kube-system',
		labels: { 'k8s-app': 'node-agent' },
		hostNetwork: true,
		containers: [{ name: 'agent', image: sampleImages.busybox, script: `hostname; ${untilTold}` }],
	},
	{
		name: 'static-6d5c7',
		namespace: 'default',
		containers: [{ name: 'static', image: sampleImages.static }],
	},
	{
		name: 'hostile-pod',
		namespace: 'default',
		labels: { note: '\u001B[31mred\u001B[0m 日本語 👩‍👩‍👧‍👦 \u202Eevil' },
		annotations: { 'example.com/title': '\u001B]0;owned\u0007 line one\nline two' },
		containers: [
			{
				name: 'hostile',
				image: sampleImages.busybox,
				script: hostile,
				env: { EVIL: '\u001B[2J\u001B[H', EMOJI: '✅ 日本語' },
				labels: { note: '\u001B]52;c;b3duZWQ=\u0007' },
			},
		],
	},
	// A pod whose image cannot be found: the sandbox is there, the container never comes.
	{ name: 'missing-image-9fk2d', namespace: 'default', containers: [] },
	{
		name: 'drained-5b9xz',
		namespace: 'default',
		containers: [{ name: 'drained', image: sampleImages.busybox, script: untilTold }],
		stopped: true,
	},
];

/** How many pods `createSamplePods` makes. */
export const samplePodCount = samples.length;

/**
 * Makes the sample pods: running, crash-looping, OOM-killed, finished, failed, chatty, JSON-logging, multi-container,
 * init-like, host-network, without a shell, hostile, without its image, stopped. Returns when each is in its final state.
 *
 * @returns pod sandbox ids by pod name
 */
export async function createSamplePods(
	containerd: ContainerdAccess,
	{ signal }: { readonly signal?: AbortSignal } = {},
): Promise<ReadonlyMap<string, string>> {
	await pushSampleImages(containerd.registry);
	// Before the pods, or they would pull the same image side by side; the spare one has no pod.
	for (const image of Object.values(sampleImages))
		await containerd.cri.image('PullImage', { image: { image } });
	const ids = new Map<string, string>();
	const queue = [...samples];
	const worker = async () => {
		for (let sample = queue.shift(); sample !== undefined; sample = queue.shift()) {
			signal?.throwIfAborted();
			ids.set(sample.name, await createSamplePod(containerd, sample));
		}
	};
	// containerd works on several at once, two cores do not on many.
	await Promise.all([worker(), worker(), worker(), worker()]);
	return ids;
}

async function createSamplePod(containerd: ContainerdAccess, sample: Sample): Promise<string> {
	const pod = await runPod(containerd, sample);
	for (const container of sample.containers) {
		const ended: string[] = [];
		for (let attempt = 0; attempt < (container.attempts ?? 1); attempt++) {
			const id = await startContainer(containerd, pod, container, attempt);
			if (container.attempts === undefined && container.awaitEnd !== true) continue;
			await containerEnded(containerd, id);
			ended.push(id);
		}
		// A kubelet keeps the last dead container or two; log files of earlier attempts stay longer.
		for (const container_id of ended.slice(0, -2)) {
			await containerd.cri.runtime('RemoveContainer', { container_id });
		}
	}
	if (sample.stopped === true) await containerd.cri.runtime('StopPodSandbox', { pod_sandbox_id: pod.id });
	return pod.id;
}
