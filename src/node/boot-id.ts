/** Which start of the machine this is. Source: random(4), proc_sys_kernel(5) */
import { type HostOptions, readHostLine } from './host-file.ts';

/** Differs after every start of the machine; undefined where the kernel does not tell. */
export function readBootId(options: HostOptions = {}): Promise<string | undefined> {
	return readHostLine('/proc/sys/kernel/random/boot_id', options);
}
