/** What of /proc and /sys a container must not see or write. Source: containers/common and CRI-O 1.36. */
import type { ContainerSecurityContext } from '../../cri/pod-request.ts';

/** Hidden from every container that hides anything. */
export const defaultMaskedPaths: readonly string[] = [
	'/proc/acpi',
	'/proc/asound',
	'/proc/interrupts',
	'/proc/kcore',
	'/proc/keys',
	'/proc/latency_stats',
	'/proc/sched_debug',
	'/proc/scsi',
	'/proc/timer_list',
	'/proc/timer_stats',
	'/sys/devices/virtual/powercap',
	'/sys/firmware',
	'/sys/fs/selinux',
];

type PathRequest = Pick<ContainerSecurityContext, 'privileged' | 'maskedPaths' | 'readonlyPaths'>;

/** The kubelet sends both lists, or none for "unmasked": none stays none, any is joined with the defaults. */
export function maskedPaths(
	request: PathRequest,
	thermalThrottlePaths: readonly string[],
): readonly string[] {
	if (request.privileged || request.maskedPaths.length === 0) return [];
	return [...new Set([...defaultMaskedPaths, ...thermalThrottlePaths, ...request.maskedPaths])].sort();
}

/** As requested. */
export function readonlyPaths(request: PathRequest): readonly string[] {
	return request.privileged ? [] : [...new Set(request.readonlyPaths)];
}
