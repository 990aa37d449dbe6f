import { errorMessage } from '../../cri/errors.ts';
import { targetLabel } from '../store/action-targets.ts';
import type { ActionTarget, ActionVerb, StepResult } from '../store/slices/actions.ts';
import type { AuditLog } from './action-audit.ts';
import { performStep } from './action-steps.ts';
import { summaryOf } from './action-summary.ts';
import { type DemoAccess, performDemo } from './demo-step.ts';
import type { EffectHost } from './effect-host.ts';

/** A change that the person has confirmed. */
export type ConfirmedChange = {
	readonly verb: ActionVerb;
	readonly targets: readonly ActionTarget[];
	/** Typed by the person; undefined: each target's own, or 30 s. */
	readonly graceSeconds: number | undefined;
};

/** Changes to the node: stop, kill, remove, prune. */
export type ActionEffects = {
	/** Begins a confirmed change; it goes on in the background and ends in a notice. */
	readonly begin: (change: ConfirmedChange) => void;
	/** Stops waiting for a change: what has begun goes on in the runtime, what has not is not begun. */
	readonly stopWaiting: (id: number) => void;
};

/** Objects worked on at once: a runtime under pressure should not get fifty stops in one moment. */
const concurrency = 3;
/** Containers go before the pods that hold them, and both before the images they use. */
const order = ['container', 'pod', 'image', 'demo'] as const;

/** The call that failed may be the look before: "cannot list pods" alone would not say what was not done. */
function failureText(verb: ActionVerb, target: ActionTarget, message: string): string {
	return /^cannot (stop|remove|start) /.test(message)
		? message
		: `${targetLabel(target)}: ${verb} failed: ${message}`;
}

/** Makes the effects. Disposing of them stops waiting for everything. */
export function createActionEffects(
	host: EffectHost,
	options: {
		/** Asks the runtime for fresh lists. */
		readonly refresh: () => void;
		readonly audit: AuditLog;
		readonly demo: DemoAccess;
		readonly now?: (() => number) | undefined;
	},
): ActionEffects & Disposable {
	const now = options.now ?? Date.now;
	const waits = new Map<number, AbortController>();

	async function stepOf(id: number, change: ConfirmedChange, target: ActionTarget, signal: AbortSignal) {
		const { verb, graceSeconds } = change;
		host.dispatch('actions', { kind: 'stepStarted', id, target, atMs: now() });
		let result: StepResult;
		const client = host.client();
		if (signal.aborted) result = { target, outcome: 'unknown', text: `${target.name} was not begun` };
		else if (!client) result = { target, outcome: 'failed', text: 'no runtime is connected' };
		else {
			// Before, too: a change that outlives this program, or ends it, has been asked for all the same.
			options.audit.record({ verb, target, result: 'begun' });
			try {
				if (target.kind === 'demo') {
					const work = verb === 'start' ? options.demo.start : options.demo.remove;
					const tell = (note: string) => host.dispatch('actions', { kind: 'stepTold', id, note });
					result = await performDemo(client, work, target, tell, { signal });
				} else result = await performStep(client, { verb, target, graceSeconds, signal });
			} catch (error) {
				result = { target, outcome: 'failed', text: failureText(verb, target, errorMessage(error)) };
			}
			options.audit.record({ verb, target, result: `${result.outcome}: ${result.text}` });
		}
		host.dispatch('actions', { kind: 'stepEnded', id, result });
		options.refresh();
		return result;
	}

	async function run(id: number, change: ConfirmedChange, signal: AbortSignal): Promise<void> {
		const results: StepResult[] = [];
		for (const kind of order) {
			const queue = change.targets.filter((target) => target.kind === kind);
			const worker = async (): Promise<void> => {
				for (let target = queue.shift(); target; target = queue.shift()) {
					results.push(await stepOf(id, change, target, signal));
				}
			};
			await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, worker));
		}
		waits.delete(id);
		if (host.signal.aborted) return;
		host.dispatch('actions', { kind: 'changeEnded', id, atMs: now() });
		host.dispatch('notices', { kind: 'noticeRaised', ...summaryOf(change.verb, results) });
	}

	return {
		begin(change) {
			const id = host.getState().actions.lastId + 1;
			const wait = new AbortController();
			waits.set(id, wait);
			const { verb, targets, graceSeconds } = change;
			host.dispatch('actions', { kind: 'changeStarted', id, verb, targets, graceSeconds, atMs: now() });
			host.dispatch('pulls', { kind: 'taskSelected', key: `change-${id}` });
			void run(id, change, AbortSignal.any([wait.signal, host.signal]));
		},
		stopWaiting: (id) => waits.get(id)?.abort(),
		[Symbol.dispose]() {
			for (const wait of waits.values()) wait.abort();
		},
	};
}
