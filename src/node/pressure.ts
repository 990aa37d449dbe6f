import { type HostOptions, readHostFile } from './host-file.ts';

/** Share of time in which tasks waited for a resource, over three windows, and the total since the start. */
export type PressureLine = {
	readonly avg10Percent: number;
	readonly avg60Percent: number;
	readonly avg300Percent: number;
	readonly totalMicros: bigint;
};

/** `some`: at least one task waited. `full`: all of them did; the kernel gives none for the host's CPU on older versions. */
export type Pressure = { readonly some: PressureLine | undefined; readonly full: PressureLine | undefined };

/** Pressure stall of each resource; absent where the kernel was built or booted without it. */
export type Pressures = {
	readonly cpu: Pressure | undefined;
	readonly memory: Pressure | undefined;
	readonly io: Pressure | undefined;
};

/** No pressure known at all: a v1 cgroup, or a kernel without PSI. */
export const noPressures: Pressures = { cpu: undefined, memory: undefined, io: undefined };

/**
 * Reads the pressure files of a folder: /proc/pressure, or a v2 cgroup.
 */
export async function readPressures(
	folder: string,
	names: { readonly cpu: string; readonly memory: string; readonly io: string },
	options: HostOptions = {},
): Promise<Pressures> {
	const [cpu, memory, io] = await Promise.all(
		[names.cpu, names.memory, names.io].map(async (name) => {
			const text = await readHostFile(`${folder}/${name}`, options);
			return text === undefined ? undefined : parsePressure(text);
		}),
	);
	return { cpu, memory, io };
}

/**
 * Parses one pressure file; absent when it holds neither line.
 * Source: Linux Documentation/accounting/psi.rst.
 */
export function parsePressure(text: string): Pressure | undefined {
	const some = pressureLine(text, 'some');
	const full = pressureLine(text, 'full');
	return some === undefined && full === undefined ? undefined : { some, full };
}

function pressureLine(text: string, kind: 'some' | 'full'): PressureLine | undefined {
	const match = new RegExp(
		`^${kind} avg10=([\\d.]+) avg60=([\\d.]+) avg300=([\\d.]+) total=(\\d+)$`,
		'm',
	).exec(text);
	if (match?.[4] === undefined) return undefined;
	return {
		avg10Percent: Number(match[1]),
		avg60Percent: Number(match[2]),
		avg300Percent: Number(match[3]),
		totalMicros: BigInt(match[4]),
	};
}
