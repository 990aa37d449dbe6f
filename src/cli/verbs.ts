/** The table of verbs: one line each. */
import type { Verb } from './verb.ts';
import { applyVerb } from './verbs/apply.ts';
import { attachVerb } from './verbs/attach.ts';
import { checkpointVerb } from './verbs/checkpoint.ts';
import { completeVerb } from './verbs/complete.ts';
import { completionVerb } from './verbs/completion.ts';
import { configVerb } from './verbs/config.ts';
import { createVerb } from './verbs/create.ts';
import { deleteVerb } from './verbs/delete.ts';
import { demoVerb } from './verbs/demo.ts';
import { eventsVerb } from './verbs/events.ts';
import { execVerb } from './verbs/exec.ts';
import { imagefsinfoVerb } from './verbs/imagefsinfo.ts';
import { imagesVerb } from './verbs/images.ts';
import { infoVerb } from './verbs/info.ts';
import { inspectVerb } from './verbs/inspect.ts';
import { inspectiVerb } from './verbs/inspecti.ts';
import { inspectpVerb } from './verbs/inspectp.ts';
import { loadVerb } from './verbs/load.ts';
import { logsVerb } from './verbs/logs.ts';
import { metricdescsVerb } from './verbs/metricdescs.ts';
import { metricspVerb } from './verbs/metricsp.ts';
import { podsVerb } from './verbs/pods.ts';
import { portForwardVerb } from './verbs/port-forward.ts';
import { psVerb } from './verbs/ps.ts';
import { pullVerb } from './verbs/pull.ts';
import { pushVerb } from './verbs/push.ts';
import { rmVerb } from './verbs/rm.ts';
import { rmiVerb } from './verbs/rmi.ts';
import { rmpVerb } from './verbs/rmp.ts';
import { runVerb } from './verbs/run.ts';
import { runpVerb } from './verbs/runp.ts';
import { runtimeConfigVerb } from './verbs/runtime-config.ts';
import { saveVerb } from './verbs/save.ts';
import { startVerb } from './verbs/start.ts';
import { statsVerb } from './verbs/stats.ts';
import { statspVerb } from './verbs/statsp.ts';
import { stopVerb } from './verbs/stop.ts';
import { stoppVerb } from './verbs/stopp.ts';
import { tagVerb } from './verbs/tag.ts';
import { topVerb } from './verbs/top.ts';
import { untagVerb } from './verbs/untag.ts';
import { updateVerb } from './verbs/update.ts';
import { updateRuntimeConfigVerb } from './verbs/update-runtime-config.ts';
import { versionVerb } from './verbs/version.ts';

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
	psVerb,
	podsVerb,
	inspectVerb,
	inspectpVerb,
	statsVerb,
	statspVerb,
	topVerb,
	metricspVerb,
	metricdescsVerb,
	eventsVerb,
	runtimeConfigVerb,
	updateRuntimeConfigVerb,
	infoVerb,
	versionVerb,
	configVerb,
	execVerb,
	attachVerb,
	logsVerb,
	portForwardVerb,
	stopVerb,
	stoppVerb,
	rmVerb,
	rmpVerb,
	checkpointVerb,
	imagesVerb,
	inspectiVerb,
	pullVerb,
	pushVerb,
	rmiVerb,
	tagVerb,
	untagVerb,
	loadVerb,
	saveVerb,
	imagefsinfoVerb,
	demoVerb,
	runVerb,
	applyVerb,
	deleteVerb,
	runpVerb,
	createVerb,
	startVerb,
	updateVerb,
	completionVerb,
	completeVerb(() => verbs),
];

/** The verb of that name or alias. */
export function findVerb(name: string): Verb | undefined {
	return verbs.find((verb) => verb.name === name || verb.aliases.includes(name));
}
