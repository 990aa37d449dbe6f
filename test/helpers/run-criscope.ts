import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));

/** What came of one run of the program without a terminal. */
export type Ran = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string };

/**
 * Runs criscope (built before) without a terminal, to its end.
 *
 * @param options.env on top of PATH, LANG, a home that does not exist, and no runtime on demand
 * @param options.stdin what it reads; nothing when not given
 */
export function runCriscope(
	args: readonly string[],
	options: { readonly env?: Readonly<Record<string, string>>; readonly stdin?: string | Uint8Array } = {},
): Promise<Ran> {
	const { promise, resolve, reject } = Promise.withResolvers<Ran>();
	const { PATH = '' } = process.env;
	const child = spawn(
		path.join(rootDir, 'node_modules/.bin/node'),
		['--', path.join(rootDir, 'dist/main.js'), ...args],
		{
			env: {
				PATH,
				HOME: '/nonexistent',
				LANG: 'C.UTF-8',
				TZ: 'UTC',
				CRISCOPE_EMBEDDED: 'off',
				...options.env,
			},
			timeout: 50_000,
		},
	);
	let [stdout, stderr] = ['', ''];
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
	});
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	child.stdin.on('error', () => undefined);
	child.stdin.end(options.stdin ?? '');
	child.once('error', reject);
	child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
	return promise;
}
