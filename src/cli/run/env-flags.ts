/** Variables of a container: `--env`, `--env-file`. */
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { UsageError } from '../usage-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

function pairOf(text: string, written: string, env: Env): readonly [string, string] | undefined {
	const equals = text.indexOf('=');
	const name = equals < 0 ? text : text.slice(0, equals);
	if (name === '' || /[\s\0]/u.test(name))
		throw new UsageError(`${written} is NAME=VALUE or NAME, not "${text}"`);
	if (equals >= 0) return [name, text.slice(equals + 1)];
	const value = env[name];
	// As Podman: a variable that this shell does not have is not set.
	return value === undefined ? undefined : [name, value];
}

/** Lines of an `--env-file`: comments and empty lines are skipped. */
export function envFileLines(text: string): readonly string[] {
	return text
		.split('\n')
		.map((line) => line.replace(/\r$/u, '').replace(/^\s+/u, ''))
		.filter((line) => line !== '' && !line.startsWith('#'));
}

/**
 * All variables, the later one of a name winning, flags over files.
 * @param files text of each file, by its name
 * @param env what a bare name is taken from
 * @throws UsageError that names the flag or the file.
 */
export function envsOf(
	flags: readonly string[],
	files: readonly { readonly path: string; readonly text: string }[],
	env: Env,
): readonly ProtocolMessage[] {
	const filed = files.flatMap(({ path, text }) =>
		envFileLines(text).map((line) => pairOf(line, `a line of "${path}"`, env)),
	);
	const given = flags.map((flag) => pairOf(flag, 'flag --env', env));
	const merged = new Map([...filed, ...given].filter((pair) => pair !== undefined));
	return [...merged].map(([key, value]) => ({ key, value: Buffer.from(value, 'utf8') }));
}
