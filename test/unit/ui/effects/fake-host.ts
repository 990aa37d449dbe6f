import { UnimplementedError } from '../../../../src/cri/errors.ts';
import type { ImageTransferService } from '../../../../src/cri/image-transfer.ts';
import type { AnswerService, CriClient, ImageService, RuntimeService } from '../../../../src/cri/ports.ts';
import type { EffectHost } from '../../../../src/ui/effects/effect-host.ts';
import type { UiEvent } from '../../../../src/ui/store/events.ts';
import type { UiState } from '../../../../src/ui/store/state.ts';
import { update } from '../../../../src/ui/store/update.ts';
import { emptyState } from '../fixtures.ts';

/** A host that applies events to a state of its own and remembers them. */
export type FakeHost = EffectHost & { readonly events: UiEvent[]; readonly stop: () => void };

/** Builds a host around a client. */
export function fakeHost(client?: CriClient): FakeHost {
	const abort = new AbortController();
	const events: UiEvent[] = [];
	let state: UiState = emptyState();
	return {
		events,
		stop: () => abort.abort(),
		getState: () => state,
		dispatch(slice, event) {
			const wrapped = { slice, event } as UiEvent;
			events.push(wrapped);
			state = update(state, wrapped);
		},
		flush: () => undefined,
		client: () => client,
		env: {},
		signal: abort.signal,
	};
}

/** Throws what a runtime without the RPC answers. */
function missing(rpc: string): () => never {
	return () => {
		throw new UnimplementedError(`runtime has no ${rpc}`);
	};
}

/** A client that answers only the RPCs given here; all others are Unimplemented. */
export function fakeClient(runtime: Partial<RuntimeService>, images: Partial<ImageService> = {}): CriClient {
	const filled = <Service extends object>(given: Partial<Service>): Service =>
		new Proxy(given, {
			get: (target, name) => Reflect.get(target, name) ?? missing(String(name)),
		}) as Service;
	return {
		runtimeEndpoint: 'unix:///fake.sock',
		imageEndpoint: 'unix:///fake.sock',
		runtime: filled<RuntimeService>(runtime),
		images: filled<ImageService>(images),
		answers: filled<AnswerService>({}),
		transfers: filled<ImageTransferService>({}),
		supports: () => true,
		connectivity: () => 'ready',
		onConnectivity: () => () => undefined,
		close: () => undefined,
	};
}
