import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeCriServer, startFakeCriServer } from '../fakes/cri-server.ts';
import { startTui, type Tui, type TuiOptions } from '../helpers/tui.ts';

let folder: string;
let fake: FakeCriServer;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), 'criscope-plain-'));
	fake = await startFakeCriServer({
		socketPath: join(folder, 'cri.sock'),
		pods: 2,
		containers: 1,
		logDir: join(folder, 'logs'),
	});
});
afterEach(async () => {
	await fake.stop();
	rmSync(folder, { recursive: true, force: true });
});

/** On a dumb terminal the mode comes by itself. */
function start(args: readonly string[] = [], options: TuiOptions = {}): Tui {
	const env = { TERM: 'dumb', LANG: 'C', ...options.env };
	return startTui({ args: ['-r', fake.endpoint, ...args], columns: 200, rows: 50, ...options, env });
}

async function ask(tui: Tui, line: string, answer: string | RegExp): Promise<void> {
	tui.type(`${line}\r`);
	await tui.until(answer);
}

describe('the linear mode', () => {
	it('answers typed questions with plain lines, and writes nothing but text', async () => {
		await using tui = start();
		await tui.until(/2 pods, 2 containers, 3 images\.[\s\S]*criscope>\s*$/);
		await ask(tui, 'help', 'quit: leave');
		await ask(tui, 'pods', /default\/nginx-0: Running, 1 of 1 ready/);
		await ask(tui, 'logs app-0 3', 'app-0 line 9');
		await ask(tui, 'inspect nginx-0', 'Why it is in this state');
		await ask(tui, 'find etcd coredns', 'Nothing matches');
		await ask(tui, 'inspect app', /"app" may mean .*app-0.*app-1/);
		tui.type('quit\r');
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
		const allowed = /^[\x20-\x7e\r\n]*$/;
		expect(tui.output().toString('latin1')).toMatch(allowed);
	});

	it('tells changes while watching, until Enter', async () => {
		await using tui = start();
		await tui.until('criscope>');
		await ask(tui, 'watch', 'Watching; Enter ends it.');
		const [id = ''] = fake.state.containers.keys();
		fake.state.setContainerState(id, 'CONTAINER_EXITED', {
			exitCode: 3,
			reason: 'Error',
			finishedAt: String(BigInt(Date.now()) * 1_000_000n),
		});
		await tui.until(/container \S+\/app-0: Running -> Error 3/);
		tui.type('\r');
		await ask(tui, 'unhealthy', /container \S+\/app-0: Error 3 for/);
	});

	it('keeps the lists when the runtime dies, and says how old they are', async () => {
		await using tui = start();
		await tui.until('criscope>');
		await fake.stop();
		await ask(tui, 'refresh', 'The lists are as of');
		await ask(tui, 'pods', /The lists are as of[\s\S]*Type refresh to ask again\.[\s\S]*nginx-0: Running/);
	});

	it('stops a container only when its name is typed once more', async () => {
		await using tui = start();
		await tui.until('criscope>');
		await ask(tui, 'stop app-0', "Type the container's name, app-0, to stop it");
		await ask(tui, 'yes', 'Nothing was changed.');
		expect(fake.callCounts.get('StopContainer')).toBeUndefined();
		await ask(tui, 'stop app-0', /Type the container's name[\s\S]*Type the container's name/);
		await ask(tui, 'app-0', /app-0 exited/);
		expect(fake.callCounts.get('StopContainer')).toBe(1);
	});

	it('refuses to stop anything with --read-only', async () => {
		await using tui = start(['--read-only']);
		await tui.until('criscope>');
		await ask(tui, 'stop app-0', 'Read-only: criscope was started with --read-only.');
		expect(fake.callCounts.get('StopContainer')).toBeUndefined();
	});

	it('lets nothing out that a lying runtime says', async () => {
		await fake.stop();
		fake = await startFakeCriServer({ socketPath: join(folder, 'cri.sock'), faults: ['lying'] });
		await using tui = start([], { env: { LANG: 'C.UTF-8' } });
		await tui.until('criscope>');
		tui.type('pods\rcontainers\rimages\rquit\r');
		await tui.exit;
		expect(tui.output().toString()).not.toMatch(/[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/u);
	});

	it.each([
		['SIGTERM', 143],
		['SIGHUP', 129],
	] as const)('leaves on %s', async (signal, exitCode) => {
		await using tui = start();
		await tui.until('criscope>');
		tui.signal(signal);
		expect(await tui.exit).toMatchObject({ exitCode });
	});

	it('ends a command on Ctrl-C, and itself on the next', async () => {
		await using tui = start();
		await tui.until('criscope>');
		await ask(tui, 'follow app-0', 'Following; Enter ends it.');
		tui.type('\x03');
		await tui.until(/Following[\s\S]*criscope>\s*$/);
		tui.type('\x03');
		expect(await tui.exit).toMatchObject({ exitCode: 130 });
	});

	it('leaves at the end of the input', async () => {
		await using tui = start();
		await tui.until('criscope>');
		tui.type('\x04');
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
	});
});
