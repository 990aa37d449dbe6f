import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { createLiveConfig } from '../../../../src/runtime/config/live-config.ts';
import { loadRuntimeConfig } from '../../../../src/runtime/config/runtime-config.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

let dir: string;
let file: string;
let places: { readonly file: string; readonly dir: string; readonly env: { readonly PATH: string } };

beforeEach(() => {
	dir = tempDir();
	file = path.join(dir, 'runtime.conf');
	places = { file, dir: path.join(dir, 'd'), env: { PATH: path.join(dir, 'bin') } };
	for (const name of ['d', 'bin']) mkdirSync(path.join(dir, name));
	for (const name of ['alpha', 'beta', 'conmon', 'm']) {
		writeFileSync(path.join(dir, 'bin', name), '', { mode: 0o755 });
	}
	writeFileSync(file, '');
});

test('drop-ins are read by name, over the file, key by key', async () => {
	writeFileSync(file, '[crio]\nroot = "/a"\nrunroot = "/r"\n');
	writeFileSync(path.join(dir, 'd/20-b.conf'), '[crio]\nroot = "/c"\n');
	writeFileSync(
		path.join(dir, 'd/10-a.conf'),
		'[crio]\nroot = "/b"\n[crio.runtime]\npids_limit = 7\nno_pivot = true\n',
	);
	writeFileSync(path.join(dir, 'd/30.conf~'), 'no toml');
	const config = await loadRuntimeConfig(places);
	expect(config).toMatchObject({ root: '/c', runRoot: '/r', specs: { pidsLimit: 7 } });
	expect(config.files).toEqual([file, path.join(dir, 'd/10-a.conf'), path.join(dir, 'd/20-b.conf')]);
	expect(config.notes).toEqual([expect.stringMatching(/"crio\.runtime\.no_pivot" \(.*10-a\.conf line 5\)/)]);
});

test('what is named has to be there', async () => {
	await expect(loadRuntimeConfig({ ...places, file: '/nowhere' })).rejects.toThrow(
		'cannot read configuration "/nowhere"',
	);
	await expect(loadRuntimeConfig({ ...places, dir: '/nowhere' })).rejects.toThrow(
		'cannot read configuration "/nowhere"',
	);
});

