/**
 * storage.conf: where the store is and how it is made. Every key is honoured, or refused or passed over with a sentence.
 * Source: containers-storage.conf(5); c/storage types/options.go, pkg/config/config.go
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, type TomlTable } from 'smol-toml';
import { InvalidArgumentError } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';

/** What a store is opened with. */
export type StorageConf = {
	readonly graphRoot: string;
	readonly runRoot: string;
	/** Undefined where it is to be found out. */
	readonly driver: string | undefined;
	readonly driverPriority: readonly string[];
	/** Images apart from containers. */
	readonly imageStore: string | undefined;
	readonly additionalImageStores: readonly string[];
	readonly transient: boolean;
	/** For the mounts of containers. */
	readonly mountOptions: string | undefined;
	/** Mounts of containers may leave out waiting for the disk: what is in them is lost at a reboot anyway. */
	readonly volatileMounts: boolean;
	/** Sentences about what is passed over. */
	readonly notes: readonly string[];
};

export const defaultGraphRoot = '/var/lib/containers/storage';
export const defaultRunRoot = '/run/containers/storage';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the file that c/storage would read: the one of the environment, the user's, the machine's, the distribution's.
 * @param file instead of all of these
 * @throws InvalidArgumentError naming the file and the key
 */
export async function loadStorageConf(
	environment: Environment,
	{ file }: { readonly file?: string | undefined } = {},
): Promise<StorageConf> {
	const wanted = file ?? nonEmpty(environment['CONTAINERS_STORAGE_CONF']);
	if (wanted !== undefined) {
		const text = await readIfThere(wanted);
		if (text === undefined) throw new InvalidArgumentError(`cannot read "${wanted}": no such file`);
		return parseStorageConf(text, wanted, environment);
	}
	const home = nonEmpty(environment['XDG_CONFIG_HOME']);
	const places = [
		...(home === undefined ? [] : [path.join(home, 'containers/storage.conf')]),
		'/etc/containers/storage.conf',
		'/usr/share/containers/storage.conf',
	];
	for (const place of places) {
		const text = await readIfThere(place);
		if (text !== undefined) return parseStorageConf(text, place, environment);
	}
	return parseStorageConf('', 'storage.conf', environment);
}

/** Keys whose values change nothing here, with why. */
const passedOver: Readonly<Record<string, string>> = {
	rootless_storage_path: 'it is for users without root',
	'options.size': 'there are no quotas on layers',
	'options.overlay.size': 'there are no quotas on layers',
	'options.overlay.inodes': 'there are no quotas on layers',
	'options.skip_mount_home': 'the folder is never mounted onto itself',
	'options.overlay.skip_mount_home': 'the folder is never mounted onto itself',
	'options.root-auto-userns-user': 'there are no automatic user namespaces',
	'options.auto-userns-min-size': 'there are no automatic user namespaces',
	'options.auto-userns-max-size': 'there are no automatic user namespaces',
	'options.remap-uids': 'ids are not mapped',
	'options.remap-gids': 'ids are not mapped',
	'options.remap-user': 'ids are not mapped',
	'options.remap-group': 'ids are not mapped',
	'options.additionallayerstores': 'layers are always unpacked',
	'options.pull_options': 'layers are always pulled whole',
};

/** Keys that would make a store we cannot write: refused unless their value says no. */
const refused: Readonly<Record<string, string>> = {
	'options.mount_program': 'overlay is mounted by the kernel only',
	'options.overlay.mount_program': 'overlay is mounted by the kernel only',
	'options.ignore_chown_errors': 'owners are never passed over',
	'options.overlay.ignore_chown_errors': 'owners are never passed over',
	'options.vfs.ignore_chown_errors': 'owners are never passed over',
	'options.force_mask': 'modes are written as they are',
	'options.overlay.force_mask': 'modes are written as they are',
	'options.use_composefs': 'composefs is not supported',
	'options.overlay.use_composefs': 'composefs is not supported',
};

