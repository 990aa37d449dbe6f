/** A call whose signal is made when somebody asks for it: most calls are answered before anybody would. */
import type { CriError } from '../errors.ts';
import type { ServedCall } from './served-rpc.ts';

/** A class, since one is made for every call: its methods are there already. */
export class CallState implements ServedCall {
	#controller: AbortController | undefined = undefined;
	#reason: CriError | undefined = undefined;

	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			this.#controller = new AbortController();
			if (this.#reason !== undefined) this.#abort();
		}
		return this.#controller.signal;
	}

	/** Why it was cancelled, where it was. */
	get reason(): CriError | undefined {
		return this.#reason;
	}

	/** Tells its handler to end. The first reason counts. */
	cancel(why: CriError): void {
		if (this.#reason !== undefined) return;
		this.#reason = why;
		this.#abort();
	}

	#abort(): void {
		const reason = this.#reason;
		this.#controller?.abort(new DOMException(reason?.message, { name: 'AbortError', cause: reason }));
	}
}
