import type { ContainerStatus } from '../../cri/model.ts';
import { parseVerboseInfo } from '../../cri/verbose-info.ts';

/** How a container was created, as far as its runtime tells; undefined where it does not. */
export type AttachMode = { readonly tty: boolean | undefined; readonly stdin: boolean | undefined };

/**
 * Reads from a verbose ContainerStatus whether the container has a tty and takes input.
 * Source: containerd ContainerInfo.config (tty, stdin); CRI-O has the OCI spec's process.terminal only.
 */
export function attachModeOf(status: Pick<ContainerStatus, 'info'>): AttachMode {
	const config = member(parsed(status.info['info']), 'config');
	const process = member(parseVerboseInfo(status.info).runtimeSpec, 'process');
	return {
		// Unset is left out of the JSON, so a config without the field means no.
		tty: config ? config['tty'] === true : flag(process?.['terminal']),
		stdin: config ? config['stdin'] === true : undefined,
	};
}

function flag(value: unknown): boolean | undefined {
	return typeof value === 'boolean' ? value : undefined;
}

function parsed(json: string | undefined): unknown {
	if (!json) return undefined;
	try {
		return JSON.parse(json);
	} catch {
		return undefined;
	}
}

function member(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const found = (value as Readonly<Record<string, unknown>>)[name];
	return typeof found === 'object' && found !== null
		? (found as Readonly<Record<string, unknown>>)
		: undefined;
}

/** What is typed for a container without a tty: nobody but us turns Return into a newline, and nobody echoes. */
export function plainInput(bytes: Uint8Array): Uint8Array {
	const text = Buffer.from(bytes).toString('utf8').replaceAll('\r', '\n');
	return Buffer.from(text.replace(/\x1b\[[0-9;]*[A-Za-z~]|\x1bO.|[\x00-\x08\x0b-\x1f\x7f]/g, ''), 'utf8');
}
