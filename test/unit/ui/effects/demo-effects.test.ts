import { expect, test } from 'vitest';
import { NotFoundError, UnavailableError } from '../../../../src/cri/errors.ts';
import type { CriClient } from '../../../../src/cri/ports.ts';
import { createAuditLog } from '../../../../src/ui/effects/action-audit.ts';
import { createActionEffects } from '../../../../src/ui/effects/action-effects.ts';
import { createDemoOffer } from '../../../../src/ui/effects/demo-offer.ts';
import type { DemoAccess } from '../../../../src/ui/effects/demo-step.ts';
import { createTransferMemory } from '../../../../src/ui/effects/transfer-memory.ts';
import { demoTarget } from '../../../../src/ui/store/demo.ts';
import { activityText } from '../../../../src/ui/views/activity.ts';
import { noDemo } from '../change-fixtures.ts';
import { fakeClient, fakeHost } from './fake-host.ts';

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function begun(verb: 'start' | 'remove', demo: Partial<DemoAccess>) {
	const host = fakeHost(fakeClient({}));
	const effects = createActionEffects(host, {
		refresh: () => undefined,
		audit: createAuditLog({}),
		demo: { ...noDemo, ...demo },
	});
	effects.begin({ verb, targets: [demoTarget], graceSeconds: undefined });
	return { host, effects };
}

test('what the demo tells is the progress of its task, and its sentence the notice', async () => {
	const { promise, resolve } = Promise.withResolvers<string>();
	const { host } = begun('start', {
		start: (_client, tell) => {
			tell('Starting pod web');
			return promise;
		},
	});
	await settled();
	expect(activityText(host.getState())).toBe('Starting pod web');
	resolve('the demo runs 5 pods');
	await settled();
	expect(activityText(host.getState())).toBeUndefined();
	expect(host.getState().notices.current).toMatchObject({ level: 'ok', text: 'the demo runs 5 pods.' });
});

test('a failure is said as it is, a cancel is no failure', async () => {
	const failed = begun('start', {
		start: () => Promise.reject(new Error('cannot start the demo: no busybox')),
	});
	await settled();
	expect(failed.host.getState().notices.current).toMatchObject({
		level: 'fail',
		text: 'cannot start the demo: no busybox.',
	});
	const cancelled = begun('remove', {
		remove: (_client, _tell, { signal }) =>
			new Promise((_, reject) => {
				signal.addEventListener('abort', () => reject(signal.reason));
			}),
	});
	await settled();
	cancelled.effects.stopWaiting(1);
	await settled();
	const [change] = cancelled.host.getState().actions.changes;
	expect(change?.results).toMatchObject([{ outcome: 'unknown', text: 'the demo: cancelled by you' }]);
});

function offered(describe: () => Promise<never>) {
	const asked = { count: 0 };
	const plain = fakeClient({});
	const client: CriClient = {
		...plain,
		transfers: {
			...plain.transfers,
			describeImage: () => {
				asked.count++;
				return describe();
			},
		},
	};
	const host = fakeHost(client);
	const offer = createDemoOffer(host, { transfers: createTransferMemory() });
	const list = async (atMs: number): Promise<boolean | undefined> => {
		host.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods: [], atMs });
		offer.follow();
		offer.follow();
		await settled();
		return host.getState().connection.takesImages;
	};
	return { asked, list, offer };
}

test('a runtime without pods is asked once whether it takes images', async () => {
	const { asked, list, offer } = offered(() => Promise.reject(new NotFoundError('no such image')));
	offer.follow();
	expect(asked.count).toBe(0);
	expect(await list(1)).toBe(true);
	expect(await list(2)).toBe(true);
	expect(asked.count).toBe(1);
});

test('an answer that says nothing is asked for again with the next list', async () => {
	const { asked, list } = offered(() => Promise.reject(new UnavailableError('it is about to go')));
	expect(await list(1)).toBeUndefined();
	expect(await list(2)).toBeUndefined();
	expect(asked.count).toBe(2);
});

test('one that lacks the service takes none', async () => {
	const host = fakeHost(fakeClient({}));
	const offer = createDemoOffer(host, { transfers: createTransferMemory() });
	host.dispatch('inventory', { kind: 'podSandboxesRefreshed', pods: [], atMs: 1 });
	offer.follow();
	await settled();
	expect(host.getState().connection.takesImages).toBe(false);
});
