/** OCI hooks that the administrator put into folders. Source: containers/common, oci-hooks(5), version 1.0.0. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { StringMap } from '../../cri/model.ts';
import { errnoCode } from '../sys/errno.ts';
import type { OciSpec } from './model.ts';
import { readCount, readFlag, readRecord, readText, readTexts } from './spec-json.ts';

/** As they stand in a spec, by stage. */
export type OciHooks = NonNullable<OciSpec['hooks']>;

/** One of them. */
export type OciHook = OciHooks[string][number];

/** When a process of the container's life a hook can run. Source: config.md, POSIX-platform hooks. */
export const hookStages = [
	'prestart',
	'createRuntime',
	'createContainer',
	'startContainer',
	'poststart',
	'poststop',
] as const;

/** A hook of a file, with what it wants to be asked for. */
export type HookRule = {
	readonly file: string;
	readonly hook: OciHook;
	readonly stages: readonly string[];
	/** All that are given have to hold, and one has to be given. */
	readonly when: {
		readonly always: boolean | undefined;
		readonly annotations: readonly (readonly [key: RegExp, value: RegExp])[];
		readonly commands: readonly RegExp[];
		readonly hasBindMounts: boolean | undefined;
	};
};

/**
 * All hooks of these folders, in the order of their files' names; a file of a later folder takes the place of one of the same
 * name. A folder that is missing is no error.
 * @returns also what could not be read, as sentences: one broken file must not stop every container
 */
export function loadHooks(dirs: readonly string[]): {
	readonly rules: readonly HookRule[];
	readonly problems: readonly string[];
} {
	const files = new Map<string, string>();
	const problems: string[] = [];
	for (const dir of dirs) {
		try {
			for (const name of readdirSync(dir)) {
				if (name.endsWith('.json')) files.set(name, path.join(dir, name));
			}
		} catch (error) {
			if (errnoCode(error) !== 'ENOENT')
				problems.push(`cannot read hooks of "${dir}": ${(error as Error).message}`);
		}
	}
	const rules: HookRule[] = [];
	const ordered = [...files].sort(([a], [b]) => compare(a.toLowerCase(), b.toLowerCase()) || compare(a, b));
	for (const [, file] of ordered) {
		try {
			rules.push(parseHook(file, JSON.parse(readFileSync(file, 'utf8'))));
		} catch (error) {
			problems.push(`cannot read hook "${file}": ${(error as Error).message}`);
		}
	}
	return { rules, problems };
}

function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** @throws Error saying what is wrong */
export function parseHook(file: string, value: unknown): HookRule {
	const { version, hook, when, stages } = readRecord(value, 'the file');
	if (version !== '1.0.0') throw new Error(`version "${String(version)}" is not 1.0.0`);
	const { path: program, args, env, timeout } = readRecord(hook, 'hook');
	if (typeof program !== 'string' || !path.isAbsolute(program)) throw new Error('hook.path is not absolute');
	const seconds = readCount(timeout, 'hook.timeout');
	const conditions = readRecord(when ?? {}, 'when');
	const names = readTexts(stages, 'stages');
	const unknown = names.find((name) => !hookStages.some((stage) => stage === name));
	if (unknown !== undefined) throw new Error(`stage "${unknown}" is unknown`);
	if (names.length === 0) throw new Error('it names no stage');
	return {
		file,
		hook: {
			path: program,
			...(args !== undefined && { args: readTexts(args, 'hook.args') }),
			...(env !== undefined && { env: readTexts(env, 'hook.env') }),
			...(seconds !== undefined && { timeout: seconds }),
		},
		stages: names,
		when: {
			always: readFlag(conditions['always'], 'when.always'),
			annotations: Object.entries(readRecord(conditions['annotations'] ?? {}, 'when.annotations')).map(
				([key, pattern]) => [new RegExp(key), new RegExp(readText(pattern, 'when.annotations'))] as const,
			),
			commands: readTexts(conditions['commands'], 'when.commands').map((pattern) => new RegExp(pattern)),
			hasBindMounts: readFlag(conditions['hasBindMounts'], 'when.hasBindMounts'),
		},
	};
}

/** What a container is asked about. */
export type HookSubject = {
	readonly annotations: StringMap;
	readonly args: readonly string[];
	readonly hasBindMounts: boolean;
};

/** The hooks that want to run for a container. Pure. */
export function matchHooks(rules: readonly HookRule[], subject: HookSubject): OciHooks {
	const hooks: Record<string, OciHook[]> = {};
	for (const rule of rules) {
		if (!isWanted(rule.when, subject)) continue;
		for (const stage of rule.stages) {
			hooks[stage] ??= [];
			hooks[stage].push(rule.hook);
		}
	}
	return hooks;
}

/** @returns the hooks of both; those of the first run first */
export function joinHooks(first: OciHooks, second: OciHooks): OciHooks {
	const joined: Record<string, readonly OciHook[]> = { ...first };
	for (const [stage, hooks] of Object.entries(second)) joined[stage] = [...(joined[stage] ?? []), ...hooks];
	return joined;
}

function isWanted(when: HookRule['when'], { annotations, args, hasBindMounts }: HookSubject): boolean {
	const answers: boolean[] = [];
	if (when.always !== undefined) answers.push(when.always);
	if (when.hasBindMounts !== undefined) answers.push(when.hasBindMounts && hasBindMounts);
	for (const [key, value] of when.annotations) {
		answers.push(Object.entries(annotations).some(([name, text]) => key.test(name) && value.test(text)));
	}
	if (when.commands.length > 0) answers.push(when.commands.some((pattern) => pattern.test(args[0] ?? '')));
	return answers.length > 0 && answers.every((answer) => answer);
}
