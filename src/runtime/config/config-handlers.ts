/** The table [crio.runtime.runtimes] over the runtimes that are installed. */
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import { didYouMean } from '../../text/suggest.ts';
import { findProgram } from '../default-handlers.ts';
import type { HandlerConfig } from '../oci/model.ts';
import type { ConfigValues } from './config-file.ts';
import { placeOf, programProblem } from './named-files.ts';

const table = 'crio.runtime.runtimes.';

/** Least memory that a container starts in, in bytes. Source: cri-o 1.36, the default of container_min_memory */
const minimumMemoryBytes = 12 * 2 ** 20;

/**
 * @param installed those found on the search path; a table of the same name changes what it names
 * @returns the default first
 * A program that is not there makes a handler unavailable.
 * @throws InvalidArgumentError for a default that is none of them
 */
export function handlersOf(
	values: ConfigValues,
	installed: readonly HandlerConfig[],
	{ runDir, searchPath }: { readonly runDir: string; readonly searchPath: string },
): readonly HandlerConfig[] {
	const named = [...values.keys()]
		.filter((key) => key.startsWith(table))
		.map((key) => key.slice(table.length))
		.filter((rest) => !rest.includes('.'));
	const names = [...new Set([...named, ...installed.map(({ name }) => name)])];
	const defaultName = text(values, 'crio.runtime.default_runtime') ?? installed[0]?.name ?? names[0];
	if (defaultName !== undefined && !names.includes(defaultName)) {
		const known = names.map((name) => `"${name}"`).join(', ') || 'none';
		throw wrong(
			values,
			'crio.runtime.default_runtime',
			`there is no runtime "${defaultName}", known are ${known}${didYouMean(defaultName, names)}`,
		);
	}
	const monitorPath = text(values, 'crio.runtime.conmon') ?? findProgram('conmon', searchPath) ?? 'conmon';
	const monitorEnv = list(values, 'crio.runtime.conmon_env') ?? [];
	const make = (name: string, inherited?: HandlerConfig): HandlerConfig => {
		const key = (own: string) => `${table}${name}.${own}`;
		const below = inherited ?? installed.find((one) => one.name === name);
		const type = text(values, key('runtime_type')) === 'vm' ? 'vm' : (below?.type ?? 'oci');
		const program =
			inherited?.path ?? text(values, key('runtime_path')) ?? below?.path ?? findProgram(name, searchPath);
		const monitor = text(values, key('monitor_path')) ?? monitorPath;
		const problems: readonly (string | undefined)[] = [
			// A virtual machine's is refused when it is asked for: until then nobody needs its program.
			...(type === 'vm'
				? []
				: program === undefined
					? [`there is no program "${name}": install it, or set runtime_path`]
					: [namedProblem(values, key('runtime_path'), program)]),
			namedProblem(values, key('monitor_path'), monitor),
		];
		return {
			name,
			path: program ?? name,
			root: inherited?.root ?? text(values, key('runtime_root')) ?? below?.root ?? path.join(runDir, name),
			type,
			privilegedWithoutHostDevices: values.get(key('privileged_without_host_devices'))?.value === true,
			allowedAnnotations: list(values, key('allowed_annotations')) ?? [],
			monitorPath: monitor,
			monitorCgroup: '',
			monitorEnv: list(values, key('monitor_env')) ?? monitorEnv,
			minimumMemoryBytes:
				(values.get(key('container_min_memory'))?.value as number | undefined) ??
				below?.minimumMemoryBytes ??
				minimumMemoryBytes,
			unavailable: problems.find((problem) => problem !== undefined),
		};
	};
	if (defaultName === undefined) return [];
	const first = make(defaultName);
	const others = names.filter((name) => name !== defaultName);
	return [
		first,
		...others.map((name) =>
			make(name, values.get(`${table}${name}.inherit_default_runtime`)?.value === true ? first : undefined),
		),
	];
}

/** Undefined for a program that can be run, or that nobody has named: the search path has found that one. */
function namedProblem(values: ConfigValues, key: string, program: string): string | undefined {
	if (text(values, key) === undefined) return undefined;
	const problem = programProblem(program);
	return problem && `"${key}" names ${problem}`;
}

function text(values: ConfigValues, key: string): string | undefined {
	return (values.get(key)?.value as string | undefined) || undefined;
}

function list(values: ConfigValues, key: string): readonly string[] | undefined {
	return values.get(key)?.value as readonly string[] | undefined;
}

function wrong(values: ConfigValues, key: string, cause: string): InvalidArgumentError {
	return new InvalidArgumentError(`cannot use configuration${placeOf(values, key)}: ${cause}`);
}
