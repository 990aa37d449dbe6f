/** What goes on in the background, for the foot of the screen. */

import { formatClock } from '../../text/duration.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { truncateCells } from '../../text/width.ts';
import { defaultGraceSeconds } from '../store/action-targets.ts';
import type { ActionVerb, Change } from '../store/slices/actions.ts';
import type { UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';
import { transferPercent } from './transfer-text.ts';

/** Verbs as sentences begin with them while they are done. */
export const verbDoing: Readonly<Record<ActionVerb, string>> = {
	stop: 'Stopping',
	kill: 'Killing',
	remove: 'Removing',
	prune: 'Pruning',
	start: 'Starting',
};

/** How far a change is: the object in hand with its grace time, or a count of many. */
export function changeProgress(state: UiState, change: Change): string {
	const [current] = change.current;
	const { targets, results, verb } = change;
	if (change.note !== undefined) return change.note;
	if (targets.length > 1) {
		const failed = results.filter(({ outcome }) => outcome === 'failed').length;
		const failures = failed > 0 ? `, ${failed} failed` : '';
		const now = current ? `, now ${current.target.name}` : '';
		return `${results.length} of ${targets.length}${failures}${now}`;
	}
	if (!current) return 'beginning';
	const seconds = Math.max(0, Math.floor((state.nowMs - current.startedAtMs) / 1000));
	const { target } = current;
	const grace = change.graceSeconds ?? target.graceSeconds ?? defaultGraceSeconds;
	const waits = verb === 'stop' || verb === 'remove';
	return waits && (target.kind === 'container' || target.kind === 'pod')
		? `${seconds} s of ${grace} s`
		: `${seconds} s`;
}

/** One short text of all that is under way; undefined while nothing is. */
export function activityText(state: UiState): string | undefined {
	const parts: string[] = [];
	for (const change of state.actions.changes) {
		if (change.endedAtMs !== undefined) continue;
		// What the work says of itself is a whole sentence.
		if (change.note !== undefined) {
			parts.push(sanitizeLine(change.note));
			continue;
		}
		const [only] = change.targets;
		const name =
			change.targets.length === 1 && only ? ` ${truncateCells(`${sanitizeLine(only.name)}…`, 20)}` : '';
		parts.push(`${verbDoing[change.verb]}${name} ${sanitizeLine(changeProgress(state, change))}`);
	}
	const pulls = state.pulls.tasks.filter((task) => task.state === 'running');
	const [first] = pulls;
	if (first) {
		const time = formatClock(Math.max(0, state.nowMs - first.startedAtMs));
		const percent = first.transfer && transferPercent(first.transfer, state.nowMs);
		const one = percent ? `Pulling ${percent} ${time}` : `Pulling ${time}`;
		parts.push(pulls.length === 1 ? one : `${pulls.length} pulls ${time}`);
	}
	return parts.length > 0 ? parts.join(' · ') : undefined;
}

/** The same as the right part of the footer; empty while nothing is under way. */
export function activityLine(state: UiState, columns: number): Line {
	const text = activityText(state);
	if (text === undefined) return [];
	return [{ text: ` ${truncateCells(text, Math.floor(columns * 0.6))} `, token: 'accent' }];
}
