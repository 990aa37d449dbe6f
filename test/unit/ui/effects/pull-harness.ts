import { onTestFinished } from 'vitest';
import type { ImageTransferService } from '../../../../src/cri/image-transfer.ts';
import type { ImageService } from '../../../../src/cri/ports.ts';
import type { AuthAccess } from '../../../../src/cri/registry-credentials.ts';
import { createAuditLog } from '../../../../src/ui/effects/action-audit.ts';
import { createPullEffects } from '../../../../src/ui/effects/pull-effects.ts';
import { createPullHistory } from '../../../../src/ui/effects/pull-history.ts';
import { createTransferMemory } from '../../../../src/ui/effects/transfer-memory.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { fakeClient, fakeNode, image, inspector } from '../change-fixtures.ts';

/** No credentials anywhere. */
export const noAuth: AuthAccess = {
	env: {},
	readText: async () => undefined,
	runHelper: async () => undefined,
};

/** Pull effects over a fake runtime, and a way to wait for what the state says. */
export function pulls(
	images: Partial<ImageService>,
	authAccess: AuthAccess = noAuth,
	transfers?: Partial<ImageTransferService>,
	progressEveryMs = 1,
) {
	const dir = tempDir();
	const env = { XDG_STATE_HOME: dir };
	const ui = inspector({});
	const ended: string[] = [];
	const waiting: (() => void)[] = [];
	ui.store.onEvent((_state, { event }) => {
		if (/^pull(Succeeded|Failed|Cancelled)$/.test(event.kind)) ended.push(event.kind);
		for (const wake of waiting) wake();
	});
	const node = fakeNode({ images: [image('spare:1')] });
	const client = fakeClient(node, { images, ...(transfers && { transfers }) });
	const audit = createAuditLog(env);
	const kept = createPullHistory(env, 3);
	let remembered: Promise<unknown> = Promise.resolve();
	const history = {
		read: kept.read,
		add(name: string) {
			const added = kept.add(name);
			remembered = added;
			return added;
		},
	};
	// What is still being written would keep the folder from being removed.
	onTestFinished(async () => {
		await remembered;
		await audit.settled();
	});
	const effects = createPullEffects(
		{
			getState: ui.state,
			dispatch: ui.store.dispatch,
			flush: ui.store.flush,
			client: () => client,
			env,
			signal: new AbortController().signal,
		},
		{
			refresh: () => {},
			audit,
			history,
			authAccess,
			growthEveryMs: 1,
			progressEveryMs,
			transfers: createTransferMemory(),
		},
	);
	const until = (condition: () => boolean): Promise<void> =>
		new Promise((resolve) => {
			const check = (): void => {
				if (condition()) resolve();
			};
			waiting.push(check);
			check();
		});
	return { ...ui, effects, dir, audit, until, task: () => ui.state().pulls.tasks.at(-1) };
}

/** A store that tells nothing of its size. */
export const imageFsInfo = async () => ({ imageFilesystems: [], containerFilesystems: [] });
