import { describe, expect, it } from 'vitest';
import type { Container, PodSandbox } from '../../../../src/cri/model.ts';
import type { ContainerFacts } from '../../../../src/ui/resources/facts.ts';
import { exitCodeText } from '../../../../src/ui/resources/health.ts';
import { podRows } from '../../../../src/ui/resources/pod-rows.ts';
import { applied, container, emptyState, event, factsOf, pod, refreshed } from '../fixtures.ts';

function rowOf(sandbox: PodSandbox, containers: readonly Container[], facts: readonly ContainerFacts[] = []) {
	const state = applied(
		emptyState(),
		...refreshed([sandbox], containers),
		event('inventory', { kind: 'factsReceived', pods: [], containers: facts }),
	);
	const [row] = podRows(state);
	if (!row) throw new Error('no row');
	return row;
}

const failing = (name: string, attempt: number, over: Partial<ContainerFacts> = {}) => {
	const of = container('web', name, { state: 'exited', attempt });
	return { of, facts: factsOf(of, { exitCode: 1, reason: 'Error', ...over }) };
};

describe('the state of a pod', () => {
	it('is Running while its newest containers run, whatever earlier attempts did', () => {
		const old = failing('app', 0);
		const row = rowOf(pod('web'), [old.of, container('web', 'app', { attempt: 1 })], [old.facts]);
		expect(row).toMatchObject({
			health: 'ok',
			stateText: 'Running',
			readyCount: 1,
			totalCount: 1,
			restarts: 1,
		});
	});

	it('names the exit code of what failed', () => {
		const one = failing('app', 0, { exitCode: 3 });
		expect(rowOf(pod('web'), [one.of], [one.facts])).toMatchObject({ health: 'fail', stateText: 'Error 3' });
	});

	it('is a crash loop from the second restart on', () => {
		const one = failing('app', 2);
		expect(rowOf(pod('web'), [one.of], [one.facts]).stateText).toBe('CrashLoop');
	});

	it('says OOMKilled although it loops', () => {
		const one = failing('app', 5, { exitCode: 137, reason: 'OOMKilled' });
		expect(rowOf(pod('web'), [one.of], [one.facts]).stateText).toBe('OOMKilled');
	});

	it('counts a finished init container as done, not as missing', () => {
		const init = container('web', 'init', { state: 'exited' });
		const row = rowOf(pod('web'), [init, container('web', 'app')], [factsOf(init)]);
		expect(row).toMatchObject({ health: 'ok', readyCount: 1, totalCount: 1 });
	});

	it('is Completed when everything ended well, and that is no problem', () => {
		const one = container('web', 'job', { state: 'exited' });
		expect(rowOf(pod('web'), [one], [factsOf(one)])).toMatchObject({
			health: 'done',
			stateText: 'Completed',
		});
	});

	it('warns of a ready pod without any container', () => {
		expect(rowOf(pod('web'), [])).toMatchObject({ health: 'warn', stateText: 'NoContainer' });
	});

	it('fails a sandbox that is not ready while something runs in it', () => {
		expect(rowOf(pod('web', { state: 'notReady' }), [container('web', 'app')])).toMatchObject({
			health: 'fail',
			stateText: 'NotReady',
		});
	});

	it('does not claim to know why a container ended before its status arrived', () => {
		const one = container('web', 'app', { state: 'exited' });
		expect(rowOf(pod('web'), [one]).containers[0]).toMatchObject({ health: 'done', stateText: 'Exited' });
	});
});

describe('an old sandbox', () => {
	it('is called replaced when a newer attempt of the pod exists', () => {
		const old = pod('web', { id: 'old', state: 'notReady', attempt: 0 });
		const fresh = pod('web', { id: 'new', attempt: 1 });
		const state = applied(emptyState(), ...refreshed([old, fresh]));
		const row = podRows(state).find(({ id }) => id === 'old');
		expect(row).toMatchObject({ health: 'done', stateText: 'Replaced' });
	});
});

describe('an exit code in words', () => {
	it.each([
		[0, '0'],
		[3, '3'],
		[137, '137 (SIGKILL)'],
		[143, '143 (SIGTERM)'],
		[255, '255'],
	])('%i is %s', (code, text) => expect(exitCodeText(code)).toBe(text));
});
