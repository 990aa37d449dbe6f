/** The request of CreateContainer as the runtime reads it. Source: message ContainerConfig; runtime.md section 1. */

import { readMessage, readNumber, readOptional, readText, type WireMessage } from './codec-fields.ts';
import { mapImageSpec } from './codec-image.ts';
import {
	checkEnum,
	checkFlag,
	checkList,
	checkMap,
	checkPath,
	checkText,
	checkTexts,
	demandMessage,
	demandName,
	demandPath,
	hasControl,
	refuse,
} from './codec-request-checks.ts';
import { mapResourcesRequest } from './codec-resources-request.ts';
import { mapContainerSecurityContext, mapIdMappings } from './codec-security-request.ts';
import type { MountPropagation } from './model.ts';
import type { ContainerRequest, DeviceRequest, MountRequest } from './pod-request.ts';

const propagations = new Map<unknown, MountPropagation>([
	['PROPAGATION_PRIVATE', 'private'],
	['PROPAGATION_HOST_TO_CONTAINER', 'hostToContainer'],
	['PROPAGATION_BIDIRECTIONAL', 'bidirectional'],
]);

/** @param field what it is called in errors. @throws InvalidArgumentError naming the field */
export function mapContainerRequest(value: unknown, field = 'config'): ContainerRequest {
	const wire = demandMessage(value, field);
	const metadata = demandMessage(wire['metadata'], `${field}.metadata`);
	const linux = readMessage(wire['linux']);
	const image = mapImageSpec(demandMessage(wire['image'], `${field}.image`));
	demandName(image.image, `${field}.image.image`);
	return {
		metadata: {
			name: demandName(metadata['name'], `${field}.metadata.name`),
			attempt: readNumber(metadata['attempt']),
		},
		image,
		command: checkTexts(wire['command'], `${field}.command`),
		args: checkTexts(wire['args'], `${field}.args`),
		workingDir: checkPath(wire['workingDir'], `${field}.workingDir`),
		envs: checkList(wire['envs'], `${field}.envs`, mapEnv),
		mounts: checkList(wire['mounts'], `${field}.mounts`, mapMount),
		devices: checkList(wire['devices'], `${field}.devices`, mapDevice),
		cdiDevices: checkList(wire['CDIDevices'], `${field}.CDIDevices`, (device, at) =>
			demandName(device['name'], `${at}.name`),
		),
		labels: checkMap(wire['labels'], `${field}.labels`),
		annotations: checkMap(wire['annotations'], `${field}.annotations`),
		logPath: mapLogPath(wire['logPath'], `${field}.logPath`),
		stdin: checkFlag(wire['stdin']),
		stdinOnce: checkFlag(wire['stdinOnce']),
		tty: checkFlag(wire['tty']),
		stopSignal: mapStopSignal(wire['stopSignal'], `${field}.stopSignal`),
		resources: mapResourcesRequest(linux['resources'], `${field}.linux.resources`),
		security: mapContainerSecurityContext(linux['securityContext'], `${field}.linux.securityContext`),
	};
}

function mapEnv(wire: WireMessage, field: string): ContainerRequest['envs'][number] {
	const key = checkText(wire['key'], `${field}.key`);
	if (key === '') refuse(`${field}.key`, 'is missing');
	if (key.includes('=')) refuse(`${field}.key`, `"${key}" has a = in it`);
	return { key, value: checkText(bytesAsText(wire['value']), `${field}.value`) };
}

/** The protocol carries bytes: clients older than 1.36 wrote a string, which looks the same on the wire. */
function bytesAsText(value: unknown): string {
	if (!(value instanceof Uint8Array)) return readText(value);
	const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
	const text = bytes.toString('utf8');
	return Buffer.from(text, 'utf8').equals(bytes) ? text : bytes.toString('latin1');
}

function mapMount(wire: WireMessage, field: string): MountRequest {
	const image = readOptional(wire['image']);
	const hostPath = checkPath(wire['hostPath'], `${field}.hostPath`);
	if (image === undefined && hostPath === '') refuse(`${field}.hostPath`, 'is missing');
	if (image !== undefined) demandName(image['image'], `${field}.image.image`);
	const mount = {
		containerPath: demandPath(wire['containerPath'], `${field}.containerPath`),
		hostPath,
		readonly: checkFlag(wire['readonly']),
		recursiveReadOnly: checkFlag(wire['recursiveReadOnly']),
		selinuxRelabel: checkFlag(wire['selinuxRelabel']),
		propagation: checkEnum(wire['propagation'], `${field}.propagation`, propagations),
		uidMappings: mapIdMappings(wire['uidMappings'], `${field}.uidMappings`),
		gidMappings: mapIdMappings(wire['gidMappings'], `${field}.gidMappings`),
		image: image === undefined ? undefined : mapImageSpec(image),
		imageSubPath: checkText(wire['imageSubPath'], `${field}.imageSubPath`),
	};
	if (mount.recursiveReadOnly && !mount.readonly) {
		refuse(`${field}.recursiveReadOnly`, 'is set without readonly');
	}
	if (mount.recursiveReadOnly && mount.propagation !== 'private') {
		refuse(`${field}.recursiveReadOnly`, 'needs the propagation PROPAGATION_PRIVATE');
	}
	if (mount.imageSubPath.startsWith('/') || mount.imageSubPath.split('/').includes('..')) {
		refuse(`${field}.imageSubPath`, `"${mount.imageSubPath}" must be a path within the image`);
	}
	return mount;
}

function mapDevice(wire: WireMessage, field: string): DeviceRequest {
	const hostPath = demandPath(wire['hostPath'], `${field}.hostPath`);
	const permissions = checkText(wire['permissions'], `${field}.permissions`);
	if (!/^[rwm]{0,3}$/.test(permissions))
		refuse(`${field}.permissions`, `"${permissions}" must be of r, w and m`);
	return { hostPath, containerPath: checkPath(wire['containerPath'], `${field}.containerPath`), permissions };
}

/** Below the sandbox's log directory, and nowhere else. */
function mapLogPath(value: unknown, field: string): string {
	const logPath = checkText(value, field);
	if (hasControl(logPath) || logPath.split('/').includes('..')) {
		refuse(field, `${JSON.stringify(logPath)} must be a path below the log directory`);
	}
	return logPath;
}

/** In the words of kill(1): SIGRTMINPLUS3 is SIGRTMIN+3. Source: enum Signal. */
function mapStopSignal(value: unknown, field: string): string {
	if (value === undefined || value === null || value === 'RUNTIME_DEFAULT') return '';
	if (typeof value !== 'string' || !/^SIG[A-Z0-9]+$/.test(value)) {
		return refuse(field, `has the unknown value ${JSON.stringify(value)}`);
	}
	return value.replace('PLUS', '+').replace('MINUS', '-');
}
