/** Finds out whether a runtime without pods could run the demo: whether it takes images as files. */
import { isNotFound, isUnimplemented } from '../../cri/errors.ts';
import type { CriClient } from '../../cri/ports.ts';
import { runsNoPods } from '../store/demo.ts';
import type { EffectHost } from './effect-host.ts';
import type { TransferMemory } from './transfer-memory.ts';

/** Any name would do: who says that there is no such image has the second service. */
const anyImage = 'localhost/criscope-demo/web:1';
const answerWithinMs = 5_000;

/** @returns undefined where the answer says nothing of it, as one of a runtime that is about to die */
async function takesImages(client: CriClient, signal: AbortSignal): Promise<boolean | undefined> {
	try {
		await client.transfers.describeImage(anyImage, { signal, timeoutMs: answerWithinMs });
		return true;
	} catch (error) {
		if (isUnimplemented(error)) return false;
		return isNotFound(error) ? true : undefined;
	}
}

/** `follow` is called after every event; it asks once per runtime, and again only after an answer that said nothing. */
export function createDemoOffer(
	host: EffectHost,
	{ transfers }: { readonly transfers: TransferMemory },
): { readonly follow: () => void } {
	/** When the list was received that a client was last asked after. */
	const askedAtMs = new WeakMap<CriClient, number | undefined>();

	async function ask(client: CriClient): Promise<void> {
		const service = transfers.of(client);
		const answer = service ? await takesImages(client, host.signal) : false;
		if (answer === undefined || host.signal.aborted || host.client() !== client) return;
		if (!answer) transfers.lacks(client);
		host.dispatch('connection', { kind: 'imageTransferAsked', takesImages: answer });
	}

	return {
		follow() {
			const state = host.getState();
			const client = host.client();
			if (!client || state.connection.takesImages !== undefined || !runsNoPods(state)) return;
			const atMs = state.inventory.refreshedAtMs.pods;
			if (askedAtMs.has(client) && askedAtMs.get(client) === atMs) return;
			askedAtMs.set(client, atMs);
			void ask(client);
		},
	};
}
