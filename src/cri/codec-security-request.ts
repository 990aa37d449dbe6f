/** Security contexts that are asked for, of sandboxes and of containers alike. */
import { readMessage, readOptional, readText, type WireMessage } from './codec-fields.ts';
import {
	checkEnum,
	checkFlag,
	checkInteger,
	checkList,
	checkText,
	checkWrapped,
	hasControl,
	refuse,
} from './codec-request-checks.ts';
import type { NamespaceMode } from './model.ts';
import type {
	ContainerSecurityContext,
	IdMapping,
	NamespaceRequest,
	SecurityContext,
	SecurityProfile,
	SelinuxOptions,
	SupplementalGroupsPolicy,
} from './pod-request.ts';

/** Users and groups are 32 bits wide, and the highest means "none". Source: setresuid(2) */
const ids: readonly [bigint, bigint] = [0n, 2n ** 32n - 2n];

const modes = new Map<unknown, NamespaceMode>([
	['POD', 'pod'],
	['CONTAINER', 'container'],
	['NODE', 'node'],
	['TARGET', 'target'],
]);
const profileTypes = new Map<unknown, SecurityProfile['type']>([
	['RuntimeDefault', 'runtimeDefault'],
	['Unconfined', 'unconfined'],
	['Localhost', 'localhost'],
]);
const policies = new Map<unknown, SupplementalGroupsPolicy>([
	['Merge', 'merge'],
	['Strict', 'strict'],
]);

/** What a request without a security context asks for. Source: the protocol's default values. */
const noContext: WireMessage = Object.freeze({ supplementalGroupsPolicy: 'Merge' });

/** Source: messages LinuxSandboxSecurityContext, LinuxContainerSecurityContext. @throws InvalidArgumentError */
export function mapSecurityContext(value: unknown, field: string): SecurityContext {
	const wire = readOptional(value) ?? noContext;
	const groups = wire['supplementalGroups'];
	const runAsUser = checkWrapped(wire['runAsUser'], `${field}.runAsUser`, ids);
	const runAsGroup = checkWrapped(wire['runAsGroup'], `${field}.runAsGroup`, ids);
	if (runAsGroup !== undefined && runAsUser === undefined && readText(wire['runAsUsername']) === '') {
		refuse(`${field}.runAsGroup`, 'is set without runAsUser or runAsUsername');
	}
	return {
		namespaces: mapNamespaces(wire['namespaceOptions'], `${field}.namespaceOptions`),
		selinux: mapSelinux(wire['selinuxOptions'], `${field}.selinuxOptions`),
		runAsUser,
		runAsGroup,
		readonlyRootfs: checkFlag(wire['readonlyRootfs']),
		supplementalGroups: (Array.isArray(groups) ? groups : []).map((group, index) =>
			checkInteger(group, `${field}.supplementalGroups[${index}]`, ids),
		),
		supplementalGroupsPolicy: checkEnum(
			wire['supplementalGroupsPolicy'] ?? 'Merge',
			`${field}.supplementalGroupsPolicy`,
			policies,
		),
		privileged: checkFlag(wire['privileged']),
		seccomp: mapProfile(wire, 'seccomp', 'seccompProfilePath', field),
		apparmor: mapProfile(wire, 'apparmor', 'apparmorProfile', field),
	};
}

/** Source: message LinuxContainerSecurityContext. @throws InvalidArgumentError */
export function mapContainerSecurityContext(value: unknown, field: string): ContainerSecurityContext {
	const wire = readOptional(value) ?? noContext;
	const capabilities = readMessage(wire['capabilities']);
	const named = (name: string): readonly string[] =>
		textList(capabilities[name]).map((capability, index) => {
			// `ALL` is one of them; which others there are is known where they are given.
			if (/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(capability)) return capability.toUpperCase();
			return refuse(`${field}.capabilities.${name}[${index}]`, `"${capability}" is no name of a capability`);
		});
	const runAsUsername = checkText(wire['runAsUsername'], `${field}.runAsUsername`);
	if (hasControl(runAsUsername)) refuse(`${field}.runAsUsername`, 'has control characters in it');
	return {
		...mapSecurityContext(wire, field),
		runAsUsername,
		addCapabilities: named('addCapabilities'),
		dropCapabilities: named('dropCapabilities'),
		addAmbientCapabilities: named('addAmbientCapabilities'),
		noNewPrivs: checkFlag(wire['noNewPrivs']),
		maskedPaths: pathList(wire['maskedPaths'], `${field}.maskedPaths`),
		readonlyPaths: pathList(wire['readonlyPaths'], `${field}.readonlyPaths`),
	};
}

