import { errorMessage } from '../../cri/errors.ts';
import { parseImageReference } from '../../cri/image-reference.ts';
import type { AuthConfig } from '../../cri/model.ts';
import { explainPullError } from '../../cri/pull-errors.ts';
import { type AuthAccess, findCredentials } from '../../cri/registry-credentials.ts';
import { formatBytes } from '../../text/bytes.ts';
import { formatClock } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { pullRemedies } from '../format/pull-remedies.ts';
import type { AuditLog } from './action-audit.ts';
import type { EffectHost } from './effect-host.ts';
import type { PullHistory } from './pull-history.ts';
import { type PullListener, pullImage } from './pull-runs.ts';
import { startStoreGrowth } from './pull-store-growth.ts';
import type { TransferMemory } from './transfer-memory.ts';

/** Pulling images in the background. */
export type PullEffects = {
	/** Begins a pull, with credentials from the usual files. */
	readonly begin: (image: string) => void;
	/** Begins a pull with what the person typed; it is kept nowhere. */
	readonly beginAs: (image: string, login: { readonly username: string; readonly password: string }) => void;
	readonly cancel: (id: number) => void;
};

/** Between two tellings of progress: coarser than frames, since it may go over a slow line for an hour. */
const progressEveryMs = 250;

/** Makes the effects and reads the history. Disposing of them cancels every pull. */
export function createPullEffects(
	host: EffectHost,
	options: {
		readonly refresh: () => void;
		readonly audit: AuditLog;
		readonly history: PullHistory;
		readonly authAccess: AuthAccess;
		/** A credentials file that the configuration names; asked first. */
		readonly authFile?: string | undefined;
		readonly now?: (() => number) | undefined;
		readonly growthEveryMs?: number | undefined;
		readonly progressEveryMs?: number | undefined;
		/** Which runtimes tell of progress. */
		readonly transfers: TransferMemory;
	},
): PullEffects & Disposable {
	const now = options.now ?? Date.now;
	const running = new Map<number, AbortController>();
	const remember = (history: readonly string[]): void =>
		host.dispatch('pulls', { kind: 'historyRead', history });
	void options.history.read().then(remember);

	function notice(level: 'ok' | 'fail' | 'warn' | 'plain', text: string): void {
		host.dispatch('notices', { kind: 'noticeRaised', level, text: sanitizeLine(text) });
	}

	async function authOf(id: number, image: string, signal: AbortSignal) {
		const reference = parseImageReference(image);
		const { authAccess, authFile } = options;
		const found = await findCredentials(reference, authAccess, { authFile, signal });
		if (found.source) host.dispatch('pulls', { kind: 'credentialsFound', id, source: found.source });
		return found;
	}

	function listenerOf(id: number): PullListener {
		return {
			progressed: (events) => host.dispatch('pulls', { kind: 'pullProgressed', id, events, atMs: now() }),
			untold() {
				host.dispatch('pulls', { kind: 'pullUntold', id });
				growth.watch(id);
			},
			everyMs: options.progressEveryMs ?? progressEveryMs,
		};
	}

	async function run(
		id: number,
		image: string,
		login: AuthConfig | undefined,
		signal: AbortSignal,
	): Promise<void> {
		const startedAtMs = now();
		const record = (imageId: string, result: string): void =>
			options.audit.record({
				verb: 'pull',
				target: { kind: 'image', id: imageId, name: image, podName: '', namespace: '' },
				result,
			});
		record('', 'begun');
		let problems: readonly string[] = [];
		try {
			const client = host.client();
			if (!client) throw new Error('no runtime is connected');
			const found = login ? undefined : await authOf(id, image, signal);
			problems = found?.problems ?? [];
			const request = { image, auth: login ?? found?.auth };
			const result = await pullImage(client, options.transfers, request, listenerOf(id), { signal });
			if (signal.aborted) return;
			host.dispatch('pulls', { kind: 'pullSucceeded', id, result, atMs: now() });
			const size = result.sizeBytes === undefined ? '' : `, ${formatBytes(result.sizeBytes)}`;
			const time = formatClock(now() - startedAtMs);
			notice(
				'ok',
				result.unchanged ? `${image} was up to date (${time}).` : `Pulled ${image}${size} in ${time}.`,
			);
			record(result.imageId, result.unchanged ? 'done: up to date' : 'done');
			options.refresh();
		} catch (error) {
			if (signal.aborted) {
				record('', 'cancelled');
				return;
			}
			const registry = parseImageReference(image).domain;
			const problem = explainPullError(error, { image, registry, remedies: pullRemedies });
			const text = [problem.text, ...problems].join('\n');
			host.dispatch('pulls', { kind: 'pullFailed', id, problem: { ...problem, text }, atMs: now() });
			notice('fail', `${problem.sentence} b shows more.`);
			record('', `failed: ${errorMessage(error)}`);
		} finally {
			running.delete(id);
		}
	}

	function begin(image: string, login: AuthConfig | undefined): void {
		const { tasks, lastId } = host.getState().pulls;
		if (tasks.some((task) => task.image === image && task.state === 'running')) {
			notice('warn', `${image} is being pulled already: b shows it.`);
			return;
		}
		const id = lastId + 1;
		const cancel = new AbortController();
		running.set(id, cancel);
		const client = host.client();
		const asked = client !== undefined && options.transfers.of(client) !== undefined;
		host.dispatch('pulls', { kind: 'pullStarted', id, image, atMs: now(), asked });
		host.dispatch('pulls', { kind: 'taskSelected', key: `pull-${id}` });
		if (login) host.dispatch('pulls', { kind: 'credentialsFound', id, source: 'typed' });
		notice('plain', `Pulling ${image} in the background: b shows it.`);
		void options.history.add(image).then(remember);
		void run(id, image, login, AbortSignal.any([cancel.signal, host.signal]));
	}

	const growth = startStoreGrowth(host, options.growthEveryMs ?? 2_000);
	return {
		begin: (image) => begin(image, undefined),
		beginAs: (image, login) => begin(image, login),
		cancel(id) {
			if (!running.has(id)) return;
			running.get(id)?.abort();
			host.dispatch('pulls', { kind: 'pullCancelled', id, atMs: now() });
		},
		[Symbol.dispose]() {
			growth[Symbol.dispose]();
			for (const cancel of running.values()) cancel.abort();
		},
	};
}
