/** Finding a runtime: several, none, one that comes later, one that may not be opened. */
import { chmodSync, chownSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startTui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements, 'setpriv');
const containerd = '/run/containerd/containerd.sock';
const crio = '/run/crio/crio.sock';

describe.skipIf(missing)(`connection${missing ?? ''}`, () => {
	test('the usual socket is found without being named', async () => {
		await using node = await startFakeNode();
		await using tui = node.start({ args: [], sockets: [crio] });
		await tui.until(/live[\s\S]*Pods \(8\)/);
	});

	test('several: a picker, the preferred one in use, and R opens it again', async () => {
		await using node = await startFakeNode();
		await using tui = node.start({ args: [], sockets: [containerd, crio], columns: 80, rows: 24 });
		await tui.until(/Runtime sockets[\s\S]*crio\.sock +CRI-O/);
		expect(tui.screen()).toMatch(/^ ● .*containerd\.sock/m);
		await tui.until(/fake 1\.0\.0 +live/);
		await tui.matches('picker-80x24');
		await tui.press('j <enter>');
		await tui.until(/live[\s\S]*Pods \(8\)/);
		await tui.press('R');
		await tui.until(/●.*crio\.sock/);
		await tui.press('<escape>');
		await tui.until('Pods (8)');
	});

	test('none: what was tried, and what to do; one that appears is taken by itself', async () => {
		await using node = await startFakeNode({ serving: false });
		await using tui = node.start({ args: [], sockets: ['/run/crio/crio.sock'], columns: 80, rows: 24 });
		await tui.until(/no container runtime found/);
		await tui.until(/--runtime-endpoint/);
		await tui.matches('no-runtime-80x24');
		await tui.press('?');
		await tui.until('Keys that work here');
		await tui.press('<escape>');
		await node.restart();
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
	});

	test('a named socket that is not there yet', async () => {
		await using node = await startFakeNode({ serving: false });
		await using tui = node.start();
		await tui.until(/nothing is at unix:\/\/.*cri\.sock/);
		await node.restart();
		await tui.until(/live[\s\S]*Pods \(8\)/, 20_000);
	});

	test('an endpoint that cannot be one is refused in one sentence', async () => {
		await using tui = startTui({ args: ['-r', 'http://example.org'], columns: 200, rows: 24 });
		expect((await tui.exit).exitCode).toBe(64);
		expect(tui.screen()).toMatch(/http:\/\/example\.org.*flag --runtime-endpoint/s);
	});

	test('no permission: the group that has it, or the sudo line', async () => {
		await using node = await startFakeNode();
		const socket = path.join(node.dir, 'cri.sock');
		chmodSync(node.dir, 0o755);
		const asNobody = (home: FakeNode) => home.start({ as: 'nobody', columns: 100, rows: 30 });
		chmodSync(socket, 0o600);
		await using denied = asNobody(node);
		await denied.until(/no permission to open \S+cri\.sock/);
		await denied.until(/sudo\s+criscope\s+-r/);
		chownSync(socket, 0, 4);
		chmodSync(socket, 0o660);
		await using grouped = asNobody(node);
		await grouped.until(/it is for\s+group "adm"/);
		await grouped.until(/usermod\s+-aG\s+adm/);
		// As soon as it may be opened, it is.
		chmodSync(socket, 0o666);
		await grouped.until(/live[\s\S]*Pods \(8\)/, 20_000);
	});
});
