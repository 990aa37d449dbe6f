import type { RuntimeService } from '../../cri/ports.ts';

/** RPC RuntimeConfig: cgroups are made through their filesystem, without systemd. */
export const runtimeConfig: RuntimeService['runtimeConfig'] = async () => ({ cgroupDriver: 'cgroupfs' });
