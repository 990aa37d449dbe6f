import { sanitizeLine } from '../../text/sanitize.ts';
import type { ActionVerb, StepResult } from '../store/slices/actions.ts';
import type { Notice } from '../store/slices/notices.ts';

const pastOf: Readonly<Record<ActionVerb, string>> = {
	stop: 'stopped',
	kill: 'killed',
	remove: 'removed',
	prune: 'removed',
	start: 'started',
};

/** The notice that ends a change: the one object's own sentence, or counts and the first failure. */
export function summaryOf(
	verb: ActionVerb,
	results: readonly StepResult[],
): { readonly level: Notice['level']; readonly text: string } {
	const count = (outcome: StepResult['outcome']): number =>
		results.filter((result) => result.outcome === outcome).length;
	const failed = count('failed');
	const unknown = count('unknown');
	const level = failed > 0 ? 'fail' : unknown > 0 ? 'warn' : 'ok';
	const [only] = results;
	if (results.length === 1 && only) return { level, text: `${sanitizeLine(only.text)}.` };
	const first = results.find(({ outcome }) => outcome === 'failed');
	const parts = [
		`${count('done')} ${pastOf[verb]}`,
		...(count('gone') > 0 ? [`${count('gone')} gone already`] : []),
		...(unknown > 0 ? [`${unknown} unknown`] : []),
		...(first ? [`${failed} failed: ${sanitizeLine(first.text)}`] : []),
	];
	return { level, text: `${parts.join(', ')}.` };
}
