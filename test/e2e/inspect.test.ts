import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerdAccess, removeAllPods } from '../helpers/containerd.ts';
import { containerEnded, type RunningPod, runPod, startContainer } from '../helpers/kubelet.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { sampleImages } from '../helpers/sample-images.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);
const untilTold = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

/** The text of the OSC 52 sequences that the program wrote, in order. */
function clipboard(tui: Tui): readonly string[] {
	return [
		...tui
			.output()
			.toString('latin1')
			.matchAll(/\x1b\]52;c;([A-Za-z\d+/=]*)/g),
	].map(([, base64]) => Buffer.from(base64 ?? '', 'base64').toString('utf8'));
}

describe.skipIf(missing !== undefined)(`inspecting${missing ?? ''}`, () => {
	let containerd: ContainerdAccess;
	let web: RunningPod;

	beforeAll(async () => {
		containerd = sharedContainerd();
		const cache = await runPod(containerd, { name: 'cache-0', namespace: 'shop' });
		const hungry = {
			name: 'cache',
			image: sampleImages.busybox,
			script: 'echo "warming up"; exec tail /dev/zero',
			memoryLimitBytes: 16 << 20,
		};
		for (const attempt of [0, 1]) {
			await containerEnded(containerd, await startContainer(containerd, cache, hungry, attempt));
		}
		web = await runPod(containerd, {
			name: 'web-1',
			namespace: 'shop',
			labels: { note: '\u001B[31mred\u001B[0m \u202Eevil' },
		});
		await startContainer(
			containerd,
			web,
			{
				name: 'web',
				image: sampleImages.busybox,
				script: untilTold,
				env: { PORT: '8080', DB_PASSWORD: 'hunter2' },
				memoryLimitBytes: 64 << 20,
			},
			0,
		);
	});
	afterAll(async () => {
		if (containerd) await removeAllPods(containerd.cri);
	});

	/** Opens the inspector with one pod chosen and its newest container inspected. */
	async function inspecting(pod: string): Promise<Tui> {
		const tui = startTui({ args: ['--runtime-endpoint', containerd.endpoint] });
		await tui.until(pod);
		await tui.press(`/ ${pod} <enter>`);
		await tui.until(new RegExp(`▸ .*${pod}`));
		// Pods and containers are listed by answers of their own.
		await tui.until(new RegExp(`Containers of ${pod} \\(?[1-9]`));
		await tui.press('2 i');
		await tui.until('live ━');
		return tui;
	}

	test('says why a container died, with what the kernel and its log say', async () => {
		await using tui = await inspecting('cache-0');
		await tui.until('The kernel killed it for want of memory: exit code 137 (SIGKILL).');
		await tui.until('Last lines of attempt 1');
		expect(tui.screen()).toMatch(/Memory limit +16 MiB/);
		expect(tui.screen()).toMatch(/Kernel says +.*killed tail \(pid \d+\), which held 1\d MiB/);
		expect(tui.screen()).toMatch(/Earlier +#0 OOMKilled, exit code 137 \(SIGKILL\)/);
		expect(tui.screen()).toContain('warming up');
		await tui.press('.');
		await tui.until('Last lines of attempt 0');
		await tui.press(',');
		await tui.until('Last lines of attempt 1');
	});

	test('hides a secret until asked for, in every tab, and copies what is shown', async () => {
		await using tui = await inspecting('web-1');
		await tui.press('/ DB_PASS <enter>');
		await tui.until('DB_PASSWORD = ••••••••');
		await tui.press('c');
		await tui.until('Copied the summary of web');
		await tui.press('y / DB_PASS <enter>');
		await tui.until('value: "••••••••"');
		await tui.press('c');
		await tui.until('Copied the yaml of web');
		await tui.press('y / DB_PASS <enter>');
		await tui.until('"value": "••••••••"');
		expect(tui.output().toString()).not.toContain('hunter2');
		await tui.press('x');
		await tui.until('secrets shown');
		await tui.until('"value": "hunter2"');
		await tui.press('c');
		await tui.until('secrets and all');
		const [summary, yaml, json, ...more] = clipboard(tui);
		expect(summary).toContain('DB_PASSWORD = ••••••••');
		expect(yaml).toContain('value: "••••••••"');
		expect(`${summary}${yaml}`).not.toContain('hunter2');
		expect(JSON.parse(json ?? '')).toMatchObject({
			status: { metadata: { name: 'web' }, state: 'CONTAINER_RUNNING' },
			info: {
				config: {
					envs: [
						{ key: 'PORT', value: '8080' },
						{ key: 'DB_PASSWORD', value: 'hunter2' },
					],
				},
			},
		});
		expect(more).toEqual([]);
	});

	test('saves to a file that only its owner reads, and asks before it replaces one', async () => {
		await using tui = await inspecting('web-1');
		await tui.press('y');
		await tui.until('CONTAINER_RUNNING');
		await tui.press('<ctrl+s>');
		await tui.until('./web-container.yaml');
		await tui.press('<enter>');
		await tui.until(/Saved \d+ bytes to/);
		const file = path.join(tui.home, 'web-container.yaml');
		const first = readFileSync(file, 'utf8');
		expect(first).toMatch(/^status:\n/);
		expect(first).not.toContain('hunter2');
		expect(statSync(file).mode & 0o777).toBe(0o600);
		await tui.press('1 <ctrl+s> <ctrl+u>');
		tui.type('./web-container.yaml\r');
		await tui.until('exists');
		expect(readFileSync(file, 'utf8')).toBe(first);
		await tui.press('<enter>');
		await tui.until(/Saved \d+ bytes to/);
		expect(readFileSync(file, 'utf8')).toMatch(/^Why it is in this state\n/);
	});

	test('a pod and an image, hostile labels included', async () => {
		await using tui = await inspecting('web-1');
		await tui.press('q 1 i');
		await tui.until('pod web-1');
		await tui.until(/CNI interface +/);
		await tui.press('/ note <enter>');
		await tui.until('note = ␛[31mred␛[0m evil');
		await tui.press('q 3');
		await tui.until(/Images \(?[1-9]/);
		await tui.press('i');
		await tui.until('image ');
		await tui.until(/Used by/);
		await tui.press('/ Layers <enter>');
		await tui.until(/sha256:[0-9a-f]{64}/);
	});
});
