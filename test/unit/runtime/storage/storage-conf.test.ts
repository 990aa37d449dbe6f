import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { InvalidArgumentError } from '../../../../src/cri/errors.ts';
import { loadStorageConf, parseStorageConf } from '../../../../src/runtime/storage/conf/storage-conf.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const parse = (text: string, environment = {}) => parseStorageConf(text, 'storage.conf', environment);

describe('parseStorageConf', () => {
	test('has the defaults of the machine', () => {
		expect(parse('')).toEqual({
			graphRoot: '/var/lib/containers/storage',
			runRoot: '/run/containers/storage',
			driver: undefined,
			driverPriority: [],
			imageStore: undefined,
			additionalImageStores: [],
			transient: false,
			mountOptions: undefined,
			volatileMounts: true,
			notes: [],
		});
	});

	test('honours every key that there is something to do for', () => {
		const conf = parse(
			`[storage]
driver = "overlay"
graphroot = "$HOME/graph"
runroot = "/r"
imagestore = "/i"
driver_priority = ["overlay", "vfs"]
transient_store = true
[storage.options]
additionalimagestores = ["/a", "/b"]
disable-volatile = true
[storage.options.overlay]
mountopt = "nodev,metacopy=on"
mount_program = ""
use_composefs = "false"
`,
			{ HOME: '/home/x' },
		);
		expect(conf).toMatchObject({
			driver: 'overlay',
			graphRoot: '/home/x/graph',
			runRoot: '/r',
			imageStore: '/i',
			driverPriority: ['overlay', 'vfs'],
			transient: true,
			additionalImageStores: ['/a', '/b'],
			mountOptions: 'nodev,metacopy=on',
			volatileMounts: false,
			notes: [],
		});
	});

	test('says why it passes a key over', () => {
		const { notes } = parse(
			`[storage.options]
size = "10G"
pull_options = {enable_partial_images = "true"}
[storage.options.zfs]
fsname = "x"
[storage]
colour = "red"`,
			{ STORAGE_OPTS: 'x' },
		);
		expect(notes).toHaveLength(5);
		expect(notes.join('\n')).toMatch(/"options.size".*quotas.*pull_options.*whole.*zfs.*another driver/s);
		expect(notes.join('\n')).toMatch(/"colour".*not known/);
		expect(notes.join('\n')).toMatch(/STORAGE_OPTS/);
	});

	test.each([
		['[storage', /storage.conf/],
		['[storage]\ndriver = 1', /"driver" must be a name/],
		['[storage]\ngraphroot = "here"', /"graphroot" must be an absolute path/],
		['[storage]\ntransient_store = "yes"', /true or false/],
		['[storage]\ngraphroot = "/g"\nimagestore = "/g"', /must differ/],
		['[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"', /by the kernel only/],
		['[storage.options.overlay]\nuse_composefs = "true"', /composefs/],
		['[storage.options]\ndisable-volatile = "maybe"', /true or false/],
		['[storage.options]\nignore_chown_errors = "true"', /owners/],
	])('refuses %j', (text, cause) => {
		expect(() => parse(text)).toThrow(InvalidArgumentError);
		expect(() => parse(text)).toThrow(cause);
	});

	test('lets the environment choose the driver', () => {
		expect(parse('[storage]\ndriver = "overlay"', { STORAGE_DRIVER: 'vfs' }).driver).toBe('vfs');
	});
});

describe('loadStorageConf', () => {
	test('reads the file of the environment, and names it when it is missing', async () => {
		const file = path.join(tempDir(), 'my.conf');
		await expect(loadStorageConf({ CONTAINERS_STORAGE_CONF: file })).rejects.toThrow(file);
		writeFileSync(file, '[storage]\ngraphroot = "/mine"');
		expect((await loadStorageConf({ CONTAINERS_STORAGE_CONF: file })).graphRoot).toBe('/mine');
		expect((await loadStorageConf({}, { file })).graphRoot).toBe('/mine');
	});

	test("prefers the user's file to the machine's", async () => {
		const home = tempDir();
		mkdirSync(path.join(home, 'containers'));
		writeFileSync(path.join(home, 'containers/storage.conf'), '[storage]\nrunroot = "/mine"');
		expect((await loadStorageConf({ XDG_CONFIG_HOME: home })).runRoot).toBe('/mine');
	});
});
