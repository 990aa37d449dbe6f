import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerdAccess, removeAllPods } from '../helpers/containerd.ts';
import { runPod, startContainer } from '../helpers/kubelet.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { sampleImages } from '../helpers/sample-images.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);
const web = `mkdir -p /var/www; echo "<h1>It works</h1>" > /var/www/index.html
httpd -f -p 8080 -h /var/www & trap 'exit 0' TERM; wait`;

let containerd: ContainerdAccess;
let tui: Tui | undefined;

async function inspect(pod: string, columns = 120): Promise<Tui> {
	tui = startTui({ columns, args: ['--runtime-endpoint', containerd.endpoint] });
	await tui.until(pod);
	await tui.press('/');
	tui.type(pod);
	await tui.press('<enter>');
	await tui.until(({ row }) => row('▸')?.includes(pod) === true && row('Pods')?.includes(`/${pod}`) === true);
	return tui;
}

/** Types ports instead of those offered, and accepts. */
async function forward(on: Tui, ports: string): Promise<void> {
	await on.press('F');
	await on.until('local:remote');
	await on.press('<ctrl+u>');
	on.type(ports);
	await on.press('<enter>');
}

/** Waits for the notice, and gives the address it names. */
async function forwarded(on: Tui): Promise<string> {
	await on.until(/Forwarding 127\.0\.0\.1:\d+/);
	return /Forwarding (127\.0\.0\.1:\d+)/.exec(on.screen())?.[1] ?? '';
}

async function startWeb(name: string): Promise<string> {
	const pod = await runPod(containerd, { name });
	const ports = [{ name: 'http', containerPort: 8080 }];
	await startContainer(containerd, pod, { name: 'web', image: sampleImages.busybox, script: web, ports });
	return pod.id;
}

describe.skipIf(missing)(`port-forward${missing ?? ''}`, () => {
	beforeAll(async () => {
		containerd = sharedContainerd();
		await startWeb('alpha-web');
	});
	afterEach(async () => {
		await tui?.stop();
		tui = undefined;
	});
	afterAll(async () => {
		if (containerd !== undefined) await removeAllPods(containerd.cri);
	});

	test('serves the pod on this host, counts it, and closes', async () => {
		const on = await inspect('alpha-web');
		await on.until('8080');
		await on.press('F');
		await on.until(/local:remote 8080/);
		await on.press('<escape>');
		await forward(on, ':8080');
		const address = await forwarded(on);
		const answers = await Promise.all(
			Array.from({ length: 5 }, async () => (await fetch(`http://${address}/`)).text()),
		);
		expect(new Set(answers)).toEqual(new Set(['<h1>It works</h1>\n']));
		await on.press('f');
		await on.until(({ row }) => /alpha-web +8080 +0\/\d/.test(row(address) ?? ''));
		expect(on.row(address)).toContain('listening');
		await on.press('x');
		await on.until('None is open');
		await expect(fetch(`http://${address}/`)).rejects.toThrow();
	});

	test('a port that is taken, and one where nobody listens, are told in words', async () => {
		const taken = createServer().listen(0, '127.0.0.1');
		await new Promise((resolve) => taken.once('listening', resolve));
		const { port } = taken.address() as { readonly port: number };
		const on = await inspect('alpha-web', 100);
		await forward(on, `${port}:8080`);
		await on.until(`Cannot listen on 127.0.0.1:${port}: the port is in use`);
		taken.close();
		await forward(on, ':81');
		const address = await forwarded(on);
		await expect(fetch(`http://${address}/`)).rejects.toThrow();
		await on.press('f');
		await on.until('last failed');
		await on.until(/refused/);
		await on.press('q');
		await forward(on, 'http');
		await on.until('"http" is not a port');
	});

	test('ends with its pod, and with the inspector', async () => {
		const podId = await startWeb('beta-web');
		const on = await inspect('beta-web');
		await forward(on, ':8080');
		const address = await forwarded(on);
		await containerd.cri.runtime('StopPodSandbox', { pod_sandbox_id: podId });
		await on.until('ended: the pod has stopped', 20_000);
		await expect(fetch(`http://${address}/`)).rejects.toThrow();
		await on.press('f');
		await on.until(({ row }) => row(address)?.includes('ended: the pod has stopped') === true);

		await on.press('q <escape> /');
		await on.press('<ctrl+u>');
		on.type('alpha-web');
		await on.press('<enter>');
		await on.until(({ row }) => row('▸')?.includes('alpha-web') === true);
		await forward(on, ':8080');
		await on.until(/Forwarding 127\.0\.0\.1:\d+ to port 8080 of alpha-web/);
		const last = await forwarded(on);
		expect((await fetch(`http://${last}/`)).status).toBe(200);
		await on.press('<escape> q');
		await on.until('press the key again');
		await on.press('q');
		expect(await on.exit).toMatchObject({ exitCode: 0 });
		await expect(fetch(`http://${last}/`)).rejects.toThrow();
	});
});
