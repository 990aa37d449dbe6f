import { expect, test } from 'vitest';
import { initialConnection, updateConnection } from '../../../../../src/ui/store/slices/connection.ts';

const silent = {
	kind: 'runtimeSilent',
	problem: 'cannot list containers: hung',
	list: 'containers',
} as const;

test('a list that hangs stays a problem while other lists are answered', () => {
	const hung = updateConnection(initialConnection, silent);
	const partly = updateConnection(hung, { kind: 'runtimeAnswered', atMs: 5, list: 'pods' });
	expect(partly.problem).toBe('cannot list containers: hung');
	expect(partly.answeredAtMs).toBe(5);
	const well = updateConnection(partly, { kind: 'runtimeAnswered', atMs: 6, list: 'containers' });
	expect(well.problem).toBeUndefined();
	expect(well.silent).toEqual({});
});

test('an answer to everything ends every problem, and another runtime starts without any', () => {
	const hung = updateConnection(initialConnection, silent);
	expect(updateConnection(hung, { kind: 'runtimeAnswered', atMs: 5 }).problem).toBeUndefined();
	const other = updateConnection(hung, { kind: 'endpointChosen', endpoint: 'unix:///run/other.sock' });
	expect(other.silent).toEqual({});
	expect(other.problem).toBeUndefined();
});

test('lists that fail in turn change no word on the screen', () => {
	const first = updateConnection(initialConnection, silent);
	const pods = { kind: 'runtimeSilent', problem: 'cannot list pods: hung', list: 'pods' } as const;
	const both = updateConnection(first, pods);
	expect(both.problem).toBe('cannot list pods: hung');
	expect(updateConnection(both, silent).problem).toBe('cannot list pods: hung');
	expect(updateConnection(both, { ...pods, problem: 'cannot list pods: refused' }).problem).toBe(
		'cannot list pods: refused',
	);
});
