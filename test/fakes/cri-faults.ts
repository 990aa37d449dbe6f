/** The ways in which the fake runtime can fail, as values and as words on its command line. */

/** A fault of one RPC. */
export type RpcFault =
	| { readonly kind: 'hang' }
	| { readonly kind: 'slow'; readonly delayMs: number }
	| { readonly kind: 'error'; readonly code: number; readonly message: string }
	| { readonly kind: 'unimplemented' }
	/** Streams only: breaks off after so many messages. */
	| { readonly kind: 'close'; readonly afterMessages: number };

/** All faults; `halfDead` takes connections and never says a word of HTTP/2, `lying` sends hostile text. */
export type FakeFaults = {
	halfDead: boolean;
	lying: boolean;
	/** By name of the RPC; `*` is every RPC without a fault of its own. */
	readonly byRpc: Map<string, RpcFault>;
};

/** A runtime without faults. */
export function noFaults(): FakeFaults {
	return { halfDead: false, lying: false, byRpc: new Map() };
}

/**
 * Adds one fault in the form of the command line: `half-dead`, `lying`, `RPC=hang`, `RPC=slow:MS`,
 * `RPC=error:CODE:TEXT`, `RPC=unimplemented`, `RPC=close:MESSAGES`; `*` as RPC means all.
 * @throws Error for anything else.
 */
export function addFault(faults: FakeFaults, text: string): void {
	if (text === 'half-dead') {
		faults.halfDead = true;
		return;
	}
	if (text === 'lying') {
		faults.lying = true;
		return;
	}
	const [, rpc, kind, number, message] = /^([\w*]+)=([a-z]+)(?::(\d+))?(?::(.*))?$/.exec(text) ?? [];
	if (rpc === undefined || kind === undefined) throw new Error(`cannot read fault "${text}"`);
	faults.byRpc.set(rpc, faultOf(kind, Number(number ?? 0), message ?? 'injected', text));
}

function faultOf(kind: string, number: number, message: string, text: string): RpcFault {
	switch (kind) {
		case 'hang':
			return { kind: 'hang' };
		case 'slow':
			return { kind: 'slow', delayMs: number };
		case 'error':
			return { kind: 'error', code: number, message };
		case 'unimplemented':
			return { kind: 'unimplemented' };
		case 'close':
			return { kind: 'close', afterMessages: number };
		default:
			throw new Error(`cannot read fault "${text}"`);
	}
}
