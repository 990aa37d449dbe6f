import { describe, expect, test } from 'vitest';
import { parseServeOptions, ServeUsageError } from '../../../src/runtime/options.ts';

test('without flags it listens where the inspector looks, and leaves the rest to the files of the machine', () => {
	expect(parseServeOptions([])).toEqual({
		socketPath: undefined,
		configFile: undefined,
		configDir: undefined,
		idleExitMs: undefined,
		ownCgroup: false,
		root: undefined,
		runRoot: undefined,
		storageDriver: undefined,
		storageConf: undefined,
		registriesConf: undefined,
		registriesConfDir: undefined,
		signaturePolicy: undefined,
		authFile: undefined,
		layerLimitBytes: 64 * 2 ** 30,
		logLevel: undefined,
		logFormat: undefined,
		help: false,
	});
});

test('every flag is taken', () => {
	const flags = [
		['--listen', 'unix:///x/y.sock'],
		['--config', '/c.conf'],
		['--config-dir', '/c.d'],
		['--idle-exit', '1m30s'],
		['--own-cgroup'],
		['--root', '/r'],
		['--runroot', '/rr'],
		['--storage-driver', 'vfs'],
		['--storage-conf', '/s.conf'],
		['--registries-conf', '/re.conf'],
		['--registries-conf-dir', '/re.d'],
		['--signature-policy', '/p.json'],
		['--authfile', '/a.json'],
		['--layer-limit', '1.5GiB'],
		['--log-level', 'debug'],
		['--log-format', 'text'],
	];
	expect(parseServeOptions(flags.flat())).toEqual({
		socketPath: '/x/y.sock',
		configFile: '/c.conf',
		configDir: '/c.d',
		idleExitMs: 90_000,
		ownCgroup: true,
		root: '/r',
		runRoot: '/rr',
		storageDriver: 'vfs',
		storageConf: '/s.conf',
		registriesConf: '/re.conf',
		registriesConfDir: '/re.d',
		signaturePolicy: '/p.json',
		authFile: '/a.json',
		layerLimitBytes: 1.5 * 2 ** 30,
		logLevel: 'debug',
		logFormat: 'text',
		help: false,
	});
});

describe('sizes', () => {
	test.each([
		['1', 1],
		['10k', 10_240],
		['5MiB', 5 * 2 ** 20],
		['2 gb', 2 * 2 ** 30],
		['1T', 2 ** 40],
	])('%s', (text, bytes) => {
		expect(parseServeOptions(['--layer-limit', text]).layerLimitBytes).toBe(bytes);
	});

	test.each(['', '0', '-1', 'G', '1x', '1e9', '99999999999999T', 'NaN'])('not "%s"', (text) => {
		expect(() => parseServeOptions([`--layer-limit=${text}`])).toThrow(ServeUsageError);
	});
});

test.each([
	[['--rot', '/x'], 'unknown flag "--rot" of serve (did you mean "--root"?)'],
	[['somewhere'], 'serve takes flags only, not "somewhere"'],
	[['--root'], '--root'],
	[['--root', ''], 'flag --root needs a path'],
	[['--root', 'x'], 'flag --root needs an absolute path, "x" is none'],
	[['--authfile', './a'], 'flag --authfile needs an absolute path'],
	[['--listen', 'tcp://0.0.0.0:1'], 'flag --listen needs a unix socket'],
	[['--listen', 'relative.sock'], '(flag --listen)'],
	[['--listen', ''], 'it is empty (flag --listen)'],
	[['--listen', `/${'l'.repeat(107)}`], 'has 108'],
	[['--storage-driver', 'btrfs'], 'flag --storage-driver knows overlay, vfs, not "btrfs"'],
	[['--storage-driver', 'overlay2'], '(did you mean "overlay"?)'],
	[['--log-level', 'verbose'], 'flag --log-level knows debug, info, warn, error, not "verbose"'],
	[['--log-format', 'yaml'], 'flag --log-format knows json, text'],
	[['--layer-limit', 'much'], 'flag --layer-limit needs a size such as 64GiB, not "much"'],
	[['--help=yes'], '--help'],
])('%j is refused in one sentence', (args, sentence) => {
	const parse = () => parseServeOptions(args);
	expect(parse).toThrow(ServeUsageError);
	expect(parse).toThrow(sentence);
	expect(parse).not.toThrow('\n');
});
