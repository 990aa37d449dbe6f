/**
 * What pods are attached to, one file each. A file is written before a plugin runs, so that whatever happens then, the
 * next run knows what to undo, and how.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { unfinishedPrefix, writeFileAtomically } from '../sys/atomic-file.ts';
import { errnoCode } from '../sys/errno.ts';
import type { Chain } from './chain.ts';

/** One interface of a pod. */
export type Attachment = {
	readonly interface: string;
	readonly chain: Chain;
	/** Absent before ADD has answered. */
	readonly result?: unknown;
};

/** One pod. */
export type AttachmentRecord = {
	readonly version: 1;
	readonly podSandboxId: string;
	readonly podName: string;
	readonly podNamespace: string;
	readonly podUid: string;
	readonly netnsPath: string;
	/** In order of ADD. */
	readonly attachments: readonly Attachment[];
};

/** Files survive a crash of the program; a power cut takes what they tell of anyway. */
export type AttachmentCache = {
	save(record: AttachmentRecord): Promise<void>;
	/** @returns undefined where there is none, `damaged` where it cannot be read */
	load(podSandboxId: string): Promise<AttachmentRecord | 'damaged' | undefined>;
	remove(podSandboxId: string): Promise<void>;
	/** Of all pods. */
	ids(): readonly string[];
};

/** Makes the folder, or takes over one that a killed run left, with whatever it was just writing. One at a time. */
export function createAttachmentCache(dir: string): AttachmentCache {
	mkdirSync(dir, { recursive: true, mode: 0o700 });
	for (const name of readdirSync(dir)) {
		if (name.startsWith(unfinishedPrefix)) rmSync(path.join(dir, name), { force: true });
	}
	const fileOf = (id: string) => path.join(dir, `${id}.json`);
	return {
		save: (record) =>
			writeFileAtomically(fileOf(record.podSandboxId), JSON.stringify(record), {
				mode: 0o600,
				durable: false,
			}),
		async load(id) {
			let text: string;
			try {
				text = await readFile(fileOf(id), 'utf8');
			} catch (error) {
				if (errnoCode(error) === 'ENOENT') return undefined;
				throw error;
			}
			return parseRecord(text, id) ?? 'damaged';
		},
		remove: (id) => rm(fileOf(id), { force: true }),
		ids: () =>
			readdirSync(dir)
				.filter((name) => /^[\w][\w.-]*\.json$/.test(name))
				.map((name) => name.slice(0, -'.json'.length))
				.sort(),
	};
}

function parseRecord(text: string, id: string): AttachmentRecord | undefined {
	try {
		const record = JSON.parse(text) as AttachmentRecord;
		const whole =
			record.version === 1 &&
			record.podSandboxId === id &&
			typeof record.netnsPath === 'string' &&
			record.attachments.every(
				({ interface: name, chain }) =>
					typeof name === 'string' &&
					typeof chain.name === 'string' &&
					typeof chain.cniVersion === 'string' &&
					chain.plugins.every(({ type }) => typeof type === 'string'),
			);
		return whole ? record : undefined;
	} catch {
		return undefined;
	}
}
