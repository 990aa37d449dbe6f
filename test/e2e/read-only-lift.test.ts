/** `:rw` in an inspector that the login banner opened: refused before, allowed after a yes, refused after `:ro`; all in the trail. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startFakeCriServer } from '../fakes/cri-server.ts';
import { eventually } from '../helpers/child-process.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { startTui, type Tui } from '../helpers/tui.ts';

const waitMs = 60_000;
const criscope = fileURLToPath(new URL('../../bin/criscope', import.meta.url));

/** Types a command; waits between the keys, since a busy machine joins them. */
async function command(tui: Tui, text: string): Promise<void> {
	await tui.press(':');
	await tui.until(/\n\s*:/, waitMs);
	tui.type(text);
	await tui.until(`:${text}`, waitMs);
	await tui.press('<enter>');
}

test(
	':rw lets changes through for a while, and :ro ends that',
	async () => {
		const dir = tempDir();
		const server = await startFakeCriServer({
			socketPath: path.join(dir, 'cri.sock'),
			pods: 2,
			containers: 1,
		});
		try {
			await using tui = startTui({
				command: [criscope, '--from-banner', '-r', server.endpoint],
				home: dir,
				columns: 120,
				rows: 40,
			});
			const stops = () => server.callCounts.get('StopPodSandbox') ?? 0;
			await tui.until(/read-only[\s\S]*Pods \(2\)/, waitMs);
			await tui.press('S');
			await tui.until('opened from the login banner; :rw allows changes for ten minutes', waitMs);

			await command(tui, 'rw');
			await tui.until('▶[ Cancel ]', waitMs);
			await tui.press('<enter>');
			await tui.until(() => !tui.screen().includes('[ Allow ]'), waitMs);
			await tui.press('S');
			await tui.until('opened from the login banner', waitMs);
			expect(tui.screen()).not.toContain('Stop pod');

			await command(tui, 'rw');
			await tui.until('▶[ Cancel ]', waitMs);
			await tui.press('y');
			// Ten minutes, less what has gone by since.
			await tui.until(/read-write (?:10m|\d+m)/, waitMs);
			await tui.press('S');
			await tui.until('Stop pod', waitMs);
			await tui.press('y');
			await eventually('the runtime to hear of it', () => stops() === 1);
			await tui.until(() => !tui.screen().includes('Stop pod'), waitMs);

			await command(tui, 'ro');
			await tui.until(/read-only/, waitMs);
			await tui.press('S');
			await tui.until('opened from the login banner', waitMs);
			expect(tui.screen()).not.toContain('Stop pod');
			expect(stops()).toBe(1);

			const trail = path.join(dir, '.local/state/criscope/audit.log');
			const verbs = () =>
				readFileSync(trail, 'utf8')
					.trimEnd()
					.split('\n')
					.map((line) => {
						const { verb, object, result } = JSON.parse(line) as Record<string, string & { kind: string }>;
						return `${verb} ${object?.kind} ${result?.split(':')[0]}`;
					});
			await eventually('the trail', () => verbs().length === 4);
			expect(verbs()).toEqual([
				'lift read-only session done',
				'stop pod begun',
				'stop pod done',
				'restore read-only session done',
			]);
			expect(statSync(trail).mode & 0o777).toBe(0o600);
		} finally {
			await server.stop();
		}
	},
	4 * waitMs,
);
