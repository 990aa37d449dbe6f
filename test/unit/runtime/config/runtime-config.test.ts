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
	for (const name of ['alpha', 'beta', 'conmon']) {
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
				`[crio.runtime.runtimes.other]\nruntime_path = "${dir}/bin/alpha"\nmonitor_path = "/m"`,
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
			monitorPath: '/m',
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
		await expect(load('[crio.runtime.runtimes.gone]')).rejects.toThrow('there is no program "gone"');
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

	test('gives the handlers of the files as they are now', async () => {
		const { live, reload } = await started('[crio.runtime.runtimes.alpha]\n');
		await reload('[crio.runtime.runtimes.beta]\n');
		const names = live.handlers('/run').map(({ name }) => name);
		expect(names.filter((name) => ['alpha', 'beta'].includes(name))).toEqual(['beta']);
	});
});
