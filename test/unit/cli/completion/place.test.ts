import { describe, expect, it } from 'vitest';
import { operandKinds } from '../../../../src/cli/completion/operand-kinds.ts';
import { findPlace } from '../../../../src/cli/completion/place.ts';
import { splitLine } from '../../../../src/cli/completion/split-line.ts';
import { verbs } from '../../../../src/cli/verbs.ts';

const place = (line: string) => findPlace(splitLine(line).slice(1), verbs);
const values = (line: string) =>
	place(line)
		.candidates.map(({ value }) => value)
		.filter((value) => value.startsWith(place(line).current));

describe('findPlace', () => {
	it('verbs, and none that are hidden', () => {
		expect(values('criscope ru')).toEqual(expect.arrayContaining(['run', 'runp']));
		expect(values('criscope _')).toEqual([]);
		expect(values('criscope -r unix:///x appl')).toEqual(['apply']);
		expect(values('criscope help appl')).toEqual(['apply']);
	});

	it('flags of the verb and of the connection', () => {
		expect(values('criscope run --memory')).toEqual(['--memory', '--memory-swap']);
		expect(values('criscope run --runtime-e')).toEqual(['--runtime-endpoint']);
		expect(values('criscope run --uli')).toEqual([]);
	});

	it('values of flags', () => {
		expect(values('criscope run --pull ')).toEqual(['always', 'missing', 'never']);
		expect(place('criscope run --pull=a')).toMatchObject({ prefix: '--pull=', current: 'a' });
		expect(place('criscope apply -f ').kind).toBe('file');
		expect(place('criscope run --env-file ').kind).toBe('file');
	});

	it('operands, by their place', () => {
		expect(place('criscope exec ').kind).toBe('runningContainer');
		expect(place('criscope exec -it web ').kind).toBe('none');
		expect(place('criscope create ').kind).toBe('pod');
		expect(place('criscope create p ').kind).toBe('file');
		expect(place('criscope run -it --name x ').kind).toBe('image');
		expect(place('criscope run busybox --').candidates).toEqual([]);
		expect(place('criscope rmp a b ').kind).toBe('pod');
		expect(place('criscope nonsense ').kind).toBe('none');
	});

	it('tells with which flags the runtime is asked', () => {
		expect(place('criscope -r unix:///x --timeout=2s stop ').connection).toEqual([
			'--runtime-endpoint=unix:///x',
			'--timeout=2s',
		]);
	});

	it('knows only verbs that there are', () => {
		const names = new Set([...verbs.map(({ name }) => name), 'help']);
		expect(Object.keys(operandKinds).filter((name) => !names.has(name))).toEqual([]);
	});
});

it.each([
	['criscope run ', ['criscope', 'run', '']],
	['a \'b c\' "d\\"e" f\\ g', ['a', 'b c', 'd"e', 'f g']],
	['a "', ['a', '']],
	["a '", ['a', '']],
	['', ['']],
])('splitLine %j', (line, words) => {
	expect(splitLine(line)).toEqual(words);
});
