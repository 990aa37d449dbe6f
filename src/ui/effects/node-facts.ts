import { readNodeIdentity } from '../../node/identity.ts';
import { readKubelet } from '../../node/kubelet.ts';
import { readHostLoad } from '../../node/procfs.ts';
import { type RunningKubelet, readNodeRoles } from '../../node/roles.ts';
import type { EffectHost } from './effect-host.ts';

const loadEveryMs = 5_000;
const identityEveryMs = 60_000;
/** Looking for a kubelet reads every process's name: after the first look at the screen is soon enough. */
const kubeletAfterMs = 1_500;

/** The value that is shown already, until the newest one is at least a step away from it. */
export function held(
	shown: number | undefined,
	newest: number | undefined,
	stepAt: (shown: number) => number,
): number | undefined {
	if (shown === undefined || newest === undefined) return newest;
	return Math.abs(newest - shown) < stepAt(shown) - 1e-9 ? shown : newest;
}

/** Reads who the host is and how it is, now and again, until the signal ends it. Missing files mean missing facts. */
export function startNodeFacts(host: Pick<EffectHost, 'dispatch' | 'signal'>): void {
	const { dispatch, signal } = host;
	let load1: number | undefined;
	let availableShare: number | undefined;
	let running: RunningKubelet | undefined;

	async function readIdentity(): Promise<void> {
		const [identity, roles] = await Promise.all([
			readNodeIdentity({ signal }),
			readNodeRoles({ signal }, running),
		]);
		dispatch('node', {
			kind: 'nodeFactsRead',
			facts: {
				...(identity.hostname ? { hostname: identity.hostname } : {}),
				machineId: identity.machineIdShort,
				roles,
			},
		});
	}

	async function findKubelet(): Promise<void> {
		const kubelet = await readKubelet({ signal });
		running = kubelet.running ? kubelet : undefined;
		const roles = await readNodeRoles({ signal }, running);
		dispatch('node', { kind: 'nodeFactsRead', facts: { kubelet: kubelet.running, roles } });
	}

	async function readLoad(): Promise<void> {
		const load = await readHostLoad({ signal });
		const { memoryTotalBytes: total, memoryAvailableBytes: available } = load;
		// Rounded to what the header shows, and held while they only tremble, so that a quiet host causes no redraw.
		load1 = held(load1, load.loadAverage && Math.round(load.loadAverage.one * 10) / 10, (shown) =>
			Math.max(0.2, shown / 10),
		);
		availableShare = held(
			availableShare,
			total && available !== undefined ? Math.round((available / total) * 100) / 100 : undefined,
			() => 0.015,
		);
		dispatch('node', {
			kind: 'nodeFactsRead',
			facts: {
				load1,
				cpuCount: load.cpuCount ?? 1,
				memoryTotalBytes: total,
				memoryAvailableBytes: total && availableShare !== undefined ? availableShare * total : available,
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
	const later = setTimeout(() => keep(findKubelet, identityEveryMs), kubeletAfterMs);
	signal.addEventListener('abort', () => clearTimeout(later), { once: true });
	keep(readLoad, loadEveryMs);
}
