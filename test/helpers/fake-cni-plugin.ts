/** CNI plugins that do what a test says, in sh: each notes its calls in a file beside it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** One call, as the plugin saw it. */
export type NotedCall = {
	readonly plugin: string;
	readonly command: string;
	readonly containerId: string;
	readonly netns: string;
	readonly interface: string;
	readonly args: string;
	readonly path: string;
	readonly config: Readonly<Record<string, unknown>>;
};

/** How it answers. */
export type FakePlugin = {
	readonly versions?: readonly string[] | undefined;
	/** Lines of sh by verb; what is not there succeeds, ADD with prevResult or an empty result. */
	readonly answers?:
		| Readonly<Partial<Record<'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION', string>>>
		| undefined;
};

/** Writes the plugin's file, over an older one too. */
export function writeFakePlugin(
	dir: string,
	name: string,
	{ versions = ['0.4.0', '1.0.0'], answers = {} }: FakePlugin = {},
): void {
	const supported = JSON.stringify({ cniVersion: '1.0.0', supportedVersions: versions });
	const cases = Object.entries({ VERSION: `echo '${supported}'`, ADD: `echo '{"ips":[]}'`, ...answers }).map(
		([verb, lines]) => `${verb})\n${lines}\n;;`,
	);
	const note = '"$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_NETNS" "$CNI_IFNAME" "$CNI_ARGS" "$CNI_PATH" "$conf"';
	const script = [
		'#!/bin/sh',
		'conf=$(cat)',
		`[ "$CNI_COMMAND" = VERSION ] || printf '%s|%s|%s|%s|%s|%s|%s|%s\\n' '${name}' ${note} >> '${dir}/calls'`,
		'case "$CNI_COMMAND" in',
		...cases,
		'esac',
		'',
	];
	writeFileSync(path.join(dir, name), script.join('\n'), { mode: 0o755 });
}

/** All calls of all plugins of the folder, in order. */
export function notedCalls(dir: string): readonly NotedCall[] {
	const file = path.join(dir, 'calls');
	if (!existsSync(file)) return [];
	return readFileSync(file, 'utf8')
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const [
				plugin = '',
				command = '',
				containerId = '',
				netns = '',
				name = '',
				args = '',
				binPath = '',
				...config
			] = line.split('|');
			return {
				plugin,
				command,
				containerId,
				netns,
				interface: name,
				args,
				path: binPath,
				config: JSON.parse(config.join('|')) as Record<string, unknown>,
			};
		});
}
