/** Where criscope is at home: on a node that somebody has logged in to over SSH. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../helpers/child-process.ts';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { type SshServer, sshRequirements, startSshd } from '../helpers/sshd.ts';
import { startTui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements, ...sshRequirements);
const criscope = fileURLToPath(new URL('../../bin/criscope', import.meta.url));

describe.skipIf(missing)(`over SSH${missing ?? ''}`, () => {
	let node: FakeNode;
	let sshd: SshServer;
	beforeAll(async () => {
		node = await startFakeNode();
		sshd = await startSshd();
	});
	afterAll(async () => {
		await sshd?.[Symbol.asyncDispose]();
		await node?.[Symbol.asyncDispose]();
	});

	const login = (command: string) =>
		startTui({ command: sshd.login, args: [command], columns: 100, rows: 30 });
	/** The remote program, known by the endpoint that only it has. */
	const remotePids = () => {
		const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
		return lines
			.filter((line) => line.includes('dist/main.js') && line.includes(node.endpoint))
			.map((line) => Number.parseInt(line, 10));
	};

	test('keys, a resize and quitting', async () => {
		await using tui = login(`${criscope} -r ${node.endpoint}; echo "code=$?"; stty -a`);
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
		await tui.press('/ api <enter>');
		await tui.until('(1 of 8)');
		tui.resize(80, 24);
		await tui.until(() => tui.row('1 Pods')?.length === 80);
		await tui.press('<escape>');
		await tui.until('Pods (8)');
		await tui.press('q');
		await tui.until('code=0');
		await tui.exit;
		expect(tui.screen()).toMatch(/ icanon /);
		expect(tui.modes()).toMatchObject({ alternateScreen: false, cursorHidden: false, bracketedPaste: false });
		expect(remotePids()).toEqual([]);
	});

	test('when the connection is lost, the program on the node goes with it', async () => {
		await using tui = login(`${criscope} -r ${node.endpoint}`);
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
		expect(remotePids()).toHaveLength(1);
		// The client dies without a word, as when a laptop's lid is closed and the server notices.
		tui.signal('SIGKILL');
		await tui.exit;
		await eventually('the end of the remote program', () => remotePids().length === 0, { timeoutMs: 20_000 });
	});

	test('a locale that does not travel gives ASCII, not rubbish', async () => {
		await using tui = login(`LANG=C LC_ALL= ${criscope} -r ${node.endpoint}`);
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
		expect(tui.screen()).toMatch(/^[\x20-\x7e\n]*$/);
		await tui.press('q');
		await tui.exit;
	});
});
