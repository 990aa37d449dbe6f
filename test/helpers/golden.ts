import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tui } from './tui.ts';

/** How a screen is compared. */
export type GoldenOptions = {
	/** Replaces what differs from run to run (ages, ids, host names). Keep widths, or the style spans will not fit. */
	readonly mask?: (screen: string) => string;
	/** false: the text alone. Default true. */
	readonly styles?: boolean;
	/** How long the screen may take to become the golden one. Default 5 s. */
	readonly timeoutMs?: number;
};

const screensDir = fileURLToPath(new URL('../screens/', import.meta.url));

/**
 * Compares a screen with test/screens/<name>.txt: the text grid, `---`, style spans. Waits until it is the same. With
 * UPDATE_SCREENS=1 it writes the file instead, once the screen has come to rest.
 *
 * @throws Error with both screens when they differ
 */
export async function compareWithGolden(tui: Tui, name: string, options: GoldenOptions = {}): Promise<void> {
	const { mask = (screen: string) => screen, styles = true, timeoutMs = 20_000 } = options;
	const file = path.join(screensDir, `${name}.txt`);
	const actual = () => `${mask(styles ? tui.styledScreen() : tui.screen())}\n`;
	if (process.env['UPDATE_SCREENS'] === '1') {
		await tui.untilQuiet(500);
		mkdirSync(path.dirname(file), { recursive: true });
		writeFileSync(file, actual());
		return;
	}
	if (!existsSync(file)) {
		throw new Error(
			`cannot compare with "${file}": there is none, write it with UPDATE_SCREENS=1; now:\n${actual()}`,
		);
	}
	const expected = readFileSync(file, 'utf8');
	try {
		await tui.until(() => actual() === expected, timeoutMs);
	} catch (error) {
		const now = actual();
		if (now === expected) return;
		throw new Error(
			`the screen is not "${name}" (UPDATE_SCREENS=1 takes it over)\n` +
				`── expected\n${expected}── actual\n${now}── differing lines\n${differences(expected, now)}`,
			{ cause: error },
		);
	}
}

/** The lines that differ, expected and actual below each other, at most 20 pairs. */
export function differences(expected: string, actual: string): string {
	const expectedLines = expected.split('\n');
	const actualLines = actual.split('\n');
	const count = Math.max(expectedLines.length, actualLines.length);
	return Array.from({ length: count }, (_, index) => index)
		.filter((index) => expectedLines[index] !== actualLines[index])
		.slice(0, 20)
		.map((index) => `${index} - ${expectedLines[index] ?? ''}\n${index} + ${actualLines[index] ?? ''}`)
		.join('\n');
}
