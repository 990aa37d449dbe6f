/** Deadlines further away than a timer reaches: grpc-js would end such a call at once. */
import type * as grpc from '@grpc/grpc-js';

const timeoutHeader = 'grpc-timeout';
/** Seconds in the longest timer of Node, nearly 25 days: 2^31 - 1 milliseconds. */
const longestSeconds = 2_147_483;
/** Source: grpc PROTOCOL-HTTP2, "TimeoutUnit". */
const secondsOfUnit: Readonly<Record<string, number>> = { H: 3600, M: 60, S: 1, m: 1e-3, u: 1e-6, n: 1e-9 };

/** @returns the header's value, or the longest that a timer takes where it says more. */
export function timerTimeout(value: string): string {
	const [, digits = '', unit = ''] = /^(\d{1,8})\s*([HMSmun])$/.exec(value) ?? [];
	const seconds = Number(digits) * (secondsOfUnit[unit] ?? 0);
	return seconds > longestSeconds ? `${longestSeconds}S` : value;
}

type StreamHandler = (interceptors: unknown, stream: unknown, headers: Record<string, unknown>) => void;

/**
 * Makes a server take such deadlines; to be called before it takes connections. No interceptor sees the header before
 * grpc-js has read it, so this stands in front of what it does with a new call.
 */
export function takeLongDeadlines(server: grpc.Server): void {
	const handler: unknown = Reflect.get(server, '_streamHandler');
	if (typeof handler !== 'function') return;
	const before: StreamHandler = (interceptors, stream, headers) => {
		const value = headers[timeoutHeader];
		if (typeof value === 'string') headers[timeoutHeader] = timerTimeout(value);
		handler.call(server, interceptors, stream, headers);
	};
	Reflect.set(server, '_streamHandler', before);
}
