/**
 * Files and folders that the configuration names, looked at before anything depends on them: at the start, and when it is read
 * anew. What every container needs must be there. Source: cri-o 1.36, which passes a missing seccomp profile over; we do not,
 * since the built-in one may allow what the administrator's forbids.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorMessage, InvalidArgumentError } from '../../cri/errors.ts';
import { parseDevice } from '../oci/devices.ts';
import type { HandlerConfig } from '../oci/model.ts';
import { parseProfile } from '../oci/seccomp-profile.ts';
import { errnoCode } from '../sys/errno.ts';
import type { ConfigValues } from './config-file.ts';

/** Where tzdata puts what the names of timezones stand for. */
const zonesDir = '/usr/share/zoneinfo';

/**
 * Looks at all of them.
 * @param handlers the default first, as they are now
 * @returns sentences about what is missing and can be done without
 * @throws InvalidArgumentError naming key, file and line of what cannot
 */
export function checkNamedFiles(values: ConfigValues, handlers: readonly HandlerConfig[]): readonly string[] {
	for (const [key, problemOf] of needed) {
		const value = values.get(key)?.value;
		if (value === undefined || value === '') continue;
		for (const named of Array.isArray(value) ? value : [value]) {
			const problem = problemOf(String(named));
			if (problem === undefined) continue;
			throw new InvalidArgumentError(
				`cannot use configuration${placeOf(values, key)}: "${key}" names ${problem}`,
			);
		}
	}
	const folders = wanted.flatMap((key) => {
		const value = values.get(key)?.value;
		const named = Array.isArray(value) ? value : value === undefined || value === '' ? [] : [value];
		return named.flatMap((dir: string) => {
			const problem = folderProblem(dir);
			return problem === undefined ? [] : [`"${key}" (${placeOf(values, key).trim()}) names ${problem}`];
		});
	});
	const tableOf = (name: string) => {
		const table = `crio.runtime.runtimes.${name}`;
		return placeOf(values, values.has(`${table}.runtime_path`) ? `${table}.runtime_path` : table);
	};
	const [first, ...others] = handlers;
	if (first?.unavailable !== undefined) {
		throw new InvalidArgumentError(`cannot use configuration${tableOf(first.name)}: ${first.unavailable}`);
	}
	const refused = others.flatMap(({ name, unavailable }) =>
		unavailable === undefined
			? []
			: [`runtime handler "${name}" (${tableOf(name).trim()}) cannot be used: ${unavailable}`],
	);
	return [...folders, ...refused];
}

/** What is wrong with a program, beginning with its path; undefined where it can be run. */
export function programProblem(file: string): string | undefined {
	const problem = fileProblem(file);
	if (problem !== undefined) return problem;
	try {
		accessSync(file, constants.X_OK);
		return undefined;
	} catch {
		return `"${file}", which is not executable`;
	}
}

/** ` "FILE" line N`; '' for what no file sets. */
export function placeOf(values: ConfigValues, key: string): string {
	const { file, line } = values.get(key) ?? {};
	return file === undefined ? '' : ` "${file}"${line === undefined ? '' : ` line ${line}`}`;
}

/** Without these nothing would run as it was meant to. */
const needed: readonly (readonly [key: string, problemOf: (named: string) => string | undefined])[] = [
	['crio.runtime.conmon', programProblem],
	['crio.runtime.seccomp_profile', profileProblem],
	['crio.runtime.privileged_seccomp_profile', profileProblem],
	['crio.runtime.timezone', timezoneProblem],
	['crio.runtime.additional_devices', (device) => pathProblem(parseDevice(device).hostPath)],
	['crio.image.signature_policy', fileProblem],
	['crio.image.global_auth_file', fileProblem],
];

/** What may be put there later, and is found then. */
const wanted = ['crio.runtime.hooks_dir', 'crio.network.network_dir', 'crio.network.plugin_dirs'];

function pathProblem(named: string): string | undefined {
	try {
		statSync(named);
		return undefined;
	} catch (error) {
		const isAbsent = ['ENOENT', 'ENOTDIR'].includes(errnoCode(error) ?? '');
		return `"${named}", which ${isAbsent ? 'is not there' : `cannot be looked at: ${errorMessage(error)}`}`;
	}
}

function fileProblem(named: string): string | undefined {
	return pathProblem(named) ?? (statSync(named).isDirectory() ? `"${named}", which is a folder` : undefined);
}

function folderProblem(named: string): string | undefined {
	return pathProblem(named) ?? (statSync(named).isDirectory() ? undefined : `"${named}", which is no folder`);
}

function profileProblem(named: string): string | undefined {
	const problem = fileProblem(named);
	if (problem !== undefined) return problem;
	try {
		parseProfile(JSON.parse(readFileSync(named, 'utf8')));
		return undefined;
	} catch (error) {
		return `"${named}", which is no seccomp profile: ${errorMessage(error)}`;
	}
}

function timezoneProblem(name: string): string | undefined {
	if (name.toLowerCase() === 'local') return undefined;
	const file = path.join(zonesDir, name);
	const isZone = file.startsWith(`${zonesDir}/`) && fileProblem(file) === undefined;
	return isZone ? undefined : `"${name}", a timezone that this host does not know`;
}
