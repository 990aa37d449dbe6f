import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ContainerdAccess, removeAllPods, startContainerd } from '../helpers/containerd.ts';
import { type RunningPod, runPod, startContainer } from '../helpers/kubelet.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { pushSampleImages, sampleImages } from '../helpers/sample-images.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { startTui, type Tui, type TuiOptions } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);
const untilTold = "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done";

let containerd: ContainerdAccess;
const ids = new Map<string, string>();
let tui: Tui | undefined;

/** Starts the inspector with the cursor on the only pod of that name. */
async function inspect(pod: string, options: TuiOptions = {}): Promise<Tui> {
	const { args = [], ...rest } = options;
	tui = startTui({ ...rest, args: ['--runtime-endpoint', containerd.endpoint, ...args] });
	await tui.until(pod);
	await tui.press('/');
	tui.type(pod);
	await tui.press('<enter>');
	await tui.until(({ row }) => row('▸')?.includes(pod) === true && row('Pods')?.includes(`/${pod}`) === true);
	return tui;
}

/** Opens the shell of that pod and waits for its prompt. */
async function openShell(pod: string, options?: TuiOptions): Promise<Tui> {
	const opened = await inspect(pod, options);
	await opened.press('s');
	await opened.until(/Shell in .* · sh [\s\S]*\/ # $|Shell in [\s\S]*\n\/ #/m);
	return opened;
}

async function command(on: Tui, text: string): Promise<void> {
	on.type(text);
	await on.press('<enter>');
}

/** The commands that run in a container, from outside. */
async function processesIn(pod: string): Promise<string> {
	const result = await containerd.cri.runtime<{ stdout: Buffer }>('ExecSync', {
		container_id: ids.get(pod),
		cmd: ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\000" " "'],
		timeout: '5',
	});
	return Buffer.from(result.stdout).toString();
}

describe.skipIf(missing)(`shell and attach${missing ?? ''}`, () => {
	beforeAll(async () => {
		containerd = sharedContainerd();
		const start = async (name: string, ...containers: Parameters<typeof startContainer>[2][]) => {
			const pod: RunningPod = await runPod(containerd, { name });
			for (const container of containers) ids.set(name, await startContainer(containerd, pod, container));
		};
		const image = sampleImages.busybox;
		await start('alpha-shell', { name: 'main', image, script: untilTold });
		await start('beta-static', { name: 'static', image: sampleImages.static });
		await start('gamma-tty', { name: 'tty', image, tty: true, stdin: true, script: 'exec sh' });
		await start('delta-plain', {
			name: 'plain',
			image,
			stdin: true,
			script: 'while read line; do echo "heard $line"; done; exit 4',
		});
		await start(
			'epsilon-two',
			{ name: 'one', image, script: untilTold },
			{ name: 'two', image, script: untilTold },
		);
	});
	afterEach(async () => {
		await tui?.stop();
		tui = undefined;
	});
	afterAll(async () => {
		if (containerd !== undefined) await removeAllPods(containerd.cri);
	});

	test('the terminal has the size of the pane, at the start, after a resize and zoomed', async () => {
		const shell = await openShell('alpha-shell', { columns: 100, rows: 30 });
		await command(shell, 'stty size');
		await shell.until('26 100');
		shell.resize(120, 40);
		await shell.until(({ screen }) => screen().split('\n')[2]?.length === 120);
		await command(shell, 'stty size');
		await shell.until('36 120');
		await shell.press('<ctrl+]> z');
		await shell.until(({ screen }) => screen().split('\n')[0]?.includes('Shell in main') === true);
		await command(shell, 'stty size');
		await shell.until('39 120');
	});

	test('vi edits with arrow keys, and its screen goes when it ends', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'cd /tmp; printf "one\\ntwo\\nthree\\n" > poem; vi poem');
		await shell.until(/^three$/m);
		expect(shell.modes().cursorHidden).toBe(false);
		await shell.press('<down> <right> x');
		await shell.until(/^to$/m);
		await command(shell, ':wq');
		await shell.until(/^\/tmp #$/m);
		await command(shell, 'cat poem; echo "$((40 + 2))"');
		await shell.until(/^one\nto\nthree\n42$/m);
	});

	test('top redraws itself and ends at its key', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'top -d 1');
		await shell.until(/PID\s+PPID USER/);
		await shell.press('q');
		await shell.until(/^\/ # $|\/ #$/m);
	});

	test('colours arrive as colours', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, `printf '\\033[31mre%s\\033[0m\\n' d`);
		await shell.until(/^red$/m);
		expect(shell.styledScreen()).toMatch(/\d+ 0-2 fg=1/);
	});

	test('the exit code is shown until Enter', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'exit 3');
		await shell.until('exited 3 · Enter closes');
		await shell.press('<enter>');
		await shell.until('1 Pods');
		expect(shell.screen()).not.toContain('Shell in');
	});

	test('the escape chord leaves a busy shell running, and the same key comes back to it', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'yes flood');
		await shell.until(/^flood$/m);
		await shell.press('<ctrl+]>');
		await shell.until('q end');
		await shell.press('d');
		await shell.until('1 Pods');
		expect(shell.modes().cursorHidden).toBe(true);
		await shell.press('s');
		await shell.until(/Shell in main[\s\S]*^flood$/m);
		await shell.press('<ctrl+c>');
		await command(shell, 'echo "back $((1 + 1))"');
		await shell.until('back 2');
	});

	test('the chord pressed twice reaches the program', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'cat -v');
		// What is typed before it runs would be read by the shell's own line editor.
		await expect.poll(() => processesIn('alpha-shell')).toContain('cat -v');
		await shell.press('<ctrl+]> <ctrl+]> x <enter>');
		await shell.until(/\^\]x\n\^\]x/);
	});

	test('what went by can be read again', async () => {
		const shell = await openShell('alpha-shell', { columns: 80, rows: 24 });
		await command(shell, 'seq 1 500');
		await shell.until(/^500$/m);
		await shell.press('<ctrl+]> [ g');
		await shell.until(/^3$/m);
		expect(shell.screen()).toContain('lines below');
		await shell.press('q');
		await shell.until(/^500$/m);
	});

	test('ending a session ends the shell and its jobs in the container', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'sleep 4321');
		await expect.poll(() => processesIn('alpha-shell')).toContain('sleep 4321');
		await shell.press('<ctrl+]> q');
		await shell.until('1 Pods');
		await expect.poll(() => processesIn('alpha-shell')).not.toContain('sleep 4321');
	});

	test('leaving the inspector asks first, then ends the shells and gives the terminal back', async () => {
		const shell = await openShell('alpha-shell');
		await command(shell, 'sleep 8765');
		await expect.poll(() => processesIn('alpha-shell')).toContain('sleep 8765');
		await shell.press('<ctrl+]> d');
		await shell.until('1 Pods');
		await shell.press('q');
		await shell.until('press the key again');
		await shell.press('q');
		expect(await shell.exit).toMatchObject({ exitCode: 0 });
		expect(shell.modes()).toMatchObject({
			alternateScreen: false,
			cursorHidden: false,
			bracketedPaste: false,
		});
		await expect.poll(() => processesIn('alpha-shell')).not.toContain('sleep 8765');
	});

	test('a shell whose container is killed says what happened', async () => {
		const pod = await runPod(containerd, { name: 'zeta-doomed' });
		const image = sampleImages.busybox;
		const id = await startContainer(containerd, pod, { name: 'main', image, script: untilTold });
		const shell = await openShell('zeta-doomed');
		await containerd.cri.runtime('StopContainer', { container_id: id, timeout: '0' });
		await shell.until('exited 137 (SIGKILL); the container has ended · Enter closes');
	});

	test('a runtime that dies is a lost connection, and the inspector lives on', async () => {
		const own = await startContainerd();
		try {
			await pushSampleImages(own.registry);
			const pod = await runPod(own, { name: 'eta-lost' });
			const image = sampleImages.busybox;
			await startContainer(own, pod, { name: 'main', image, script: untilTold });
			const shell = await openShell('eta-lost', { args: ['--runtime-endpoint', own.endpoint] });
			await own.stopDaemon({ hard: true });
			await shell.until('connection lost:');
			expect(shell.modes().cursorHidden).toBe(true);
			await shell.press('<enter>');
			await shell.until('1 Pods');
			await tui?.stop();
			await own.startDaemon();
		} finally {
			await own.stop();
		}
	});

	test('an image without a shell is told in words', async () => {
		const shell = await inspect('beta-static', { columns: 80, rows: 24 });
		await shell.press('s');
		await shell.until('no shell in image registry.example.com/base/static:3: none of bash, ash, sh');
		await shell.until('executable file not found');
		await shell.press('<enter>');
		await shell.until('1 Pods');
	});

	test('a pod with two running containers is not guessed at', async () => {
		const shell = await inspect('epsilon-two');
		await shell.press('s');
		await shell.until('Pod epsilon-two has 2 running containers');
	});

	test('read-only refuses shell and attach', async () => {
		const shell = await inspect('alpha-shell', { args: ['--read-only'] });
		for (const key of ['s', 'A', 'F']) {
			await shell.press(key);
			await shell.until(/read-only/);
			expect(shell.screen()).toContain('1 Pods');
			await shell.press('<escape>');
		}
	});

	test('attach asks, and speaks with a container that has a terminal', async () => {
		const attached = await inspect('gamma-tty');
		await attached.press('A');
		await attached.until('Attach to process 1 of tty?');
		await attached.press('<enter>');
		await attached.until('1 Pods');
		await attached.press('A y');
		await attached.until('nothing was printed yet');
		await attached.press('<enter>');
		await attached.until('/ #');
		await command(attached, 'echo "pid $$"');
		await attached.until(/^pid 1$/m);
		await command(attached, 'exit 5');
		await attached.until('the container exited 5, Error · Enter closes');
	});

	test('attach to a container without stdin says that keys go nowhere', async () => {
		const attached = await inspect('alpha-shell');
		await attached.press('A y');
		await attached.until('nothing was printed yet');
		await attached.press('x');
		await attached.until('was made without stdin: it can be watched, not typed to.');
		await attached.press('<ctrl+]> q');
		await attached.until('1 Pods');
	});

	test('attach without a terminal echoes what is typed, and its lines are lines', async () => {
		const attached = await inspect('delta-plain');
		await attached.press('A y');
		await attached.until('nothing was printed yet');
		await command(attached, 'hello');
		await attached.until(/^hello\nheard hello$/m);
		await attached.press('<ctrl+]> q');
		await attached.until('1 Pods');
		expect(await processesIn('delta-plain')).toContain('heard');
	});
});
