import { describe, expect, test } from 'vitest';
import { actingKeys } from '../../../../src/runtime/config/acting-keys.ts';
import { parseConfigFile } from '../../../../src/runtime/config/config-file.ts';
import { idleKeys } from '../../../../src/runtime/config/idle-keys.ts';
import { type ConfigKey, pathOfKey } from '../../../../src/runtime/config/key-model.ts';

const file = '/etc/criscope/runtime.conf';

/** Values that fit some kind or another. */
const candidates = [
	...['""', '"/a/path"', '"unix:///run/x.sock"', '"127.0.0.1"', '"10s"', '"12MiB"', '"info"', '"cgroupfs"'],
	...['"runc"', '"mkdir"', 'true', '2000000', '90', '[]', '["a"]', '["/a"]', '{ a = "b" }'],
];

function text(key: ConfigKey, value: string): string {
	return `[${key.table.replace('*', 'some')}]\n${key.key} = ${value}\n`;
}

function outcome(key: ConfigKey, value: string): string | undefined {
	try {
		parseConfigFile(text(key, value), file);
		return undefined;
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

describe('every key', () => {
	test.each(actingKeys.map((key) => [pathOfKey(key), key] as const))(
		'%s takes what fits and refuses the rest',
		(_, key) => {
			const fitting = candidates.filter((value) => outcome(key, value) === undefined);
			expect(fitting.length).toBeGreaterThan(0);
			expect(fitting.length).toBeLessThan(candidates.length);
			const name = pathOfKey(key).replace('*', 'some');
			const { values } = parseConfigFile(text(key, fitting[0] ?? ''), file);
			expect(values.get(name)).toMatchObject({ file, line: 2 });
			expect(outcome(key, '1979-05-27')).toMatch(`${file}" line 2: "${name}" must be `);
		},
	);

	test.each(idleKeys.filter(({ acts }) => acts === 'never').map((key) => [pathOfKey(key), key] as const))(
		'%s has no effect, and that is said',
		(name, key) => {
			const fitting = candidates.find((value) => outcome(key, value) === undefined);
			const { notes, values } = parseConfigFile(text(key, fitting ?? ''), file);
			const note = `"${name.replace('*', 'some')}" (${file} line 2) has no effect here: `;
			expect(notes).toEqual([expect.stringContaining(note)]);
			expect(values.has(name)).toBe(false);
		},
	);

	test('has one line in one of the tables', () => {
		const names = [...actingKeys, ...idleKeys].map(pathOfKey);
		expect(names.length).toBe(new Set(names).size);
	});
});

describe('what is wrong is told with file and line', () => {
	test.each([
		[
			'[crio.runtime]\n\ndefault_runtme = "runc"',
			'line 3: unknown key "default_runtme" in [crio.runtime] (did you mean "default_runtime"?)',
		],
		['[crio]\npids_limit = 5', 'line 2: unknown key "pids_limit" in [crio] (it belongs into [crio.runtime])'],
		['[crio.netwrk]\n', 'line 1: unknown key "netwrk" in [crio] (did you mean "network"?)'],
		['[crioo]\n', 'line 1: unknown table or key "crioo" (did you mean "crio"?)'],
		['crio = 5', 'line 1: "crio" must be a table, written [crio]'],
		[
			'[crio.runtime.runtimes.x]\nruntime_pth = "/x"',
			'line 2: unknown key "runtime_pth" in [crio.runtime.runtimes.x] (did you mean "runtime_path"?)',
		],
		['[crio.runtime.runtimes]\nx = 1', 'line 2: "crio.runtime.runtimes.x" must be a table'],
		['[crio.runtime.runtimes."a b"]\n', 'line 1: a handler cannot be named "a b"'],
		[
			'[crio.runtime]\ndefault_capabilities = ["CHWN"]',
			'knows no capability "CHWN" (did you mean "CAP_CHOWN"?)',
		],
		['[crio.runtime]\ndefault_sysctls = ["vm.swappiness=1"]', 'belongs to the whole node'],
		['[crio.runtime]\ndefault_ulimits = ["nofile=9:3"]', 'soft limit above the hard one'],
		[
			'[crio.runtime]\ncgroup_manager = "systmd"',
			'must be "cgroupfs" or "systemd", not "systmd" (did you mean "systemd"?)',
		],
		['[crio.runtime]\nselinux = true', '"crio.runtime.selinux" cannot be honoured: '],
		['[crio.metrics]\nmetrics_host = "0.0.0.0"', 'must be an address of the loopback'],
		['[crio\n', `"${file}" line 1`],
	])('%s', (written, sentence) => {
		expect(() => parseConfigFile(written, file)).toThrow(sentence);
	});

	test('a harmless value of what cannot be honoured passes', () => {
		expect(parseConfigFile('[crio.runtime]\nselinux = false', file)).toMatchObject({ notes: [] });
	});
});

test('values are what the program uses', () => {
	const { values } = parseConfigFile(
		[
			'[crio.api]',
			'listen = "unix:///run/x.sock"',
			'stream_port = "10010"',
			'stream_idle_timeout = "1h30m"',
			'[crio.runtime]',
			'default_capabilities = ["CHOWN", "cap_kill"]',
			'default_sysctls = ["net.ipv4.ip_forward = 1"]',
			'default_ulimits = ["nofile=5:6", "nproc=-1"]',
			'[crio.runtime.runtimes.crun]',
			'container_min_memory = "500KiB"',
		].join('\n'),
		file,
	);
	expect(Object.fromEntries([...values].map(([name, { value }]) => [name, value]))).toEqual({
		'crio.api.listen': '/run/x.sock',
		'crio.api.stream_port': 10_010,
		'crio.api.stream_idle_timeout': 5_400_000,
		'crio.runtime.default_capabilities': ['CAP_CHOWN', 'CAP_KILL'],
		'crio.runtime.default_sysctls': { 'net.ipv4.ip_forward': '1' },
		'crio.runtime.default_ulimits': [
			{ type: 'RLIMIT_NOFILE', soft: 5, hard: 6 },
			{ type: 'RLIMIT_NPROC', soft: 2 ** 63, hard: 2 ** 63 },
		],
		'crio.runtime.runtimes.crun': true,
		'crio.runtime.runtimes.crun.container_min_memory': 512_000,
	});
});
