import { readBootId } from './boot-id.ts';
import { type HostOptions, readHostFile, readHostLine } from './host-file.ts';

/** Who this host is. Every field is absent when the host does not say. */
export type NodeIdentity = {
	readonly hostname: string | undefined;
	/** 32 hexadecimal digits of /etc/machine-id. */
	readonly machineId: string | undefined;
	/** The first 12 digits: enough to tell machines of a fleet apart in a header. */
	readonly machineIdShort: string | undefined;
	readonly kernelRelease: string | undefined;
	readonly osPrettyName: string | undefined;
	/** Changes at every boot; tells a restart of the host from a restart of the runtime. */
	readonly bootId: string | undefined;
};

const shortDigits = 12;

/**
 * Reads who the host is: name, machine id, kernel and operating system.
 * The name comes from the kernel and not from `os.hostname()`, so that a fixture tree or a mounted host root answers.
 * Source: machine-id(5), os-release(5), proc_sys_kernel(5).
 */
export async function readNodeIdentity(options: HostOptions = {}): Promise<NodeIdentity> {
	const [
		kernelHostname,
		etcHostname,
		etcMachineId,
		dbusMachineId,
		kernelRelease,
		bootId,
		etcRelease,
		libRelease,
	] = await Promise.all([
		readHostLine('/proc/sys/kernel/hostname', options),
		readHostLine('/etc/hostname', options),
		readHostLine('/etc/machine-id', options),
		readHostLine('/var/lib/dbus/machine-id', options),
		readHostLine('/proc/sys/kernel/osrelease', options),
		readBootId(options),
		readHostFile('/etc/os-release', options),
		readHostFile('/usr/lib/os-release', options),
	]);
	const machineId = [etcMachineId, dbusMachineId].find((id) => id !== undefined && /^[0-9a-f]{32}$/.test(id));
	return {
		hostname: kernelHostname ?? etcHostname,
		machineId,
		machineIdShort: machineId?.slice(0, shortDigits),
		kernelRelease,
		osPrettyName: prettyName(etcRelease ?? libRelease ?? ''),
		bootId,
	};
}

/** Takes PRETTY_NAME, or NAME with VERSION, out of an os-release text. */
function prettyName(text: string): string | undefined {
	const values = new Map<string, string>();
	for (const line of text.split('\n')) {
		const match = /^([A-Z_0-9]+)=(.*)$/.exec(line.trim());
		if (match?.[1] !== undefined && match[2] !== undefined) values.set(match[1], unquote(match[2]));
	}
	const pretty = values.get('PRETTY_NAME');
	if (pretty !== undefined && pretty !== '') return pretty;
	const named = [values.get('NAME'), values.get('VERSION')].filter(
		(part) => part !== undefined && part !== '',
	);
	return named.length === 0 ? undefined : named.join(' ');
}

/** Undoes the shell quoting that os-release allows. */
function unquote(value: string): string {
	const quoted = /^"(.*)"$/.exec(value) ?? /^'(.*)'$/.exec(value);
	return (quoted?.[1] ?? value).replaceAll(/\\(["$`\\])/g, '$1');
}