/** Source: message IDMapping. */
export function mapIdMappings(value: unknown, field: string): readonly IdMapping[] {
	return checkList(value, field, (wire, at) => {
		const number = (name: string) => Number(checkInteger(wire[name], `${at}.${name}`, [0n, 2n ** 32n - 1n]));
		return { hostId: number('hostId'), containerId: number('containerId'), length: number('length') };
	});
}

/** Source: message NamespaceOption; absent is POD for all three. */
function mapNamespaces(value: unknown, field: string): NamespaceRequest {
	const wire = readMessage(value);
	const mode = (name: string): NamespaceMode => checkEnum(wire[name] ?? 'POD', `${field}.${name}`, modes);
	const network = mode('network');
	const ipc = mode('ipc');
	for (const [name, given] of Object.entries({ network, ipc })) {
		if (given !== 'pod' && given !== 'node') {
			refuse(`${field}.${name}`, `is ${given.toUpperCase()}, and can be POD or NODE`);
		}
	}
	const pid = mode('pid');
	const targetId = checkText(wire['targetId'], `${field}.targetId`);
	if (pid === 'target' && targetId === '') refuse(`${field}.targetId`, 'is missing, and pid is TARGET');
	return { network, ipc, pid, targetId, userns: mapUserns(wire['usernsOptions'], `${field}.usernsOptions`) };
}

/** Source: message UserNamespace; critest security_context_linux.go for what must fail. */
function mapUserns(value: unknown, field: string): NamespaceRequest['userns'] {
	const wire = readOptional(value);
	if (wire === undefined) return undefined;
	const mode = checkEnum(wire['mode'] ?? 'POD', `${field}.mode`, modes);
	if (mode !== 'pod' && mode !== 'node')
		refuse(`${field}.mode`, `is ${mode.toUpperCase()}, and can be POD or NODE`);
	const side = (name: string): readonly IdMapping[] => {
		const mappings = mapIdMappings(wire[name], `${field}.${name}`);
		if (mappings.length > 1) refuse(`${field}.${name}`, `has ${mappings.length} mappings, and can have one`);
		if (mappings[0] !== undefined && (mappings[0].containerId !== 0 || mappings[0].length === 0)) {
			refuse(`${field}.${name}`, 'does not map the id 0 of the container');
		}
		return mappings;
	};
	const uids = side('uids');
	const gids = side('gids');
	if (JSON.stringify(uids) !== JSON.stringify(gids)) refuse(field, 'maps uids and gids differently');
	return { mode, uids, gids };
}

function mapSelinux(value: unknown, field: string): SelinuxOptions | undefined {
	const wire = readOptional(value);
	if (wire === undefined) return undefined;
	const part = (name: string): string => {
		const text = checkText(wire[name], `${field}.${name}`);
		return /^[\w.,:-]*$/.test(text) ? text : refuse(`${field}.${name}`, `"${text}" is no part of a label`);
	};
	return { user: part('user'), role: part('role'), type: part('type'), level: part('level') };
}

/** The profile, from its message or from the text that older clients write in its place. */
function mapProfile(
	wire: WireMessage,
	name: string,
	oldName: string,
	field: string,
): SecurityProfile | undefined {
	const message = readOptional(wire[name]);
	if (message !== undefined) {
		const type = checkEnum(message['profileType'], `${field}.${name}.profileType`, profileTypes);
		const localhostRef = checkText(message['localhostRef'], `${field}.${name}.localhostRef`);
		if (type === 'localhost' && localhostRef === '') refuse(`${field}.${name}.localhostRef`, 'is missing');
		return { type, localhostRef };
	}
	const text = checkText(wire[oldName], `${field}.${oldName}`);
	if (text === '') return undefined;
	if (text === 'runtime/default' || text === 'docker/default')
		return { type: 'runtimeDefault', localhostRef: '' };
	if (text === 'unconfined') return { type: 'unconfined', localhostRef: '' };
	if (text.startsWith('localhost/')) {
		return { type: 'localhost', localhostRef: text.slice('localhost/'.length) };
	}
	return refuse(
		`${field}.${oldName}`,
		`"${text}" must be runtime/default, unconfined or localhost/<profile>`,
	);
}

function pathList(value: unknown, field: string): readonly string[] {
	return textList(value).map((path, index) => {
		const text = checkText(path, `${field}[${index}]`);
		return text.startsWith('/') ? text : refuse(`${field}[${index}]`, `"${text}" must be an absolute path`);
	});
}

function textList(value: unknown): readonly string[] {
	return Array.isArray(value) ? value.map(readText) : [];
}
