/** Plugins clean up what belongs to no pod. Source: CNI spec 1.1, GC */
import { readdirSync } from 'node:fs';
import { errnoCode } from '../sys/errno.ts';
import type { AttachmentCache } from './attachment-cache.ts';
import type { ChainContext } from './chain.ts';
import { compareVersions } from './network-list.ts';
import type { NetworkUsers } from './network-users.ts';
import type { ChosenNetwork } from './networks.ts';
import { callPlugin, noTarget } from './plugin-call.ts';
import { CniError } from './pod-network.ts';

/** Where runtimes built on libcni remember their attachments: containerd, CRI-O, nerdctl, old Podman; cri-dockerd. */
const libcniResultsDirs = ['/var/lib/cni/results', '/var/lib/cni/cache/results'];

/** @returns what plugins said that failed; those that do not know GC are not asked */
export async function collectGarbage(
	chosen: readonly ChosenNetwork[],
	{
		cache,
		users,
		foreignResultsDirs = libcniResultsDirs,
		...context
	}: ChainContext & {
		readonly cache: AttachmentCache;
		readonly users: Pick<NetworkUsers, 'isUsedByOthers'>;
		readonly foreignResultsDirs?: readonly string[] | undefined;
	},
): Promise<readonly CniError[]> {
	const failures: CniError[] = [];
	for (const { list, cniVersion } of chosen) {
		const knowsGc = compareVersions(cniVersion, '1.1.0') >= 0 && !list.disableGc;
		// Pods of another runtime on the same network are none of ours, and would lose theirs.
		if (!knowsGc || isUsedByOthers(list.name, foreignResultsDirs) || users.isUsedByOthers(list.name))
			continue;
		const attachments = await validAttachments(cache, list.name);
		for (const plugin of list.plugins) {
			const config = {
				...plugin,
				name: list.name,
				cniVersion,
				'cni.dev/valid-attachments': attachments,
				// What libcni called it at first.
				'cni.dev/attachments': attachments,
			};
			try {
				await callPlugin(
					{ ...context, type: plugin.type, verb: 'GC', config, target: noTarget },
					{ signal: context.signal },
				);
			} catch (error) {
				if (!(error instanceof CniError)) throw error;
				failures.push(error);
			}
		}
	}
	return failures;
}

async function validAttachments(cache: AttachmentCache, network: string) {
	const records = await Promise.all(cache.ids().map((id) => cache.load(id)));
	return records.flatMap((record) =>
		record === undefined || record === 'damaged'
			? []
			: record.attachments
					.filter(({ chain }) => chain.name === network)
					.map((attachment) => ({ containerID: record.podSandboxId, ifname: attachment.interface })),
	);
}

/** A folder that cannot be read may hold anything. */
function isUsedByOthers(network: string, resultsDirs: readonly string[]): boolean {
	return resultsDirs.some((dir) => {
		try {
			return readdirSync(dir).some((name) => name.startsWith(`${network}-`));
		} catch (error) {
			return errnoCode(error) !== 'ENOENT';
		}
	});
}
