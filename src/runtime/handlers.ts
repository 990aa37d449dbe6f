/** The handlers by which pods choose their OCI runtime. */
import { errorMessage, FailedPreconditionError, NotFoundError } from '../cri/errors.ts';
import type { HandlerConfig } from './oci/model.ts';
import type { Handlers } from './server/pod-parts.ts';

/** So long what was found counts: looking for programs takes longer than all else that a handler is asked for. */
const rememberedMs = 2000;

/**
 * @param look finds what is configured and installed now, the default first
 * @param options.config its reading: with another one handlers are looked for at once
 */
export function createHandlers(
	look: () => readonly HandlerConfig[],
	{
		config = () => undefined,
		nowMs = () => performance.now(),
	}: { readonly config?: (() => unknown) | undefined; readonly nowMs?: (() => number) | undefined } = {},
): Handlers {
	let found:
		| { readonly all: readonly HandlerConfig[]; readonly of: unknown; readonly atMs: number }
		| undefined;
	const read = (): readonly HandlerConfig[] => {
		const of = config();
		const atMs = nowMs();
		if (found === undefined || found.of !== of || atMs - found.atMs >= rememberedMs) {
			found = { all: look(), of, atMs };
		}
		return found.all;
	};
	const handlers: Handlers = {
		get all() {
			return read();
		},
		problem() {
			try {
				handlers.demand('');
				return undefined;
			} catch (error) {
				return errorMessage(error);
			}
		},
		demand(name) {
			const configured = read();
			if (configured.length === 0) {
				throw new FailedPreconditionError('no OCI runtime is installed: install runc and conmon');
			}
			const handler = name === '' ? configured[0] : configured.find((known) => known.name === name);
			if (handler === undefined) {
				const known = configured.map((one) => `"${one.name}"`).join(', ') || 'none';
				throw new NotFoundError(
					`cannot use runtime handler "${name}": it is not configured; known are ${known}`,
				);
			}
			if (handler.unavailable !== undefined) {
				throw new FailedPreconditionError(
					`cannot use runtime handler "${handler.name}": ${handler.unavailable}`,
				);
			}
			if (handler.type === 'oci') {
				// A bare name is one that the search path does not know.
				if (handler.monitorPath.startsWith('/')) return handler;
				throw new FailedPreconditionError(
					`cannot use runtime handler "${handler.name}": there is no program "${handler.monitorPath}" to watch its containers: install it`,
				);
			}
			throw new FailedPreconditionError(
				`cannot use runtime handler "${handler.name}": it runs containers in virtual machines (a shim v2), which criscope does not do yet`,
			);
		},
		of({ runtimeHandler, handler: kept }) {
			if (kept === undefined) return handlers.demand(runtimeHandler);
			// Its program may have moved with an upgrade; what it keeps of its containers stays where it was.
			const now = read().find(
				({ name, type, unavailable }) => name === kept.name && type === 'oci' && unavailable === undefined,
			);
			return now === undefined ? kept : { ...now, root: kept.root };
		},
	};
	return handlers;
}
