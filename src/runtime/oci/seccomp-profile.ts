/** The file format of seccomp profiles that Docker, Podman and CRI-O share: OCI's, with conditions. Source: containers/common. */
import os from 'node:os';
import { readCount, readList, readRecord, readText, readTexts } from './spec-json.ts';

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
	const profile = readRecord(value, 'the profile');
	const architectures = readTexts(profile['architectures'], 'architectures');
	const archMap = readList(profile['archMap'], 'archMap').map((entry) => {
		const { architecture, subArchitectures } = readRecord(entry, 'archMap');
		return {
			architecture: readText(architecture, 'archMap.architecture'),
			subArchitectures: readTexts(subArchitectures, 'archMap.subArchitectures'),
		};
	});
	if (architectures.length > 0 && archMap.length > 0)
		throw new Error('it has both architectures and archMap');
	return {
		defaultAction: oneOf(actions, profile['defaultAction'], 'defaultAction'),
		defaultErrnoRet: errnoOf(profile['defaultErrno'], profile['defaultErrnoRet'], 'defaultErrno'),
		architectures,
		archMap,
		flags: readTexts(profile['flags'], 'flags'),
		syscalls: readList(profile['syscalls'], 'syscalls').map((entry, index) =>
			parseRule(entry, `syscalls[${index}]`),
		),
	};
}

function parseRule(value: unknown, where: string): SeccompRule {
	const rule = readRecord(value, where);
	const names = readTexts(rule['names'], `${where}.names`);
	const name = rule['name'] === undefined ? '' : readText(rule['name'], `${where}.name`);
	if (name !== '' && names.length > 0) throw new Error(`${where} has both name and names`);
	if (name === '' && names.length === 0) throw new Error(`${where} names no system call`);
	return {
		names: name === '' ? names : [name],
		action: oneOf(actions, rule['action'], `${where}.action`),
		errnoRet: errnoOf(rule['errno'], rule['errnoRet'], `${where}.errno`),
		args: readList(rule['args'], `${where}.args`).map((entry) => parseArg(entry, `${where}.args`)),
		includes: parseCondition(rule['includes'], `${where}.includes`),
		excludes: parseCondition(rule['excludes'], `${where}.excludes`),
	};
}

function parseArg(value: unknown, where: string): SeccompArg {
	const arg = readRecord(value, where);
	return {
		index: readCount(arg['index'], `${where}.index`) ?? 0,
		value: readCount(arg['value'], `${where}.value`) ?? 0,
		valueTwo: readCount(arg['valueTwo'], `${where}.valueTwo`) ?? 0,
		op: oneOf(operators, arg['op'], `${where}.op`),
	};
}

function parseCondition(value: unknown, where: string): SeccompCondition {
	const condition = value === undefined || value === null ? {} : readRecord(value, where);
	return {
		caps: readTexts(condition['caps'], `${where}.caps`),
		arches: readTexts(condition['arches'], `${where}.arches`),
		minKernel: (condition['minKernel'] ?? '') === '' ? undefined : kernelOf(condition['minKernel'], where),
	};
}

function kernelOf(value: unknown, where: string): readonly [number, number] {
	const match = /^(\d+)\.(\d+)$/.exec(readText(value, `${where}.minKernel`));
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
	return readCount(number, `${where}Ret`);
}

function oneOf(known: ReadonlySet<string>, value: unknown, what: string): string {
	const text = readText(value, what);
	if (known.has(text)) return text;
	throw new Error(`${what} "${text}" is unknown`);
}
