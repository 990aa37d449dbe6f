/** The file format of seccomp profiles that Docker, Podman and CRI-O share: OCI's, with conditions. Source: containers/common. */
import os from 'node:os';

/** When a rule counts; empty lists and undefined say nothing. */
export type SeccompCondition = {
	readonly caps: readonly string[];
	/** In Go's words: `amd64`, `arm64`. */
	readonly arches: readonly string[];
	/** `[4, 8]` */
	readonly minKernel: readonly [number, number] | undefined;
};

export type SeccompArg = {
	readonly index: number;
	readonly value: number;
	readonly valueTwo: number;
	readonly op: string;
};

export type SeccompRule = {
	readonly names: readonly string[];
	readonly action: string;
	readonly errnoRet: number | undefined;
	readonly args: readonly SeccompArg[];
	readonly includes: SeccompCondition;
	readonly excludes: SeccompCondition;
};

export type SeccompProfile = {
	readonly defaultAction: string;
	readonly defaultErrnoRet: number | undefined;
	/** As they are to be used; or by machine. */
	readonly architectures: readonly string[];
	readonly archMap: readonly {
		readonly architecture: string;
		readonly subArchitectures: readonly string[];
	}[];
	readonly flags: readonly string[];
	readonly syscalls: readonly SeccompRule[];
};

const actions = new Set(
	'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY'
		.split(' ')
		.map((name) => `SCMP_ACT_${name}`),
);
const operators = new Set('NE LT LE EQ GE GT MASKED_EQ'.split(' ').map((name) => `SCMP_CMP_${name}`));

/** @throws Error saying what of it is wrong; a filter that is not what somebody meant is worse than none */
export function parseProfile(value: unknown): SeccompProfile {
	const profile = record(value, 'the profile');
	const architectures = strings(profile['architectures'], 'architectures');
	const archMap = list(profile['archMap'], 'archMap').map((entry) => {
		const { architecture, subArchitectures } = record(entry, 'archMap');
		return {
			architecture: string(architecture, 'archMap.architecture'),
			subArchitectures: strings(subArchitectures, 'archMap.subArchitectures'),
		};
	});
	if (architectures.length > 0 && archMap.length > 0)
		throw new Error('it has both architectures and archMap');
	return {
		defaultAction: oneOf(actions, profile['defaultAction'], 'defaultAction'),
		defaultErrnoRet: errnoOf(profile['defaultErrno'], profile['defaultErrnoRet'], 'defaultErrno'),
		architectures,
		archMap,
		flags: strings(profile['flags'], 'flags'),
		syscalls: list(profile['syscalls'], 'syscalls').map((entry, index) =>
			parseRule(entry, `syscalls[${index}]`),
		),
	};
}

function parseRule(value: unknown, where: string): SeccompRule {
	const rule = record(value, where);
	const names = strings(rule['names'], `${where}.names`);
	const name = rule['name'] === undefined ? '' : string(rule['name'], `${where}.name`);
	if (name !== '' && names.length > 0) throw new Error(`${where} has both name and names`);
	if (name === '' && names.length === 0) throw new Error(`${where} names no system call`);
	return {
		names: name === '' ? names : [name],
		action: oneOf(actions, rule['action'], `${where}.action`),
		errnoRet: errnoOf(rule['errno'], rule['errnoRet'], `${where}.errno`),
		args: list(rule['args'], `${where}.args`).map((entry) => parseArg(entry, `${where}.args`)),
		includes: parseCondition(rule['includes'], `${where}.includes`),
		excludes: parseCondition(rule['excludes'], `${where}.excludes`),
	};
}

function parseArg(value: unknown, where: string): SeccompArg {
	const arg = record(value, where);
	return {
		index: count(arg['index'], `${where}.index`),
		value: count(arg['value'] ?? 0, `${where}.value`),
		valueTwo: count(arg['valueTwo'] ?? 0, `${where}.valueTwo`),
		op: oneOf(operators, arg['op'], `${where}.op`),
	};
}

function parseCondition(value: unknown, where: string): SeccompCondition {
	const condition = value === undefined || value === null ? {} : record(value, where);
	return {
		caps: strings(condition['caps'], `${where}.caps`),
		arches: strings(condition['arches'], `${where}.arches`),
		minKernel: (condition['minKernel'] ?? '') === '' ? undefined : kernelOf(condition['minKernel'], where),
	};
}

function kernelOf(value: unknown, where: string): readonly [number, number] {
	const match = /^(\d+)\.(\d+)$/.exec(string(value, `${where}.minKernel`));
	if (match === null) throw new Error(`${where}.minKernel "${String(value)}" is not of the form 4.8`);
	return [Number(match[1]), Number(match[2])];
}

/** A name wins over a number, as with containers/common. */
function errnoOf(name: unknown, number: unknown, where: string): number | undefined {
	if (typeof name === 'string' && name !== '') {
		const known = (os.constants.errno as Readonly<Record<string, number>>)[name] ?? Number(name);
		if (!Number.isInteger(known)) throw new Error(`${where} "${name}" is no errno`);
		return known;
	}
	return number === undefined || number === null ? undefined : count(number, `${where}Ret`);
}

function record(value: unknown, what: string): Readonly<Record<string, unknown>> {
	if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
		return value as Readonly<Record<string, unknown>>;
	}
	throw new Error(`${what} is no object`);
}

function list(value: unknown, what: string): readonly unknown[] {
	if (value === undefined || value === null) return [];
	if (Array.isArray(value)) return value;
	throw new Error(`${what} is no list`);
}

function string(value: unknown, what: string): string {
	if (typeof value === 'string') return value;
	throw new Error(`${what} is no string`);
}

function strings(value: unknown, what: string): readonly string[] {
	return list(value, what).map((entry) => string(entry, what));
}

/** Larger ones would be rounded on their way to the kernel. */
function count(value: unknown, what: string): number {
	if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
	throw new Error(`${what} ${String(value)} is not a number between 0 and ${Number.MAX_SAFE_INTEGER}`);
}

function oneOf(known: ReadonlySet<string>, value: unknown, what: string): string {
	const text = string(value, what);
	if (known.has(text)) return text;
	throw new Error(`${what} "${text}" is unknown`);
}
