import type { RuntimeService } from '../../cri/ports.ts';
import type { Store } from '../storage/model.ts';

/** Why neither condition is met: said to people and to a kubelet, which then starts no pod here. */
const message = 'pods and containers are not served yet';

/** RPC Status. The verbose form tells where the images are. */
export function createStatus(
	store: Pick<Store, 'graphRoot' | 'runRoot' | 'driver'>,
): RuntimeService['status'] {
	return async ({ verbose }) => ({
		conditions: ['RuntimeReady', 'NetworkReady'].map((type) => ({
			type,
			status: false,
			reason: 'ImagesOnly',
			message,
		})),
		runtimeHandlers: [],
		supplementalGroupsPolicy: false,
		info: verbose
			? {
					config: JSON.stringify({
						root: store.graphRoot,
						runroot: store.runRoot,
						storageDriver: store.driver,
					}),
				}
			: {},
	});
}
