/** One file of the Container Device Interface, checked. Source: CDI specification 0.8, SPEC.md. */
import path from 'node:path';
import { hookStages, type OciHook } from './hooks.ts';
import type { OciDevice, OciMount } from './model.ts';
import { readCount, readList, readRecord, readText } from './spec-json.ts';

/** What a device, or all devices of a file, change about a container. */
export type ContainerEdits = {
	readonly env: readonly string[];
	readonly deviceNodes: readonly {
		readonly path: string;
		readonly hostPath: string | undefined;
		readonly type: OciDevice['type'] | undefined;
		readonly major: number | undefined;
		readonly minor: number | undefined;
		readonly fileMode: number | undefined;
		/** Of `r`, `w` and `m`. */
		readonly permissions: string | undefined;
		readonly uid: number | undefined;
		readonly gid: number | undefined;
	}[];
	readonly mounts: readonly OciMount[];
	readonly hooks: readonly { readonly stage: string; readonly hook: OciHook }[];
	readonly additionalGids: readonly number[];
};

export type CdiSpec = {
	readonly file: string;
	/** `vendor.com/class` */
	readonly kind: string;
	readonly devices: ReadonlyMap<string, ContainerEdits>;
	readonly edits: ContainerEdits;
};

/** @throws Error saying what is wrong with it */
export function parseCdiSpec(file: string, value: unknown): CdiSpec {
	const spec = readRecord(value, 'the file');
	const version = text(spec['cdiVersion'], 'cdiVersion');
	if (!/^[01]\.\d+\.\d+$/.test(version)) throw new Error(`cdiVersion "${version}" is unknown`);
	const devices = new Map<string, ContainerEdits>();
	for (const entry of readList(spec['devices'], 'devices')) {
		const device = readRecord(entry, 'devices');
		const name = text(device['name'], 'devices.name');
		if (devices.has(name)) throw new Error(`it describes the device "${name}" twice`);
		devices.set(name, parseEdits(device['containerEdits'], `devices.${name}`));
	}
	const kind = text(spec['kind'], 'kind');
	return { file, kind, devices, edits: parseEdits(spec['containerEdits'], 'containerEdits') };
}

function parseEdits(value: unknown, where: string): ContainerEdits {
	const edits = readRecord(value ?? {}, where);
	// Half a device is worse than none.
	const unknown = ['intelRdt', 'netDevices'].find((key) => edits[key] !== undefined && edits[key] !== null);
	if (unknown !== undefined) throw new Error(`${where} wants ${unknown}, which is not supported`);
	return {
		env: readList(edits['env'], `${where}.env`).map((entry) => envEntry(text(entry, `${where}.env`), where)),
		deviceNodes: readList(edits['deviceNodes'], `${where}.deviceNodes`).map((entry) =>
			parseNode(readRecord(entry, where), where),
		),
		mounts: readList(edits['mounts'], `${where}.mounts`).map((entry) =>
			parseMount(readRecord(entry, where), where),
		),
		hooks: readList(edits['hooks'], `${where}.hooks`).map((entry) =>
			parseCdiHook(readRecord(entry, where), where),
		),
		additionalGids: readList(edits['additionalGids'], `${where}.additionalGids`)
			.map((entry) => readCount(entry, `${where}.additionalGids`) ?? 0)
			.filter((gid) => gid > 0),
	};
}

function envEntry(entry: string, where: string): string {
	if (entry.indexOf('=') > 0) return entry;
	throw new Error(`${where}.env "${entry}" is not of the form NAME=value`);
}

function parseNode(
	node: Readonly<Record<string, unknown>>,
	where: string,
): ContainerEdits['deviceNodes'][number] {
	const file = absolute(node['path'], `${where}.deviceNodes.path`);
	const type = optionalText(node['type'], `${where}.deviceNodes.type`);
	if (type !== undefined && !isDeviceType(type))
		throw new Error(`${where}: device type "${type}" is unknown`);
	const permissions = optionalText(node['permissions'], `${where}.deviceNodes.permissions`);
	if (permissions !== undefined && !/^[rwm]{1,3}$/.test(permissions)) {
		throw new Error(`${where}: permissions "${permissions}" are not of r, w and m`);
	}
	return {
		path: file,
		hostPath: optionalText(node['hostPath'], `${where}.deviceNodes.hostPath`),
		type,
		major: readCount(node['major'], `${where}.deviceNodes.major`),
		minor: readCount(node['minor'], `${where}.deviceNodes.minor`),
		fileMode: readCount(node['fileMode'], `${where}.deviceNodes.fileMode`),
		permissions,
		uid: readCount(node['uid'], `${where}.deviceNodes.uid`),
		gid: readCount(node['gid'], `${where}.deviceNodes.gid`),
	};
}

function isDeviceType(text: string): text is OciDevice['type'] {
	return text === 'b' || text === 'c' || text === 'u' || text === 'p';
}

function parseMount(mount: Readonly<Record<string, unknown>>, where: string): OciMount {
	return {
		destination: absolute(mount['containerPath'], `${where}.mounts.containerPath`),
		source: text(mount['hostPath'], `${where}.mounts.hostPath`),
		type: optionalText(mount['type'], `${where}.mounts.type`) ?? 'bind',
		options:
			mount['options'] === undefined
				? ['bind', 'rprivate']
				: readList(mount['options'], `${where}.mounts.options`).map((entry) =>
						text(entry, `${where}.mounts.options`),
					),
	};
}

function parseCdiHook(
	hook: Readonly<Record<string, unknown>>,
	where: string,
): ContainerEdits['hooks'][number] {
	const stage = text(hook['hookName'], `${where}.hooks.hookName`);
	if (!hookStages.some((name) => name === stage)) throw new Error(`${where}: hook "${stage}" is unknown`);
	const args = readList(hook['args'], `${where}.hooks.args`).map((entry) =>
		text(entry, `${where}.hooks.args`),
	);
	const env = readList(hook['env'], `${where}.hooks.env`).map((entry) => text(entry, `${where}.hooks.env`));
	const timeout = readCount(hook['timeout'], `${where}.hooks.timeout`);
	return {
		stage,
		hook: {
			path: absolute(hook['path'], `${where}.hooks.path`),
			...(args.length > 0 && { args }),
			...(env.length > 0 && { env }),
			...(timeout !== undefined && { timeout }),
		},
	};
}

function text(value: unknown, what: string): string {
	const found = readText(value, what);
	if (found !== '') return found;
	throw new Error(`${what} is empty`);
}

function optionalText(value: unknown, what: string): string | undefined {
	return value === undefined || value === null || value === '' ? undefined : text(value, what);
}

function absolute(value: unknown, what: string): string {
	const file = text(value, what);
	if (path.isAbsolute(file)) return file;
	throw new Error(`${what} "${file}" is not absolute`);
}
