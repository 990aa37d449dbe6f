/** Makes what a caller wrote as a protocol message fit for the encoder. */
import type { WireMessage } from '../codec-fields.ts';
import type { ContainerConfig, PodSandboxConfig } from '../sandbox-config.ts';

/** Drops what is undefined and writes bigints as the decimal strings the encoder takes for int64. */
export function messageToWire(message: PodSandboxConfig | ContainerConfig): WireMessage {
	return convert(message) as WireMessage;
}

function convert(value: unknown): unknown {
	if (typeof value === 'bigint') return String(value);
	if (Array.isArray(value)) return value.map(convert);
	if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, field]) => field !== undefined && field !== null)
			.map(([name, field]) => [name, convert(field)]),
	);
}