describe('handlers', () => {
	const load = async (text: string) => {
		writeFileSync(file, text);
		return (await loadRuntimeConfig(places)).handlers('/run/own');
	};

	test('are those of the table, with what they leave out', async () => {
		const handlers = await load(
			[
				'[crio.runtime]\ndefault_runtime = "beta"\nconmon_env = ["A=b"]',
				`[crio.runtime.runtimes.beta]\nruntime_root = "/run/beta"\nallowed_annotations = ["umask.crio.io"]`,
				`[crio.runtime.runtimes.other]\nruntime_path = "${dir}/bin/alpha"\nmonitor_path = "${dir}/bin/m"`,
				'[crio.runtime.runtimes.same]\ninherit_default_runtime = true\nprivileged_without_host_devices = true',
				'[crio.runtime.runtimes.kata]\nruntime_type = "vm"',
			].join('\n'),
		);
		const [first] = handlers;
		expect(first).toMatchObject({
			name: 'beta',
			path: `${dir}/bin/beta`,
			root: '/run/beta',
			monitorPath: `${dir}/bin/conmon`,
			monitorEnv: ['A=b'],
			allowedAnnotations: ['umask.crio.io'],
			minimumMemoryBytes: 12 * 2 ** 20,
		});
		const by = (name: string) => handlers.find((handler) => handler.name === name);
		expect(by('other')).toMatchObject({
			path: `${dir}/bin/alpha`,
			root: '/run/own/other',
			monitorPath: `${dir}/bin/m`,
		});
		expect(by('same')).toMatchObject({
			path: `${dir}/bin/beta`,
			root: '/run/beta',
			privilegedWithoutHostDevices: true,
		});
		expect(by('kata')).toMatchObject({ type: 'vm' });
	});

	test('have to be there', async () => {
		await expect(
			load('[crio.runtime]\n\ndefault_runtime = "bta"\n[crio.runtime.runtimes.beta]'),
		).rejects.toThrow(
			/runtime\.conf" line 3: there is no runtime "bta", known are "beta".*did you mean "beta"/,
		);
		await expect(
			load('[crio.runtime]\ndefault_runtime = "gone"\n[crio.runtime.runtimes.gone]'),
		).rejects.toThrow(/runtime\.conf" line 3: there is no program "gone": install it, or set runtime_path/);
	});
});

describe('files that are named', () => {
	const load = async (text: string) => {
		writeFileSync(file, text);
		return await loadRuntimeConfig(places);
	};
	const profile = JSON.stringify({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [] });

	test.each([
		[
			'[crio.runtime]\nconmon = "DIR/none"',
			'line 2: "crio.runtime.conmon" names "DIR/none", which is not there',
		],
		['[crio.runtime]\nconmon = "DIR/plain"', '"DIR/plain", which is not executable'],
		['[crio.runtime]\nconmon = "DIR/bin"', '"DIR/bin", which is a folder'],
		['[crio.runtime]\nconmon = "DIR/plain/x"', '"DIR/plain/x", which is not there'],
		[
			'[crio.runtime]\nseccomp_profile = "DIR/none"',
			'line 2: "crio.runtime.seccomp_profile" names "DIR/none", which',
		],
		['[crio.runtime]\nseccomp_profile = "DIR/plain"', '"DIR/plain", which is no seccomp profile: '],
		[
			'[crio.runtime]\nprivileged_seccomp_profile = "DIR/none"',
			'"crio.runtime.privileged_seccomp_profile" names',
		],
		[
			'[crio.runtime]\ntimezone = "Europe/Nowhere"',
			'"Europe/Nowhere", a timezone that this host does not know',
		],
		['[crio.runtime]\ntimezone = "../../etc/passwd"', 'a timezone that this host does not know'],
		[
			'[crio.runtime]\nadditional_devices = ["/dev/null", "/dev/none:/dev/x"]',
			'"/dev/none", which is not there',
		],
		['[crio.image]\nsignature_policy = "DIR/none"', '"crio.image.signature_policy" names "DIR/none", which'],
		['[crio.image]\nglobal_auth_file = "DIR/none"', '"crio.image.global_auth_file" names "DIR/none", which'],
		[
			'[crio.runtime]\ndefault_runtime = "alpha"\n[crio.runtime.runtimes.alpha]\nruntime_path = "DIR/none"',
			'line 4: "crio.runtime.runtimes.alpha.runtime_path" names "DIR/none", which is not there',
		],
		[
			'[crio.runtime]\ndefault_runtime = "alpha"\n[crio.runtime.runtimes.alpha]\nmonitor_path = "DIR/none"',
			'line 3: "crio.runtime.runtimes.alpha.monitor_path" names "DIR/none", which is not there',
		],
	])('%j: what every container needs must be there', async (text, words) => {
		writeFileSync(path.join(dir, 'plain'), 'not json');
		const here = (written: string) => written.replaceAll('DIR', dir);
		await expect(load(here(text))).rejects.toThrow(`cannot use configuration "${file}" `);
		await expect(load(here(text))).rejects.toThrow(here(words));
	});

	test('what is there is taken, and nothing is said', async () => {
		writeFileSync(path.join(dir, 'seccomp.json'), profile);
		const config = await load(
			[
				`[crio.runtime]\nconmon = "${dir}/bin/conmon"\nseccomp_profile = "${dir}/seccomp.json"`,
				`timezone = "Local"\nadditional_devices = ["/dev/null"]\nhooks_dir = ["${dir}"]`,
				`[crio.image]\nsignature_policy = "${dir}/seccomp.json"`,
				`[crio.network]\nnetwork_dir = "${dir}"\nplugin_dirs = ["${dir}/bin"]`,
			].join('\n'),
		);
		expect(config.notes).toEqual([]);
	});

	test('folders that may come later are named, and so is a handler whose program is missing', async () => {
		const config = await load(
			[
				`[crio.runtime]\nhooks_dir = ["${dir}/hooks"]`,
				`[crio.network]\nnetwork_dir = "${dir}/bin/alpha"\nplugin_dirs = ["${dir}/bin", "${dir}/cni"]`,
				`[crio.runtime.runtimes.lost]\nruntime_path = "${dir}/lost"`,
				'[crio.runtime.runtimes.gone]',
				'[crio.runtime.runtimes.kata]\nruntime_type = "vm"\nruntime_path = "/nowhere"',
			].join('\n'),
		);
		expect(config.notes).toEqual([
			`"crio.runtime.hooks_dir" ("${file}" line 2) names "${dir}/hooks", which is not there`,
			`"crio.network.network_dir" ("${file}" line 4) names "${dir}/bin/alpha", which is no folder`,
			`"crio.network.plugin_dirs" ("${file}" line 5) names "${dir}/cni", which is not there`,
			`runtime handler "lost" ("${file}" line 7) cannot be used: "crio.runtime.runtimes.lost.runtime_path" names "${dir}/lost", which is not there`,
			`runtime handler "gone" ("${file}" line 8) cannot be used: there is no program "gone": install it, or set runtime_path`,
		]);
		const unavailable = () => config.handlers('/run').find(({ name }) => name === 'lost')?.unavailable;
		expect(unavailable()).toContain('which is not there');
		// It is there as soon as it is there.
		writeFileSync(path.join(dir, 'lost'), '', { mode: 0o755 });
		expect(unavailable()).toBeUndefined();
	});
});

describe('reading anew', () => {
	async function started(text: string) {
		writeFileSync(file, text);
		const lines: string[] = [];
		const changes: unknown[] = [];
		const live = createLiveConfig(await loadRuntimeConfig(places), {
			load: () => loadRuntimeConfig(places),
			log: (level, message, fields = {}) => void lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
			onChange: ({ logLevel }) => void changes.push(logLevel),
		});
		const reload = async (changed: string) => {
			writeFileSync(file, changed);
			await live.reload();
		};
		return { live, lines, changes, reload };
	}

	test('takes what can be taken, and names what needs a restart', async () => {
		const { live, lines, changes, reload } = await started('[crio]\nroot = "/a"\n');
		await reload('[crio]\nroot = "/b"\n[crio.runtime]\nlog_level = "debug"\npids_limit = 9\n');
		expect(live.current().specs.pidsLimit).toBe(9);
		expect(changes).toEqual(['debug']);
		expect(lines.join('\n')).toMatch(
			/info configuration read anew .*"crio\.runtime\.log_level","crio\.runtime\.pids_limit"/,
		);
		expect(lines.join('\n')).toMatch(
			/warn settings that count after a restart only have changed .*\["crio\.root"\]/,
		);
	});

	test('leaves everything where the files are wrong', async () => {
		const { live, lines, changes, reload } = await started('[crio.runtime]\npids_limit = 9\n');
		await reload('[crio.runtime]\npids_limit = "x"\n');
		expect(live.current().specs.pidsLimit).toBe(9);
		expect(changes).toEqual([]);
		expect(lines).toEqual([expect.stringMatching(/^error the configuration is wrong.*line 2/)]);
	});

	test('leaves everything where a file that is named is missing', async () => {
		const { live, lines, reload } = await started('[crio.runtime]\npids_limit = 9\n');
		await reload('[crio.runtime]\npids_limit = 8\nseccomp_profile = "/nowhere/profile.json"\n');
		expect(live.current().specs).toMatchObject({ pidsLimit: 9, seccompProfile: '' });
		expect(lines).toEqual([
			expect.stringMatching(
				/^error the configuration is wrong, and the former one stays.*seccomp_profile.*is not there/,
			),
		]);
	});

	test('gives the handlers of the files as they are now', async () => {
		const { live, reload } = await started('[crio.runtime.runtimes.alpha]\n');
		await reload('[crio.runtime.runtimes.beta]\n');
		const names = live.handlers('/run').map(({ name }) => name);
		expect(names.filter((name) => ['alpha', 'beta'].includes(name))).toEqual(['beta']);
	});
});
