/** Devices by qualified name from the vendors' spec files. Source: Container Device Interface specification 0.8. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { StringMap } from '../../cri/model.ts';
import { errnoCode } from '../sys/errno.ts';
import { type DeviceGrant, deviceOf } from './devices.ts';
import { type CdiSpec, type ContainerEdits, parseCdiSpec } from './devices-cdi-spec.ts';
import type { OciHook, OciHooks } from './hooks.ts';
import type { OciMount } from './model.ts';
import { resolveInRootfs, statIfThere } from './rootfs-path.ts';

/** Vendors' files are small; a stray one must not be read whole. */
const maxSpecBytes = 8 * 1024 * 1024;

/** What the devices change about a container. */
export type CdiEdits = {
	readonly env: readonly string[];
	readonly mounts: readonly OciMount[];
	readonly devices: readonly DeviceGrant[];
	readonly hooks: OciHooks;
	readonly additionalGids: readonly number[];
};

/** Older than the field of the request: `cdi.k8s.io/…: vendor.com/class=a,vendor.com/class=b`. */
export function cdiDevicesOfAnnotations(annotations: StringMap): readonly string[] {
	return Object.entries(annotations)
		.filter(([key]) => key.startsWith('cdi.k8s.io/'))
		.flatMap(([, value]) => value.split(','));
}

/**
 * Looks all names up, in the folders' present files. What two files of one folder both define is ambiguous; a later folder goes
 * before an earlier one. @throws InvalidArgumentError for a name that is malformed, unknown or ambiguous
 */
export function prepareCdiDevices(names: readonly string[], dirs: readonly string[]): CdiEdits {
	if (names.length === 0) return { env: [], mounts: [], devices: [], hooks: {}, additionalGids: [] };
	const { specs, problems } = loadCdiSpecs(dirs);
	const edits: ContainerEdits[] = [];
	const used = new Set<CdiSpec>();
	for (const name of new Set(names)) {
		const { spec, device } = findDevice(name, specs, problems);
		edits.push(device);
		// What a file says for all of its devices counts once.
		if (!used.has(spec)) edits.push(spec.edits);
		used.add(spec);
	}
	const hooks: Record<string, OciHook[]> = {};
	for (const { stage, hook } of edits.flatMap((edit) => edit.hooks)) {
		hooks[stage] ??= [];
		hooks[stage].push(hook);
	}
	return {
		env: edits.flatMap(({ env }) => env),
		mounts: edits.flatMap(({ mounts }) => mounts),
		devices: edits.flatMap(({ deviceNodes }) => deviceNodes.map(grantOf)),
		hooks,
		additionalGids: [...new Set(edits.flatMap(({ additionalGids }) => additionalGids))],
	};
}

type LoadedSpecs = {
	readonly specs: readonly (CdiSpec & { readonly dirIndex: number })[];
	readonly problems: readonly string[];
};

function loadCdiSpecs(dirs: readonly string[]): LoadedSpecs {
	const specs: (CdiSpec & { readonly dirIndex: number })[] = [];
	const problems: string[] = [];
	for (const [dirIndex, dir] of dirs.entries()) {
		for (const name of specFiles(dir)) {
			const file = path.join(dir, name);
			try {
				if (statSync(file).size > maxSpecBytes) throw new Error('it is too large');
				specs.push({ ...parseCdiSpec(file, parseYaml(readFileSync(file, 'utf8'))), dirIndex });
			} catch (error) {
				// Another vendor's broken file is no reason to refuse this one's device.
				problems.push(`"${file}": ${(error as Error).message}`);
			}
		}
	}
	return { specs, problems };
}

function specFiles(dir: string): readonly string[] {
	try {
		return readdirSync(dir)
			.filter((name) => /\.(json|ya?ml)$/.test(name))
			.sort();
	} catch (error) {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	}
}

function findDevice(
	qualified: string,
	specs: LoadedSpecs['specs'],
	problems: readonly string[],
): { readonly spec: CdiSpec; readonly device: ContainerEdits } {
	const match = /^([A-Za-z][\w.-]*\/[A-Za-z][\w.-]*)=([A-Za-z0-9][\w.:-]*)$/.exec(qualified);
	if (match === null) {
		throw new InvalidArgumentError(
			`cannot use CDI device "${qualified}": it is not of the form vendor/class=name`,
		);
	}
	const [, kind, name = ''] = match;
	const found = specs.filter((spec) => spec.kind === kind && spec.devices.has(name));
	const top = Math.max(...found.map(({ dirIndex }) => dirIndex));
	const [spec, other] = found.filter(({ dirIndex }) => dirIndex === top);
	const device = spec?.devices.get(name);
	if (spec === undefined || device === undefined) {
		const unread = problems.length > 0 ? ` (unreadable: ${problems.join('; ')})` : '';
		throw new InvalidArgumentError(`cannot use CDI device "${qualified}": no file describes it${unread}`);
	}
	if (other !== undefined) {
		throw new InvalidArgumentError(
			`cannot use CDI device "${qualified}": both "${spec.file}" and "${other.file}" describe it`,
		);
	}
	return { spec, device };
}

/** What a file leaves out about a device is as on the host. */
function grantOf(node: ContainerEdits['deviceNodes'][number]): DeviceGrant {
	const hostPath = node.hostPath ?? node.path;
	const needsHost = node.type === undefined || (node.major === undefined && node.type !== 'p');
	const stats = needsHost ? statIfThere(resolveInRootfs('/', hostPath)) : undefined;
	const host = stats && deviceOf(node.path, stats);
	if (needsHost && host === undefined) {
		throw new InvalidArgumentError(`cannot use CDI device node "${hostPath}": it is no device of the host`);
	}
	const type = node.type ?? host?.type ?? 'c';
	const major = node.major ?? host?.major ?? 0;
	const minor = node.minor ?? host?.minor ?? 0;
	const fileMode = node.fileMode ?? host?.fileMode;
	const uid = node.uid ?? host?.uid;
	const gid = node.gid ?? host?.gid;
	return {
		device: {
			path: node.path,
			type,
			major,
			minor,
			...(fileMode !== undefined && { fileMode }),
			...(uid !== undefined && { uid }),
			...(gid !== undefined && { gid }),
		},
		rule: type === 'p' ? undefined : { type, major, minor, access: node.permissions ?? 'rwm' },
	};
}
