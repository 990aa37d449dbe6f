/** Interfaces of a network namespace, as the kernel counts for them. */
import type { NetworkInterfaceUsage } from '../../cri/model.ts';

/** What the CRI tells of an interface, and what metrics tell beside. */
export type InterfaceCounts = NetworkInterfaceUsage & {
	readonly rxPackets: bigint | undefined;
	readonly rxDropped: bigint | undefined;
	readonly txPackets: bigint | undefined;
	readonly txDropped: bigint | undefined;
};

/** Source: proc_pid_net(5), /proc/net/dev: eight fields of receiving, then eight of sending. Pure. */
export function parseNetDev(text: string): readonly InterfaceCounts[] {
	return text.split('\n').flatMap((line) => {
		const [, name, rest] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
		if (name === undefined || rest === undefined) return [];
		const counts = rest.trim().split(/\s+/);
		const at = (index: number) =>
			/^\d+$/.test(counts[index] ?? '') ? BigInt(counts[index] ?? 0) : undefined;
		return [
			{
				name,
				...{ rxBytes: at(0), rxPackets: at(1), rxErrors: at(2), rxDropped: at(3) },
				...{ txBytes: at(8), txPackets: at(9), txErrors: at(10), txDropped: at(11) },
			},
		];
	});
}
