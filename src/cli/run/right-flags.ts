/** Who a container's process is and what it may do: `--user`, `--cap-add`, `--security-opt` and their like. */
import path from 'node:path';
import type { ProtocolMessage } from '../../cri/sandbox-config.ts';
import { UsageError } from '../usage-error.ts';
import type { RunFlags } from './run-flags.ts';

const isId = (text: string) => /^\d{1,10}$/u.test(text);

function idOf(text: string, written: string): ProtocolMessage {
	if (!isId(text) || BigInt(text) >= 2n ** 32n - 1n) {
		throw new UsageError(`flag ${written} needs a number below 4294967295, not "${text}"`);
	}
	return { value: BigInt(text) };
}

function userOf(user: string | undefined): ProtocolMessage {
	if (user === undefined) return {};
	const [name = '', group, ...more] = user.split(':');
	if (name === '' || group === '' || more.length > 0 || /\s/u.test(user)) {
		throw new UsageError(`flag --user is USER[:GROUP], not "${user}"`);
	}
	if (group !== undefined && !isId(group)) {
		throw new UsageError(
			`flag --user needs the group as a number, not "${group}": the CRI takes no group by name`,
		);
	}
	return {
		...(isId(name) ? { runAsUser: idOf(name, '--user') } : { runAsUsername: name }),
		...(group !== undefined && { runAsGroup: idOf(group, '--user') }),
	};
}

function profileOf(value: string, unconfinedWord = 'unconfined'): ProtocolMessage {
	if (value === unconfinedWord) return { profileType: 'Unconfined' };
	if (value === 'runtime/default' || value === 'default') return { profileType: 'RuntimeDefault' };
	return { profileType: 'Localhost', localhostRef: value };
}

function optionsOf(options: readonly string[], cwd: string): ProtocolMessage {
	const read: Record<string, ProtocolMessage[string]> = {};
	for (const option of options) {
		const [, name = option, value = ''] = /^([^=:]+)[=:](.*)$/su.exec(option) ?? [];
		if (name === 'no-new-privileges' && value !== 'false') read['noNewPrivs'] = true;
		else if (name === 'no-new-privileges') read['noNewPrivs'] = false;
		else if (name === 'apparmor' && value !== '') read['apparmor'] = profileOf(value);
		else if (name === 'seccomp' && value !== '') {
			const isFile = value.includes('/') && value !== 'runtime/default';
			read['seccomp'] = profileOf(isFile ? path.resolve(cwd, value) : value);
		} else {
			throw new UsageError(
				`flag --security-opt knows no "${option}"; there are no-new-privileges, seccomp= and apparmor=`,
			);
		}
	}
	return read;
}

function capabilities(names: readonly string[], written: string): readonly string[] {
	return names.flatMap((list) =>
		list.split(',').map((name) => {
			const plain = name.toUpperCase().replace(/^CAP_/u, '');
			if (!/^[A-Z][A-Z_]{2,40}$/u.test(plain))
				throw new UsageError(`flag ${written}: "${name}" is no capability`);
			return plain;
		}),
	);
}

/**
 * Message LinuxContainerSecurityContext, but for its namespaces. Without `--security-opt` the runtime's own seccomp profile
 * applies, as with Podman and Docker, and none to a privileged container.
 * @throws UsageError that names the flag.
 */
export function rightsOf(
	flags: Pick<
		RunFlags,
		'user' | 'group-add' | 'privileged' | 'cap-add' | 'cap-drop' | 'read-only' | 'security-opt'
	>,
	cwd: string,
): ProtocolMessage {
	const { privileged } = flags;
	const add = capabilities(flags['cap-add'], '--cap-add');
	const drop = capabilities(flags['cap-drop'], '--cap-drop');
	const groups = flags['group-add'].map((group) => idOf(group, '--group-add')['value']);
	return {
		privileged,
		seccomp: { profileType: privileged ? 'Unconfined' : 'RuntimeDefault' },
		...optionsOf(flags['security-opt'], cwd),
		...userOf(flags.user),
		...(groups.length > 0 && { supplementalGroups: groups }),
		...(add.length + drop.length > 0 && { capabilities: { addCapabilities: add, dropCapabilities: drop } }),
		readonlyRootfs: flags['read-only'],
	};
}
