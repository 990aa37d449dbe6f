/** Fetching what the inspect view shows, again and again while it is open, and saving it. */
import { errorMessage, isAbort, isUnimplemented } from '../../cri/errors.ts';
import { containerId, podSandboxId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { containerRows } from '../resources/container-rows.ts';
import type { InspectAnswer, InspectSubject, InspectTab } from '../store/slices/inspect.ts';
import type { EffectHost } from './effect-host.ts';
import { createKernelReader, gatherEvidence } from './inspect-evidence.ts';
import { saveText } from './inspect-save.ts';
import type { TransferMemory } from './transfer-memory.ts';

/** What commands of the inspect view can set in motion. */
export type InspectEffects = {
	/** Asks the runtime again now. */
	readonly refresh: () => void;
	/** Saves a text to a file and says how that went; the typed line stays open until it went well. */
	readonly save: (request: {
		readonly path: string;
		readonly text: string;
		readonly replace: boolean;
	}) => void;
};

/** The effects, and what must be called after every event. */
export type HostedInspectEffects = InspectEffects & Disposable & { readonly follow: () => void };

const refreshMs = 3_000;

async function ask(
	client: CriClient,
	{ list, id }: InspectSubject,
	signal: AbortSignal,
): Promise<InspectAnswer> {
	const verbose = { verbose: true } as const;
	switch (list) {
		case 'pods':
			return { list, status: await client.runtime.podSandboxStatus(podSandboxId(id), verbose, { signal }) };
		case 'containers':
			return { list, status: await client.runtime.containerStatus(containerId(id), verbose, { signal }) };
		case 'images':
			return { list, status: await client.images.imageStatus(id, verbose, { signal }) };
	}
}

/** Whether this host is the one the runtime runs on: only then its kernel, cgroups and files are about it. */
function isLocal(client: CriClient): boolean {
	return client.runtimeEndpoint.startsWith('unix:');
}

/** Everything an answer says, to be compared with what it said before. */
function wordsOf(answer: unknown): string {
	return JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
}

/** Makes the effects. */
export function createInspectEffects(
	host: EffectHost,
	{ transfers }: { readonly transfers: TransferMemory },
): HostedInspectEffects {
	const kernel = createKernelReader(host.signal);
	/** The object being watched and what its last answer said, to tell the state only of changes. */
	let watch:
		| {
				readonly subject: InspectSubject;
				readonly stop: AbortController;
				readonly wake: () => void;
				/** As it was after the last event. */
				tab: InspectTab | undefined;
		  }
		| undefined;
	/** The overlay opens in an event of its own after its subject: before it was seen, its absence means nothing. */
	let overlaySeen = false;

	async function look(subject: InspectSubject, signal: AbortSignal, before: Before): Promise<Before> {
		const client = host.client();
		if (!client) return before;
		const described = tellLayers(client, subject, signal, before);
		try {
			const answer = await ask(client, subject, signal);
			if (signal.aborted) return before;
			const said = wordsOf(answer.status.raw ?? answer.status);
			// The same words again are the same object: nothing built from it is built again.
			const kept = before.answer && before.said === said ? before.answer : answer;
			host.dispatch('inspect', { kind: 'inspectAnswered', id: subject.id, answer: kept, atMs: Date.now() });
			if (kept.list === 'containers' && isLocal(client)) await tellEvidence(kept, signal, before);
			return { ...before, answer: kept, said };
		} catch (error) {
			if (!isAbort(error) && !signal.aborted) {
				host.dispatch('inspect', { kind: 'inspectFailed', id: subject.id, problem: errorMessage(error) });
			}
			return before;
		} finally {
			await described;
		}
	}

	/** Asks what an image is made of while the person looks at that; never throws. */
	async function tellLayers(
		client: CriClient,
		{ list, id }: InspectSubject,
		signal: AbortSignal,
		before: Before,
	): Promise<void> {
		if (list !== 'images' || host.getState().inspect?.tab !== 'layers') return;
		const lacking = 'Sizes and sharing of layers are not known: the CRI has no words for them.';
		const problem = (text: string): void =>
			host.dispatch('inspect', { kind: 'imageNotDescribed', id, problem: text });
		try {
			const description = await transfers.of(client)?.describeImage(id, { signal });
			if (signal.aborted) return;
			if (!description) return problem(lacking);
			const said = wordsOf(description);
			// The same words again are not told again, unless something went wrong in between.
			if (said === before.description && !host.getState().inspect?.layers?.problem) return;
			before.description = said;
			host.dispatch('inspect', { kind: 'imageDescribed', id, description });
		} catch (error) {
			if (isAbort(error) || signal.aborted) return;
			if (!isUnimplemented(error)) return problem(`The layers cannot be told: ${errorMessage(error)}.`);
			transfers.lacks(client);
			problem(lacking);
		}
	}

	async function tellEvidence(
		answer: Extract<InspectAnswer, { list: 'containers' }>,
		signal: AbortSignal,
		before: Before,
	): Promise<void> {
		const { status } = answer;
		const { podSandboxId: pod, metadata } = status;
		const earlier = containerRows(host.getState())
			.filter(({ container }) => container.podSandboxId === pod && container.metadata.name === metadata.name)
			.filter(({ container }) => container.metadata.attempt < metadata.attempt)
			.sort((left, right) => right.container.metadata.attempt - left.container.metadata.attempt);
		const evidence = await gatherEvidence(status, earlier, kernel, { signal });
		const said = wordsOf(evidence);
		if (signal.aborted || said === before.evidence) return;
		before.evidence = said;
		host.dispatch('inspect', { kind: 'evidenceGathered', id: status.id, evidence });
	}

	async function keepLooking(
		subject: InspectSubject,
		signal: AbortSignal,
		pause: () => Promise<void>,
	): Promise<void> {
		let before: Before = {
			answer: undefined,
			said: undefined,
			evidence: undefined,
			description: undefined,
		};
		while (!signal.aborted) {
			before = await look(subject, signal, before);
			if (!signal.aborted) await pause();
		}
	}

	function start(subject: InspectSubject): void {
		const stop = new AbortController();
		const signal = AbortSignal.any([stop.signal, host.signal]);
		let again = false;
		const askedWhileAsking = (): void => {
			again = true;
		};
		let wake = askedWhileAsking;
		const pause = (): Promise<void> =>
			new Promise((resolve) => {
				if (again) {
					again = false;
					resolve();
					return;
				}
				const timer = setTimeout(() => wake(), refreshMs);
				wake = () => {
					clearTimeout(timer);
					signal.removeEventListener('abort', wake);
					wake = askedWhileAsking;
					resolve();
				};
				signal.addEventListener('abort', wake, { once: true });
			});
		watch = { subject, stop, wake: () => wake(), tab: host.getState().inspect?.tab };
		void keepLooking(subject, signal, pause);
	}

	function end(): void {
		watch?.stop.abort();
		watch = undefined;
		overlaySeen = false;
	}

	return {
		follow() {
			const { inspect, overlays } = host.getState();
			if (inspect?.subject !== watch?.subject) {
				end();
				if (inspect) start(inspect.subject);
			}
			if (!inspect) return;
			if (watch && watch.tab !== inspect.tab) {
				watch.tab = inspect.tab;
				// Layers are asked for only while they are looked at: whoever turns to them need not wait for the next round.
				if (inspect.tab === 'layers') watch.wake();
			}
			if (overlays.stack.includes('inspect')) overlaySeen = true;
			else if (overlaySeen) {
				end();
				host.dispatch('inspect', { kind: 'inspectClosed' });
			}
		},
		refresh: () => watch?.wake(),
		save({ path, text, replace }) {
			void saveText(path, text, { replace, home: host.env['HOME'] }).then((saved) => {
				if (host.signal.aborted) return;
				const asking = host.getState().entry?.kind === 'inspectSave';
				if (saved.kind === 'saved') {
					if (asking) host.dispatch('entry', { kind: 'entryClosed' });
					const done = `Saved ${saved.bytes} bytes to ${saved.path}.`;
					host.dispatch('notices', { kind: 'noticeRaised', level: 'ok', text: done });
				} else {
					const problem =
						saved.kind === 'exists' ? 'exists: Enter again replaces it' : `cannot save: ${saved.reason}`;
					if (asking) host.dispatch('entry', { kind: 'entryRefused', problem });
					else host.dispatch('notices', { kind: 'noticeRaised', level: 'fail', text: `${path} ${problem}.` });
					const replaceable = saved.kind === 'exists' ? path : undefined;
					host.dispatch('inspect', { kind: 'inspectReplaceAsked', path: replaceable });
				}
				host.flush();
			});
		},
		[Symbol.dispose]: end,
	};
}

/** What was told already; `evidence` and `description` are written by the one loop that owns it. */
type Before = {
	readonly answer: InspectAnswer | undefined;
	readonly said: string | undefined;
	evidence: string | undefined;
	description: string | undefined;
};
