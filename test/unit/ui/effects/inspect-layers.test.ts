import { expect, test } from 'vitest';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import type { ImageTransferService } from '../../../../src/cri/image-transfer.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { createInspectEffects } from '../../../../src/ui/effects/inspect-effects.ts';
import { createTransferMemory } from '../../../../src/ui/effects/transfer-memory.ts';
import { image } from '../fixtures.ts';
import { description } from '../transfer-fixtures.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

/** An image under inspection on the tab of its layers, with the second service as given. */
function inspecting(transfers: Partial<ImageTransferService> | undefined, memory = createTransferMemory()) {
	const plain = fakeClient({}, { imageStatus: async () => ({ image: image('a:1'), info: {}, raw: {} }) });
	const client: CriClient = transfers ? { ...plain, transfers: transfers as ImageTransferService } : plain;
	const host = fakeHost(client);
	const effects = createInspectEffects(host, { transfers: memory });
	host.dispatch('inspect', { kind: 'inspectOpened', subject: { list: 'images', id: 'img-1', name: 'a:1' } });
	host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'inspect' });
	effects.follow();
	const layers = () => host.getState().inspect?.layers;
	const turn = (): void => {
		host.dispatch('inspect', { kind: 'inspectTabChosen', tab: 'layers' });
		effects.follow();
	};
	/** Lets what can go on go on. */
	const settle = async (): Promise<void> => {
		for (let turns = 0; turns < 50; turns++) await Promise.resolve();
	};
	return { host, effects, layers, turn, settle };
}

test('layers are asked for when they are turned to, not before, even while an answer is awaited', async () => {
	let asked = 0;
	using ui = withStop(
		inspecting({
			describeImage: async (id) => {
				asked++;
				return description(id);
			},
		}),
	);
	await ui.settle();
	expect(asked).toBe(0);
	ui.turn();
	await ui.settle();
	expect(asked).toBe(1);
	expect(ui.layers()).toMatchObject({ problem: undefined, description: { imageId: 'img-1' } });
	const before = ui.layers();
	ui.effects.refresh();
	await ui.settle();
	expect(asked).toBe(2);
	expect(ui.layers()).toBe(before);
});

test('a runtime without the service is asked once', async () => {
	const memory = createTransferMemory();
	using ui = withStop(inspecting(undefined, memory));
	ui.turn();
	await ui.settle();
	expect(ui.layers()).toMatchObject({
		description: undefined,
		problem: expect.stringContaining('not known'),
	});
	const client = ui.host.client();
	expect(client && memory.of(client)).toBeUndefined();
});

test('an error is told beside what was known, and goes when it is over', async () => {
	let failing = false;
	using ui = withStop(
		inspecting({
			describeImage: async (id) => {
				if (failing) throw new NotFoundError(`cannot describe image "${id}": not found`);
				return description(id);
			},
		}),
	);
	ui.turn();
	await ui.settle();
	failing = true;
	ui.effects.refresh();
	await ui.settle();
	expect(ui.layers()).toMatchObject({
		description: { imageId: 'img-1' },
		problem: 'The layers cannot be told: cannot describe image "img-1": not found.',
	});
	failing = false;
	ui.effects.refresh();
	await ui.settle();
	expect(ui.layers()?.problem).toBeUndefined();
});

function withStop<Ui extends { readonly effects: Disposable }>(ui: Ui): Ui & Disposable {
	return { ...ui, [Symbol.dispose]: () => ui.effects[Symbol.dispose]() };
}
