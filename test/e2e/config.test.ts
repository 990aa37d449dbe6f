/** Flags and configuration: one clear sentence for what is wrong, and what is right shows on the screen. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startTui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** Runs criscope to its end. */
async function outcome(args: readonly string[]): Promise<{ readonly screen: string; readonly code: number }> {
	await using tui = startTui({ args, columns: 200, rows: 10 });
	const { exitCode } = await tui.exit;
	return { screen: tui.screen().trim(), code: exitCode };
}

describe('flags', () => {
	test('an unknown flag is one sentence and exit code 64', async () => {
		const { screen, code } = await outcome(['--runtime-endpont', 'x']);
		expect(code).toBe(64);
		expect(screen).toMatch(/^criscope: unknown flag "--runtime-endpont"; there are .*--runtime-endpoint/);
	});

	test('an unknown word, theme or missing value likewise', async () => {
		for (const [args, sentence] of [
			[['podz'], /^criscope: unknown command "podz"/],
			[['--theme', 'pink'], /^criscope: unknown theme "pink"; there are auto, dark/],
			[['--config'], /^criscope: .*--config/],
			[['--plain', '--once'], /^criscope: --plain goes on asking/],
		] as const) {
			const { screen, code } = await outcome(args);
			expect(screen).toMatch(sentence);
			expect(screen).not.toContain('\n    at ');
			expect(code).toBe(64);
		}
	});

	test('help and version answer and leave', async () => {
		expect(await outcome(['--version'])).toMatchObject({ code: 0, screen: /^criscope \d+\.\d+\.\d+$/ });
		// As tall as all commands together.
		await using tui = startTui({ args: ['--help'], columns: 120, rows: 100 });
		expect((await tui.exit).exitCode).toBe(0);
		expect(tui.screen()).toContain('Usage: criscope');
	});
});

describe.skipIf(missing)(`configuration${missing ?? ''}`, () => {
	let node: FakeNode;
	beforeAll(async () => {
		node = await startFakeNode();
	});
	afterAll(() => node[Symbol.asyncDispose]());

	const withConfig = (text: string) => [
		'-r',
		node.endpoint,
		'--config',
		node.writeFile(`config-${text.length}.toml`, text),
	];

	test.each([
		['TOML that is none', '[ui]\ntheme = dark\n', /config-\d+\.toml" line 2: /],
		['a value out of bounds', '[ui]\n\nrefresh_seconds = "often"\n', /line 3: .*refresh_seconds/],
		[
			'a name that nobody knows',
			'[ui]\nthem = "dark"\n',
			/line 2: unknown key "them" in \[ui\] \(did you mean "theme"\?\)/,
		],
		[
			'a key bound twice',
			'[keys]\n"app.help" = ["?"]\n"app.quit" = ["?"]\n',
			/line [23]: .*app\.(help|quit)/,
		],
		['a lower-case key that would change the node', '[keys]\n"container.stop" = ["x"]\n', /line 2: /],
		['a command that nobody knows', '[keys]\n"app.hlep" = ["x"]\n', /line 2: .*app\.help/],
	])('%s is refused with its line', async (_, text, sentence) => {
		const { screen, code } = await outcome(withConfig(text));
		expect(screen).toMatch(sentence);
		expect(screen).not.toContain('\n    at ');
		expect(code).toBe(1);
	});

	test('a file that was named and is not there is said', async () => {
		const { screen, code } = await outcome(['-r', node.endpoint, '--config', '/nowhere/config.toml']);
		expect(screen).toMatch(/\/nowhere\/config\.toml/);
		expect(code).toBe(1);
	});

	test('keys bound to others work, and stand in footer and help', async () => {
		const text = '[keys]\n"app.quit" = ["ctrl+q"]\n"list.filter" = ["ctrl+y"]\n"list.unhealthy" = ["x x"]\n';
		await using tui = node.start({ columns: 120, rows: 40, args: withConfig(text) });
		await tui.until(/live[\s\S]*\^Q quit/);
		expect(tui.row('quit')).toMatch(/\^Y filter/);
		await tui.press('<ctrl+y> etcd');
		await tui.until('(1 of 8)');
		await tui.press('<escape>');
		await tui.until('Pods (8)');
		await tui.press('x x');
		await tui.until('unhealthy only');
		await tui.press('x x');
		await tui.until('Pods (8)');
		await tui.press('?');
		await tui.until(/\^Y +Filter the list/);
		expect(tui.row('Show only what is unhealthy')).toMatch(/x ?x/);
		await tui.press('<escape> <escape> <ctrl+q>');
		expect((await tui.exit).exitCode).toBe(0);
	});

	test('the file of the home is read; theme, columns and read_only count', async () => {
		const text =
			'[ui]\ntheme = "mono"\nread_only = true\n[ui.columns]\npods = ["name", "state", "restarts"]\n';
		node.writeFile('home/.config/criscope/config.toml', text);
		await using tui = node.start({ home: `${node.dir}/home`, columns: 120, rows: 40 });
		await tui.until(/NAME +STATE +RST$/m);
		await tui.until('read-only');
		expect(tui.styledScreen().split('\n---\n')[1]).not.toMatch(/fg=/);
		await tui.press('D');
		await tui.until('read_only = true');
	});
});
