/**
 * What a person sees, as golden screens: every view of the inspector's core in every size and kind of terminal, on
 * a node where nothing differs from run to run. Read the files in test/screens before you take new ones over.
 */
import { afterAll, beforeAll, describe, test } from 'vitest';
import { type FakeNode, fakeNodeRequirements, startFakeNode } from '../helpers/fake-node.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import type { Tui } from '../helpers/tui.ts';

const missing = whatIsMissing(...fakeNodeRequirements);

/** Ways to be a terminal: what the environment says of it. */
const terminals = {
	truecolor: {},
	colors16: { TERM: 'xterm', COLORTERM: undefined },
	linux: { TERM: 'linux', COLORTERM: undefined },
	nocolor: { NO_COLOR: '1' },
	ascii: { LANG: 'C' },
} as const;

const sizes = [
	[80, 24],
	[120, 40],
	[40, 12],
	[200, 60],
] as const;

/** Sparklines fill up soon, and stand still then, since what the fake uses never changes. */
const filling = '[ui]\nstats_seconds = 0.5\n';
/** Usage is measured once, so that there is nothing to wait for. */
const measuredOnce = '[ui]\nstats_seconds = 3600\n';

/** A view: the keys that lead to it from the main screen, what it shows then, and the keys back. */
type View = readonly [name: string, keys: string, until: string | RegExp, back: string];

const views: readonly View[] = [
	['main', '', /Pods \(8\)/, ''],
	['filter', '/ cor', /\(\d+ of 8\)[\s\S]*\/cor/, '<escape> g'],
	['unhealthy', '!', /Pods \(3 of 8\)/, '! g'],
	['help', '?', 'Keys that work here', '<escape>'],
	['palette', ':', 'type to find', '<escape>'],
	['columns', 'o', 'Columns of pods', '<escape>'],
	['marks', 'j <space> j v j', /3 marked/, '<escape> <escape> g'],
	['containers-of-all-by-memory', '2 a o j j j j j <enter> <escape>', /Containers \(16\)[\s\S]*MEM/, ''],
];

/** Golden screens are waited for; only one that is to be written must have come to rest. */
const restMs = process.env['UPDATE_SCREENS'] === '1' ? 1_500 : 0;

async function ready(tui: Tui): Promise<void> {
	// Facts come in batches after the lists: limits and IPs are what comes last.
	await tui.until(/live/);
	await tui.until(/OOMKilled|CrashLoop|Error 1/);
	await tui.untilQuiet(restMs);
}

async function show(tui: Tui, [, keys, until]: View): Promise<void> {
	await tui.press(keys);
	await tui.until(until);
}

describe.skipIf(missing)(`golden screens${missing ?? ''}`, () => {
	let node: FakeNode;
	beforeAll(async () => {
		node = await startFakeNode();
	});
	afterAll(() => node[Symbol.asyncDispose]());

	const cases = Object.keys(terminals).flatMap((terminal) =>
		sizes
			.filter(([columns]) => terminal === 'truecolor' || columns <= 80)
			.map(([columns, rows]) => [terminal as keyof typeof terminals, columns, rows] as const),
	);

	test.each(cases)('%s %dx%d', async (terminal, columns, rows) => {
		await using tui = node.start({
			columns,
			rows,
			env: terminals[terminal],
			args: [
				'-r',
				node.endpoint,
				'--config',
				node.writeFile(`${terminal}.toml`, terminal === 'truecolor' ? filling : measuredOnce),
			],
		});
		await ready(tui);
		for (const view of views) {
			// Without colour only what differs by it is worth a file.
			if (terminal !== 'truecolor' && !['main', 'filter', 'help', 'marks'].includes(view[0])) continue;
			await show(tui, view);
			await tui.matches(`${view[0]}-${terminal}-${columns}x${rows}`, { timeoutMs: 20_000 });
			await tui.press(view[3]);
		}
	});

	test.each(sizes)('read-only %dx%d', async (columns, rows) => {
		await using tui = node.start({
			columns,
			rows,
			args: ['-r', node.endpoint, '--read-only', '--config', node.writeFile('read-only.toml', measuredOnce)],
		});
		await ready(tui);
		await tui.matches(`read-only-${columns}x${rows}`, { timeoutMs: 20_000 });
	});
});
