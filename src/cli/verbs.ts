/** The table of verbs: one line each. */
import type { Verb } from './verb.ts';
import { createVerb } from './verbs/create.ts';
import { demoVerb } from './verbs/demo.ts';
import { imagefsinfoVerb } from './verbs/imagefsinfo.ts';
import { imagesVerb } from './verbs/images.ts';
import { infoVerb } from './verbs/info.ts';
import { inspectVerb } from './verbs/inspect.ts';
import { inspectiVerb } from './verbs/inspecti.ts';
import { inspectpVerb } from './verbs/inspectp.ts';
import { loadVerb } from './verbs/load.ts';
import { podsVerb } from './verbs/pods.ts';
import { psVerb } from './verbs/ps.ts';
import { pullVerb } from './verbs/pull.ts';
import { pushVerb } from './verbs/push.ts';
import { rmiVerb } from './verbs/rmi.ts';
import { runpVerb } from './verbs/runp.ts';
import { saveVerb } from './verbs/save.ts';
import { startVerb } from './verbs/start.ts';
import { tagVerb } from './verbs/tag.ts';
import { untagVerb } from './verbs/untag.ts';
import { updateVerb } from './verbs/update.ts';
import { versionVerb } from './verbs/version.ts';

/** Every verb, in the order of the help. */
export const verbs: readonly Verb[] = [
	psVerb,
	podsVerb,
	inspectVerb,
	inspectpVerb,
	infoVerb,
	versionVerb,
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
	runpVerb,
	createVerb,
	startVerb,
	updateVerb,
];

/** The verb of that name or alias. */
export function findVerb(name: string): Verb | undefined {
	return verbs.find((verb) => verb.name === name || verb.aliases.includes(name));
}