/** @param file for messages */
export function parseStorageConf(text: string, file: string, environment: Environment): StorageConf {
	const fail = (cause: string): never => {
		throw new InvalidArgumentError(`cannot use "${file}": ${cause}`);
	};
	const values = flatten(parseToml(text, fail));
	const notes: string[] = [];
	const take = <T>(key: string, is: (value: unknown) => value is T, kind: string): T | undefined => {
		const value = values.get(`storage.${key}`);
		values.delete(`storage.${key}`);
		if (value === undefined || value === '') return undefined;
		if (!is(value)) return fail(`"${key}" must be ${kind}, not ${JSON.stringify(value)}`);
		return value;
	};
	const takePath = (key: string): string | undefined => {
		const value = take(key, isText, 'a path');
		const expanded = value?.replace(/\$\{?([A-Z_]+)\}?/g, (_, name: string) => environment[name] ?? '');
		if (expanded !== undefined && !path.isAbsolute(expanded))
			fail(`"${key}" must be an absolute path, not "${value}"`);
		return expanded;
	};

	/** c/storage takes the text "true" where it means a truth. */
	const takeTruth = (key: string): boolean => {
		const value = take(key, isTruthOrText, 'true or false');
		if (typeof value === 'string' && value !== 'true' && value !== 'false') {
			fail(`"${key}" must be true or false, not "${value}"`);
		}
		return value === true || value === 'true';
	};

	const conf = {
		graphRoot: takePath('graphroot') ?? defaultGraphRoot,
		runRoot: takePath('runroot') ?? defaultRunRoot,
		driver: nonEmpty(environment['STORAGE_DRIVER']) ?? take('driver', isText, 'a name'),
		driverPriority: take('driver_priority', isTextList, 'a list of names') ?? [],
		imageStore: takePath('imagestore') ?? takePath('options.imagestore'),
		additionalImageStores: take('options.additionalimagestores', isTextList, 'a list of paths') ?? [],
		transient: take('transient_store', isTruth, 'true or false') ?? false,
		mountOptions:
			take('options.overlay.mountopt', isText, 'a text') ?? take('options.mountopt', isText, 'a text'),
		volatileMounts: !takeTruth('options.disable-volatile'),
	};
	values.delete('storage.driver');
	values.delete('storage.options.mountopt');
	values.delete('storage.options.imagestore');
	if (conf.imageStore === conf.graphRoot) fail('"imagestore" must differ from "graphroot"');
	for (const [key, value] of values) {
		const name = key.replace(/^storage\./, '');
		if (value === '' || value === false || value === 'false' || value === 0) continue;
		if (name in refused) fail(`"${name}" is set, but ${refused[name]}`);
		const known = Object.keys(passedOver).find((prefix) => name === prefix || name.startsWith(`${prefix}.`));
		const foreign = /^options\.(btrfs|zfs|thinpool|vfs|overlay)\./.test(name);
		const why =
			known !== undefined ? passedOver[known] : foreign ? 'it is for another driver' : 'it is not known';
		notes.push(`"${name}" of "${file}" is passed over: ${why}`);
	}
	return { ...conf, notes: [...notes, ...optionNotes(environment)] };
}

function optionNotes(environment: Environment): readonly string[] {
	return nonEmpty(environment['STORAGE_OPTS']) === undefined
		? []
		: ['STORAGE_OPTS of the environment is passed over: use storage.conf'];
}

function parseToml(text: string, fail: (cause: string) => never): TomlTable {
	try {
		return parse(text);
	} catch (error) {
		return fail(error instanceof Error ? error.message : String(error));
	}
}

function flatten(table: TomlTable, prefix = ''): Map<string, unknown> {
	const values = new Map<string, unknown>();
	for (const [key, value] of Object.entries(table)) {
		const isTable =
			typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
		if (!isTable) values.set(`${prefix}${key}`, value);
		else for (const [name, inner] of flatten(value as TomlTable, `${prefix}${key}.`)) values.set(name, inner);
	}
	return values;
}

function isText(value: unknown): value is string {
	return typeof value === 'string';
}

function isTextList(value: unknown): value is readonly string[] {
	return Array.isArray(value) && value.every(isText);
}

function isTruth(value: unknown): value is boolean {
	return typeof value === 'boolean';
}

function isTruthOrText(value: unknown): value is boolean | string {
	return isTruth(value) || isText(value);
}

function nonEmpty(text: string | undefined): string | undefined {
	return text === '' ? undefined : text;
}

async function readIfThere(file: string): Promise<string | undefined> {
	return readFile(file, 'utf8').catch((error: unknown) => {
		if (errnoCode(error) === 'ENOENT') return undefined;
		throw error;
	});
}
