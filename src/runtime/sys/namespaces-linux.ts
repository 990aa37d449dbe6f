/** Namespaces of sandboxes, pinned as bind mounts: `DIR/net/ID`, `DIR/ipc/ID`, `DIR/uts/ID`. */
import { closeSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { InvalidArgumentError } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { errnoCode } from './errno.ts';
import { type NamespaceKind, namespaceKinds, type PinJob } from './namespace-job.ts';
import { createNamespaceThread } from './namespace-thread.ts';
import type { Namespaces, PinRequest } from './namespaces.ts';
import type { Sys } from './sys.ts';

/** Source: umount2(2) */
const mntDetach = 2;
const umountNoFollow = 8;
/** A file can be bound more than once where a pin was repeated after a crash. */
const maxStackedMounts = 16;

/** Names of sysctls and the namespace they belong to. Source: sysctl(8), namespaces(7), CRI-O's list */
const sysctlOwners: readonly { readonly pattern: RegExp; readonly kind: NamespaceKind }[] = [
	{ pattern: /^net\./, kind: 'net' },
	{ pattern: /^(?:kernel\.(?:shm\w*|msg\w*|sem)|fs\.mqueue\..+)$/, kind: 'ipc' },
	{ pattern: /^kernel\.domainname$/, kind: 'uts' },
];

/** No path, and nothing hidden. */
const idPattern = /^\w[\w.-]*$/;

export type NamespacesOptions = {
	/** Made where it is not there; nothing else lies in it. */
	readonly dir: string;
	readonly sys: Pick<Sys, 'umount2'>;
	readonly log: Log;
};

/** One for each folder. Disposing ends the thread; what is pinned stays. */
export function createNamespaces({ dir, sys, log }: NamespacesOptions): Namespaces & AsyncDisposable {
	for (const kind of namespaceKinds) mkdirSync(path.join(dir, kind), { recursive: true, mode: 0o755 });
	const thread = createNamespaceThread();
	const fileOf = (kind: NamespaceKind, id: string) => path.join(dir, kind, checkedId(id));

	const release = (kind: NamespaceKind, id: string): void => {
		const file = fileOf(kind, id);
		for (let count = 0; count < maxStackedMounts; count += 1) {
			try {
				sys.umount2(file, mntDetach | umountNoFollow);
			} catch (error) {
				const code = errnoCode(error);
				// EINVAL: no mount there (any more).
				if (code === 'EINVAL' || code === 'ENOENT') break;
				throw error;
			}
		}
		// This also detaches the copies that other mount namespaces have of the mount.
		rmSync(file, { force: true });
	};
	const releaseAll = (id: string): void => {
		const failures: unknown[] = [];
		for (const kind of namespaceKinds) {
			try {
				release(kind, id);
			} catch (error) {
				failures.push(error);
			}
		}
		if (failures.length > 0) throw failures[0];
	};

	return {
		async pin(request, { signal } = {}) {
			signal?.throwIfAborted();
			const kinds = kindsOf(request);
			const sysctls = sysctlsOf(request);
			if (kinds.length > 0) {
				releaseAll(request.id);
				try {
					const pins = kinds.map((kind) => ({ kind, path: fileOf(kind, request.id) }));
					for (const pin of pins) closeSync(openSync(pin.path, 'wx', 0o444));
					await thread.run({ pins, hostname: request.uts ? request.hostname : undefined, sysctls });
					// The work takes a millisecond or two: it is waited for, and undone when nobody wants it.
					signal?.throwIfAborted();
				} catch (error) {
					try {
						releaseAll(request.id);
					} catch (failure) {
						log('warn', 'cannot release namespaces', { sandbox: request.id, error: String(failure) });
					}
					throw error;
				}
			}
			const pinned = (wanted: boolean, kind: NamespaceKind) =>
				wanted ? fileOf(kind, request.id) : undefined;
			return {
				network: pinned(request.network, 'net'),
				ipc: pinned(request.ipc, 'ipc'),
				uts: pinned(request.uts, 'uts'),
			};
		},
		pathsOf: (id) => ({ network: fileOf('net', id), ipc: fileOf('ipc', id), uts: fileOf('uts', id) }),
		async unpin(id) {
			releaseAll(id);
		},
		list() {
			const names = namespaceKinds.flatMap((kind) => readdirSync(path.join(dir, kind)));
			// Whatever else somebody has put there is not to be released.
			return [...new Set(names)].filter((name) => idPattern.test(name)).sort();
		},
		[Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
	};
}

function kindsOf(request: PinRequest): readonly NamespaceKind[] {
	const wanted: Readonly<Record<NamespaceKind, boolean>> = {
		net: request.network,
		ipc: request.ipc,
		uts: request.uts,
	};
	return namespaceKinds.filter((kind) => wanted[kind]);
}

/** A sysctl of a namespace that the pod shares with the host would change the host. */
function sysctlsOf(request: PinRequest): PinJob['sysctls'] {
	const kinds = kindsOf(request);
	return Object.entries(request.sysctls).map(([given, value]) => {
		const name = dotted(given);
		const owner = sysctlOwners.find(({ pattern }) => pattern.test(name))?.kind;
		const refused = (why: string) =>
			new InvalidArgumentError(`cannot set sysctl "${given}" to "${value}": ${why}`);
		const segments = name.split('.').map((segment) => segment.replaceAll('/', '.'));
		const bad = segments.some((segment) => ['', '.', '..'].includes(segment) || segment.includes('\0'));
		if (owner === undefined || bad) throw refused('it belongs to the whole node, not to a pod');
		if (!kinds.includes(owner)) throw refused(`the pod shares its ${owner} namespace with the host`);
		return { name: given, path: path.join('/proc/sys', ...segments), value };
	});
}

/** `net/ipv4/conf/eth0.1/x` as `net.ipv4.conf.eth0/1.x`. Source: sysctl(8), which takes both */
function dotted(name: string): string {
	if (!/^[^.]*\//.test(name)) return name;
	return name.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

function checkedId(id: string): string {
	if (idPattern.test(id)) return id;
	throw new InvalidArgumentError(`cannot pin namespaces of "${id}": this is no id of a sandbox`);
}
