import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CriError } from '../../../../src/cri/errors.ts';
import { imageId } from '../../../../src/cri/ids.ts';
import { createPullHistory } from '../../../../src/ui/effects/pull-history.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

import { imageFsInfo, noAuth, pulls } from './pull-harness.ts';

test('a pull ends with size and time, in the list, the notice, the history and the trail', async () => {
	const { effects, task, until, state, dir, audit } = pulls({
		imageFsInfo,
		pullImage: async () => imageId('sha256:spare'),
	});
	effects.begin('spare:1');
	expect(task()).toMatchObject({ state: 'running', image: 'spare:1' });
	await until(() => task()?.state === 'done');
	expect(task()?.result).toEqual({ imageId: 'sha256:spare', sizeBytes: 10_000_000n, unchanged: true });
	expect(state().notices.current).toMatchObject({ level: 'ok', text: expect.stringMatching(/up to date/) });
	await until(() => state().pulls.history.length > 0);
	await audit.settled();
	expect(readFileSync(join(dir, 'criscope/pull-history'), 'utf8')).toBe('spare:1\n');
	expect(readFileSync(join(dir, 'criscope/audit.log'), 'utf8')).toContain('"verb":"pull"');
});

test('credentials from a file go with the pull, those that were typed before them', async () => {
	const requests: unknown[] = [];
	const readText = async (path: string) =>
		path.endsWith('auth.json')
			? JSON.stringify({ auths: { 'r.io': { username: 'u', password: 'p' } } })
			: undefined;
	const { effects, until, state } = pulls(
		{
			imageFsInfo,
			pullImage: async ({ auth }) => {
				requests.push(auth);
				return imageId('sha256:x');
			},
		},
		{ ...noAuth, readText },
	);
	effects.begin('r.io/a');
	effects.beginAs('r.io/b', { username: 'typed', password: 'secret' });
	await until(() => state().pulls.tasks.filter((task) => task.state === 'done').length === 2);
	expect(requests).toContainEqual({ username: 'u', password: 'p' });
	expect(requests).toContainEqual({ username: 'typed', password: 'secret' });
	expect(state().pulls.tasks.map(({ credentials }) => credentials)).toEqual([
		expect.stringContaining('auth.json'),
		'typed',
	]);
	const shown = JSON.stringify(state().pulls);
	expect(shown).not.toContain('secret');
});

test('a failure is explained, with the full text kept', async () => {
	const { effects, task, until, state } = pulls({
		imageFsInfo,
		pullImage: () => Promise.reject(new CriError('unknown', 'cannot pull image "r.io/a": 401 Unauthorized')),
	});
	effects.begin('r.io/a');
	await until(() => task()?.state === 'failed');
	expect(task()?.problem).toMatchObject({ kind: 'unauthorized', text: expect.stringContaining('401') });
	expect(state().notices.current).toMatchObject({
		level: 'fail',
		text: expect.stringMatching(/^r\.io wants/),
	});
});

test('a cancelled pull is cancelled at once and stays so; others go on; twice the same is one', async () => {
	const hanging = Promise.withResolvers<void>();
	const { effects, state, until } = pulls({
		imageFsInfo,
		pullImage: ({ image: name }, options) =>
			new Promise((resolve, reject) => {
				options?.signal?.addEventListener('abort', () => {
					reject(new DOMException('cancelled', 'AbortError'));
					hanging.resolve();
				});
				if (name === 'b:1') setImmediate(() => resolve(imageId('sha256:b')));
			}),
	});
	effects.begin('a:1');
	effects.begin('a:1');
	effects.begin('b:1');
	expect(state().pulls.tasks).toHaveLength(2);
	await until(() => state().pulls.tasks[1]?.state === 'done');
	// The call begins after looking for credentials; only then is there something to abort.
	effects.cancel(1);
	expect(state().pulls.tasks[0]?.state).toBe('cancelled');
	await hanging.promise;
	await Promise.resolve();
	expect(state().pulls.tasks[0]?.state).toBe('cancelled');
});

test('the growth of the store is told as it is seen, from the first look on', async () => {
	let used = 1_000n;
	const finish = Promise.withResolvers<void>();
	const { effects, task, until } = pulls({
		imageFsInfo: async () => {
			used += 500n;
			const filesystem = { timestampNanos: 0n, mountpoint: '/', usedBytes: used, inodesUsed: undefined };
			return { imageFilesystems: [filesystem], containerFilesystems: [] };
		},
		pullImage: async () => {
			await finish.promise;
			return imageId('sha256:x');
		},
	});
	effects.begin('a:1');
	await until(() => (task()?.growthBytes ?? 0n) >= 1_000n);
	finish.resolve();
	await until(() => task()?.state === 'done');
});

test('history keeps the newest, without repetition or hostile lines, and leaves no draft behind', async () => {
	const dir = tempDir();
	const history = createPullHistory({ XDG_STATE_HOME: dir }, 3);
	expect(await history.read()).toEqual([]);
	for (const name of ['a', 'b', 'c', 'a', 'd']) await history.add(name);
	expect(await history.read()).toEqual(['d', 'a', 'c']);
	expect(readdirSync(join(dir, 'criscope'))).toEqual(['pull-history']);
	expect(statSync(join(dir, 'criscope/pull-history')).mode & 0o777).toBe(0o600);
	writeFileSync(join(dir, 'criscope/pull-history'), 'ok:1\n\u001b[2Jevil\n\n');
	expect(await history.read()).toEqual(['ok:1']);
	expect(await createPullHistory({}, 3).add('x')).toEqual(['x']);
});
