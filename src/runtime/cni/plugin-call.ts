/** One verb of one CNI plugin: found, run, and its answer read. Source: CNI spec 1.1, sections 2 and 5 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { errnoCode } from '../sys/errno.ts';
import { type PluginEnd, type PluginRunOptions, runPlugin } from './plugin-process.ts';
import { CniError } from './pod-network.ts';

/** What plugins can be told to do. */
export type CniVerb = 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';

/** Whose interface it is about; empty strings where there is none. */
export type CniTarget = {
	readonly containerId: string;
	/** '' where the namespace is gone. */
	readonly netns: string;
	readonly interface: string;
	readonly args: string;
};

/** For GC, STATUS and VERSION. */
export const noTarget: CniTarget = { containerId: '', netns: '', interface: '', args: '' };

/** One call. */
export type PluginCall = {
	/** Where plugins lie, the first that has it wins. */
	readonly binDirs: readonly string[];
	readonly type: string;
	readonly verb: CniVerb;
	/** The whole of its stdin. */
	readonly config: Readonly<Record<string, unknown>>;
	readonly target: CniTarget;
	readonly timeoutMs: number;
};

/** Most of what a plugin said that becomes part of an error. */
const maxQuoteLength = 400;

/**
 * @returns what it printed as JSON; undefined where it printed nothing
 * @throws CniError in every case but an abort, whose reason is thrown
 */
export async function callPlugin(
	{ binDirs, type, verb, config, target, timeoutMs }: PluginCall,
	options: PluginRunOptions = {},
): Promise<unknown> {
	const file = findPlugin(type, binDirs);
	if (file === undefined) {
		throw new CniError(type, verb, `there is no such plugin in ${binDirs.join(', ') || 'any folder'}`);
	}
	// VERSION has no target, but plugins built with old libraries insist on one. Source: libcni does so too
	const filler = verb === 'VERSION' ? 'dummy' : '';
	const env = {
		CNI_COMMAND: verb,
		CNI_CONTAINERID: target.containerId || filler,
		CNI_NETNS: target.netns || filler,
		CNI_IFNAME: target.interface || filler,
		CNI_ARGS: target.args,
		CNI_PATH: binDirs.join(':'),
	};
	let end: PluginEnd;
	try {
		end = await runPlugin({ file, env, input: JSON.stringify(config), timeoutMs }, options);
	} catch (error) {
		options.signal?.throwIfAborted();
		throw new CniError(type, verb, startFailure(error), { cause: error });
	}
	if (end.exitCode !== 0) throw failureOf(type, verb, end);
	if (end.stdout.trim() === '') return undefined;
	try {
		return JSON.parse(end.stdout);
	} catch (cause) {
		throw new CniError(type, verb, `it printed no JSON but ${quoted(end.stdout)}`, { cause });
	}
}

/** The plugin's file; undefined where no folder has it. */
export function findPlugin(type: string, binDirs: readonly string[]): string | undefined {
	return binDirs
		.map((dir) => path.join(dir, type))
		.find((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

function failureOf(type: string, verb: CniVerb, end: PluginEnd): CniError {
	const how = end.exitCode === undefined ? `ended by ${end.signalName}` : `exit code ${end.exitCode}`;
	const said = errorObject(end.stdout);
	if (said !== undefined) {
		const text = [said.message, said.details].filter((part) => part !== '').join('; ');
		return new CniError(type, verb, cut(sanitizeLine(text)) || how, { code: said.code });
	}
	const words = [end.stdout, end.stderr].find((text) => text.trim() !== '');
	return new CniError(type, verb, words === undefined ? how : `${how}: ${quoted(words)}`);
}

/** `{code, msg, details}`, which plugins print when they fail. */
function errorObject(
	stdout: string,
): { readonly code: number | undefined; readonly message: string; readonly details: string } | undefined {
	try {
		const { code, msg, details } = JSON.parse(stdout) as Record<string, unknown>;
		if (typeof msg !== 'string') return undefined;
		return {
			code: typeof code === 'number' ? code : undefined,
			message: msg,
			details: typeof details === 'string' ? details : '',
		};
	} catch {
		return undefined;
	}
}

function startFailure(error: unknown): string {
	const code = errnoCode(error);
	if (code === 'EACCES') return 'it is not executable';
	if (code === 'ENOEXEC') return 'it is no program for this machine';
	return sanitizeLine(errorMessage(error));
}

function quoted(text: string): string {
	return JSON.stringify(cut(sanitizeLine(text.trim())));
}

function cut(text: string): string {
	return text.length > maxQuoteLength ? `${text.slice(0, maxQuoteLength)}…` : text;
}
