import { formatBytes } from '../../text/bytes.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { exitCodeText } from '../resources/health.ts';
import type { ContainerRow } from '../resources/rows.ts';
import type { InspectEvidence } from '../store/slices/inspect.ts';
import type { ContainerSubject } from './container-subject.ts';
import { endingText } from './exit-reason.ts';
import { clockText, momentText, spanText } from './moment.ts';
import type { Summary } from './summary.ts';

/** Whether the runtime or the kernel says that memory was lacking. */
function oomSeen(subject: ContainerSubject, evidence: InspectEvidence | undefined): boolean {
	return subject.reason === 'OOMKilled' || (evidence?.oomKills.length ?? 0) > 0;
}

function verdict(
	subject: ContainerSubject,
	evidence: InspectEvidence | undefined,
	earlier: readonly ContainerRow[],
	nowMs: number,
): readonly [string, 'ok' | 'warn' | 'fail' | 'muted'] {
	switch (subject.state) {
		case 'running': {
			const since = spanText(subject.startedAtNanos, BigInt(nowMs) * 1_000_000n);
			const running = since ? `It has been running for ${since}.` : 'It is running.';
			const kills = evidence?.oomKills.length ?? 0;
			if (kills > 0) {
				return [
					`${running} The kernel has killed ${kills === 1 ? 'a process' : `${kills} processes`} of it for want of memory.`,
					'warn',
				];
			}
			if (subject.attempt === 0) return [running, 'ok'];
			const before = earlier.find((row) => row.facts?.state === 'exited')?.facts;
			return [
				`${running} It is attempt ${subject.attempt}: ${before ? `the one before ended with exit code ${exitCodeText(before.exitCode)}${before.reason ? `, ${before.reason}` : ''}.` : 'earlier ones ended.'}`,
				'warn',
			];
		}
		case 'created':
			return ['It was created and never started.', 'warn'];
		case 'unknown':
			return ['The runtime does not know its state: the shim that watched it may be gone.', 'fail'];
		case 'exited': {
			if (subject.exitCode === undefined) return ['It has ended; how is not known yet.', 'muted'];
			const text = endingText({
				exitCode: subject.exitCode,
				reason: subject.reason,
				oomKillSeen: oomSeen(subject, evidence),
				kernelLogRead: evidence !== undefined && evidence.oomProblem === undefined,
			});
			return [text, subject.exitCode === 0 && subject.reason !== 'OOMKilled' ? 'ok' : 'fail'];
		}
	}
}

function writeMemory(out: Summary, subject: ContainerSubject, evidence: InspectEvidence | undefined): void {
	if (!oomSeen(subject, evidence)) return;
	out.fact(
		'Memory limit',
		subject.memoryLimitBytes ? formatBytes(subject.memoryLimitBytes) : 'none of its own',
	);
	// The newest few: a container that lives on can have lost a hundred workers.
	for (const kill of (evidence?.oomKills ?? []).slice(-5)) {
		const at =
			kill.occurredAtMs === undefined
				? ''
				: `${clockText(BigInt(Math.round(kill.occurredAtMs)) * 1_000_000n)} UTC: `;
		const held = kill.anonRssBytes === undefined ? '' : `, which held ${formatBytes(kill.anonRssBytes)}`;
		const where =
			kill.constraint === 'host'
				? 'the whole host was out of memory'
				: `the limit of ${kill.limitCgroup && kill.limitCgroup !== kill.taskCgroup ? kill.limitCgroup : 'its own cgroup'} was reached`;
		out.fact('Kernel says', `${at}killed ${kill.taskName} (pid ${kill.pid})${held}; ${where}`);
	}
	if (evidence?.oomProblem) out.fact('Kernel says', `nothing: ${evidence.oomProblem}`, 'muted');
	else if (evidence && evidence.oomKills.length === 0) {
		out.fact('Kernel says', 'nothing any more: its log has moved on', 'muted');
	}
}

function attemptText(row: ContainerRow, nowMs: number): string {
	const { facts, container } = row;
	const attempt = `#${container.metadata.attempt}`;
	if (facts?.state !== 'exited') return `${attempt} ${container.state}`;
	const ran = spanText(facts.startedAtNanos, facts.finishedAtNanos);
	const reason = facts.reason ? ` ${facts.reason}` : '';
	return `${attempt}${reason}, exit code ${exitCodeText(facts.exitCode)}, ended ${momentText(facts.finishedAtNanos, nowMs) ?? 'at an unknown time'}${ran ? ` after ${ran}` : ''}`;
}

function writeLastLines(out: Summary, evidence: InspectEvidence | undefined): void {
	const last = evidence?.lastLines;
	if (!last) return;
	out.section(`Last lines of attempt ${last.attempt}`);
	if (last.problem) out.item([{ text: last.problem, token: 'muted' }]);
	else if (last.lines.length === 0) out.item([{ text: 'It logged nothing.', token: 'muted' }]);
	for (const line of last.lines) {
		const clock = clockText(line.timestampNanos)?.slice(11) ?? '';
		out.item([
			{ text: `${clock.padEnd(8)} `, token: 'muted' },
			{
				text: sanitizeLine(line.text.slice(0, 2_000)),
				token: line.stream === 'stderr' ? 'stderr' : undefined,
			},
		]);
	}
}

/**
 * The card that answers "why is it in this state" without another command: what ended it in words, what the
 * kernel says about memory, when, how often before, and what it said last.
 */
export function writeWhy(
	out: Summary,
	subject: ContainerSubject,
	evidence: InspectEvidence | undefined,
	earlier: readonly ContainerRow[],
	nowMs: number,
): void {
	out.section('Why it is in this state');
	const [text, token] = verdict(subject, evidence, earlier, nowMs);
	out.item([{ text, token, bold: true }]);
	out.fact('State', subject.stateText);
	if (subject.state === 'exited' && subject.exitCode !== undefined) {
		out.fact('Exit code', exitCodeText(subject.exitCode));
	}
	out.fact('Reason', subject.reason);
	out.fact('Message', subject.message);
	writeMemory(out, subject, evidence);
	out.fact('Created', momentText(subject.createdAtNanos, nowMs));
	out.fact('Started', momentText(subject.startedAtNanos, nowMs));
	out.fact('Finished', momentText(subject.finishedAtNanos, nowMs));
	out.fact('Ran for', spanText(subject.startedAtNanos, subject.finishedAtNanos));
	out.fact('Attempt', `${subject.attempt}`);
	out.facts(
		'Earlier',
		earlier.map((row) => attemptText(row, nowMs)),
	);
	if (subject.attempt > earlier.length) {
		const gone = subject.attempt - earlier.length;
		out.fact(
			'',
			`${gone} earlier ${gone === 1 ? 'attempt is' : 'attempts are'} no longer listed by the runtime`,
			'muted',
		);
	}
	writeLastLines(out, evidence);
}
