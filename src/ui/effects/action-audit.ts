import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import type { ActionTarget } from '../store/slices/actions.ts';

/** One line of the trail. */
export type AuditRecord = {
	/** Stop, kill, remove, prune, pull; or what was done to the session's being read-only. */
	readonly verb: string;
	readonly target: Pick<ActionTarget, 'id' | 'name' | 'podName' | 'namespace'> & {
		readonly kind: ActionTarget['kind'] | 'session';
	};
	readonly result: string;
};

/** The trail of what this program changed. Recording never blocks and never fails. */
export type AuditLog = {
	readonly record: (record: AuditRecord) => void;
	/** Settles when everything recorded so far is written or given up. */
	readonly settled: () => Promise<void>;
};

/** Folder for what this program keeps between sessions. Source: XDG Base Directory Specification 0.8. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string | undefined {
	const state = env['XDG_STATE_HOME'] || (env['HOME'] ? join(env['HOME'], '.local', 'state') : '');
	return state.startsWith('/') ? join(state, 'criscope') : undefined;
}

/** The audit user id, which sudo and su leave alone; undefined where no login set one. Source: proc(5), loginuid. */
async function loginUid(): Promise<number | undefined> {
	try {
		const uid = Number(await readFile('/proc/self/loginuid', 'utf8'));
		return uid === 0xffffffff ? undefined : uid;
	} catch {
		return undefined;
	}
}

function userName(): string | undefined {
	try {
		return userInfo().username;
	} catch {
		return undefined;
	}
}

/**
 * Opens the trail `audit.log` in the state folder: one JSON object a line, readable by its owner only.
 * Lines are appended in the order of recording; a failure to write is dropped in silence.
 */
export function createAuditLog(
	env: Readonly<Record<string, string | undefined>>,
	now: () => number = Date.now,
): AuditLog {
	const folder = stateFolder(env);
	let chain: Promise<void> = Promise.resolve();
	return {
		record({ verb, target, result }) {
			if (folder === undefined) return;
			const time = new Date(now()).toISOString();
			const path = join(folder, 'audit.log');
			chain = chain
				.then(async () => {
					const who = { loginUid: await loginUid(), sudoUser: env['SUDO_USER'], user: userName() };
					const { kind, id, name, podName, namespace } = target;
					const object = { kind, id, name, ...(podName ? { podName, namespace } : {}) };
					await mkdir(dirname(path), { recursive: true, mode: 0o700 });
					await appendFile(path, `${JSON.stringify({ time, ...who, verb, object, result })}\n`, {
						mode: 0o600,
					});
				})
				// The trail serves the person; a full disk must not keep them from repairing it.
				.catch(() => undefined);
		},
		settled: () => chain,
	};
}
