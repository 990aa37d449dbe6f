/**
 * Objects being made, by name. A name is taken exactly as long as its making lasts, so that nothing can be reserved for
 * ever. Who asks for the same again joins; who vanishes does not take the object along: it is finished, and a second try
 * gets it. What nobody came back for is handed to `abandon` after a while.
 * Source: runtime.md section 9, 1 and 2 (cri-o#7010, containerd#12438).
 */
import { untilAborted } from './operation-queue.ts';

export type Creations = Disposable & {
	/**
	 * Starts the making of the object of that name, or joins the one under way. @returns its id.
	 * @throws what the making throws, or the reason of the caller's signal, which ends the waiting only
	 */
	join(
		name: string,
		make: (signal: AbortSignal) => Promise<string>,
		options?: { readonly signal?: AbortSignal | undefined },
	): Promise<string>;
	/** Somebody knows this object: it will not be abandoned. */
	claim(id: string): void;
	/** Ends the making of objects that fit, and resolves when it has been undone. */
	cancel(fits: (name: string) => boolean, reason: Error): Promise<void>;
	/** Hands over what nobody has claimed since the given time ago. */
	sweep(): void;
	/** Resolves when nothing is being made any more. */
	settled(): Promise<void>;
};

/** How long an object waits for somebody to ask for it again. Source: kubelet retries within two minutes */
const unclaimedMs = 5 * 60_000;

/** Longest making. Source: cri-o 1.36, container_create_timeout */
const makingTimeoutMs = 240_000;

type Making = { readonly done: Promise<string>; readonly cancel: (reason: Error) => void; waiting: number };

/** @param now milliseconds; @param abandon removes an object, in the background */
export function createCreations(
	abandon: (id: string) => void,
	{ now = () => performance.now() }: { readonly now?: (() => number) | undefined } = {},
): Creations {
	const makings = new Map<string, Making>();
	const unclaimed = new Map<string, number>();

	const begin = (name: string, make: (signal: AbortSignal) => Promise<string>): Making => {
		const controller = new AbortController();
		const late = () => controller.abort(new DOMException('the making took too long', 'TimeoutError'));
		const timer = setTimeout(late, makingTimeoutMs);
		const done = make(controller.signal).finally(() => {
			clearTimeout(timer);
			makings.delete(name);
		});
		const making = { done, cancel: (reason: Error) => controller.abort(reason), waiting: 0 };
		makings.set(name, making);
		done.then(
			(id) => {
				if (making.waiting === 0) unclaimed.set(id, now());
			},
			// Told to those who wait; where nobody does, the log of the call has it.
			() => undefined,
		);
		return making;
	};

	return {
		async join(name, make, { signal } = {}) {
			signal?.throwIfAborted();
			const making = makings.get(name) ?? begin(name, make);
			making.waiting += 1;
			try {
				return await untilAborted(making.done, signal);
			} finally {
				making.waiting -= 1;
			}
		},
		claim: (id) => void unclaimed.delete(id),
		async cancel(fits, reason) {
			const found = [...makings].filter(([name]) => fits(name)).map(([, making]) => making);
			for (const making of found) making.cancel(reason);
			await Promise.allSettled(found.map(({ done }) => done));
		},
		sweep() {
			for (const [id, since] of unclaimed) {
				if (now() - since < unclaimedMs) continue;
				unclaimed.delete(id);
				abandon(id);
			}
		},
		async settled() {
			while (makings.size > 0) await Promise.allSettled([...makings.values()].map(({ done }) => done));
		},
		[Symbol.dispose]() {
			for (const making of makings.values()) making.cancel(new Error('the runtime stops'));
		},
	};
}
