import { readNodeIdentity } from '../../node/identity.ts';
import { readKubelet } from '../../node/kubelet.ts';
import { readHostLoad } from '../../node/procfs.ts';
import { readNodeRoles } from '../../node/roles.ts';
import type { EffectHost } from './effect-host.ts';

const loadEveryMs = 5_000;
const identityEveryMs = 60_000;

/** Reads who the host is and how it is, now and again, until the signal ends it. Missing files mean missing facts. */
export function startNodeFacts(host: Pick<EffectHost, 'dispatch' | 'signal'>): void {
	const { dispatch, signal } = host;

	async function readIdentity(): Promise<void> {
		const [identity, roles, kubelet] = await Promise.all([
			readNodeIdentity({ signal }),
			readNodeRoles({ signal }),
			readKubelet({ signal }),
		]);
		dispatch('node', {
			kind: 'nodeFactsRead',
			facts: {
				...(identity.hostname ? { hostname: identity.hostname } : {}),
				machineId: identity.machineIdShort,
				roles,
				kubelet: kubelet.running,
			},
		});
	}

	async function readLoad(): Promise<void> {
		const load = await readHostLoad({ signal });
		// Rounded to what the header shows, so that a quiet host causes no redraw.
		const round = (bytes: number | undefined): number | undefined =>
			bytes === undefined || !load.memoryTotalBytes
				? bytes
				: (Math.round((bytes / load.memoryTotalBytes) * 100) / 100) * load.memoryTotalBytes;
		dispatch('node', {
			kind: 'nodeFactsRead',
			facts: {
				load1: load.loadAverage && Math.round(load.loadAverage.one * 10) / 10,
				cpuCount: load.cpuCount ?? 1,
				memoryTotalBytes: load.memoryTotalBytes,
				memoryAvailableBytes: round(load.memoryAvailableBytes),
			},
		});
	}

	function keep(read: () => Promise<void>, everyMs: number): void {
		let busy = false;
		const once = (): void => {
			if (busy) return;
			busy = true;
			// Facts of the host decorate; a host that cannot be read is shown without them.
			void read()
				.catch(() => undefined)
				.finally(() => {
					busy = false;
				});
		};
		once();
		const timer = setInterval(once, everyMs);
		signal.addEventListener('abort', () => clearInterval(timer), { once: true });
	}

	keep(readIdentity, identityEveryMs);
	keep(readLoad, loadEveryMs);
}
