/** The demo as one wish: there afterwards, or gone afterwards, whatever there was of it before. */
import { errorMessage } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { demoPods } from './demo-plan.ts';
import { listDemoPods } from './demo-state.ts';
import { removeDemoImage, removeDemoPod } from './remove-demo.ts';
import { startDemo } from './start-demo.ts';

type Options = { readonly signal: AbortSignal };

/** What takes a demo away, for those who read an error. */
export const demoRemoval = 'criscope demo --remove';

/**
 * Starts it, unless it is there.
 * @param busybox a static program
 * @param tell gets one line for each step
 * @returns false where it was there already
 * @throws Error where only a part of one is there, and what startDemo throws
 */
export async function bringDemo(
	client: CriClient,
	busybox: Uint8Array,
	tell: (line: string) => void,
	options: Options,
): Promise<boolean> {
	const there = await listDemoPods(client, options);
	if (there.length === 0) {
		await startDemo(client, busybox, tell, options);
		return true;
	}
	const ready = new Set(there.filter(({ state }) => state === 'ready').map(({ metadata }) => metadata.name));
	if (demoPods.every(({ name }) => ready.has(name))) return false;
	throw new Error(`cannot start the demo: a part of one is there already; ${demoRemoval} takes it away`);
}

/**
 * Removes what there is of it, going on after a failure.
 * @param tell gets one line for each step
 * @returns how much has gone
 * @throws Error with the first failure, and how many there were
 */
export async function clearDemo(
	client: CriClient,
	tell: (line: string) => void,
	options: Options,
): Promise<{ readonly pods: number; readonly images: number }> {
	const failures: unknown[] = [];
	const gone = { pods: 0, images: 0 };
	const attempt = async (work: () => Promise<void>): Promise<void> => {
		options.signal.throwIfAborted();
		try {
			await work();
		} catch (error) {
			options.signal.throwIfAborted();
			failures.push(error);
		}
	};
	for (const pod of await listDemoPods(client, options)) {
		await attempt(async () => {
			tell(`Removing pod ${pod.metadata.name}`);
			await removeDemoPod(client, pod, options);
			gone.pods++;
		});
	}
	tell('Removing its images');
	for (const { image } of demoPods) {
		await attempt(async () => {
			if (await removeDemoImage(client, image, options)) gone.images++;
		});
	}
	if (failures.length > 0) {
		const [first] = failures;
		const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
		throw new Error(`cannot remove all of the demo: ${errorMessage(first)}${more}`, { cause: first });
	}
	return gone;
}
