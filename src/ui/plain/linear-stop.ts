import { performStep } from '../effects/action-steps.ts';
import { containerRows } from '../resources/container-rows.ts';
import { actionable, defaultGraceSeconds, targetOf } from '../store/action-targets.ts';
import { consequences } from '../store/action-words.ts';
import type { UiState } from '../store/state.ts';
import type { LinearOptions } from './linear.ts';
import { linearName, resolveName } from './linear-names.ts';

/** Stops a container after its name was typed again; anything else typed changes nothing. */
export async function stopByName(
	name: string,
	state: UiState,
	options: Pick<LinearOptions, 'client' | 'input' | 'output' | 'readOnly' | 'audit'>,
	{ signal }: { readonly signal: AbortSignal },
): Promise<void> {
	const { client, input, output, readOnly, audit } = options;
	if (readOnly.enabled) return output.line(readOnly.reason);
	const row = resolveName(containerRows(state), name, 'container');
	if (typeof row === 'string') return output.line(row);
	const may = actionable('stop', row);
	if (may !== true) return output.line(may.replace('; D removes it', ''));
	const target = targetOf(row);
	const graceSeconds = target.graceSeconds ?? defaultGraceSeconds;
	await output.line(
		`This stops container ${linearName(row)}: its stop signal to PID 1, then SIGKILL after ${graceSeconds} s.`,
	);
	for (const line of consequences(state, 'stop', row)) await output.line(line);
	await output.line(`Type the container's name, ${row.name}, to stop it; anything else changes nothing.`);
	const typed = await input.next({ signal });
	if (typed?.trim() !== row.name) return output.line('Nothing was changed.');
	await output.line('Stopping; Ctrl-C ends the waiting, not the stop.');
	const result = await performStep(client, { verb: 'stop', target, graceSeconds, signal });
	audit.record({ verb: 'stop', target, result: `${result.outcome}: ${result.text}` });
	await audit.settled();
	await output.line(`${result.text}.`);
}
