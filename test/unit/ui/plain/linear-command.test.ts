import { describe, expect, it } from 'vitest';
import { linearHelp, parseLinearCommand } from '../../../../src/ui/plain/linear-command.ts';

describe('parseLinearCommand', () => {
	it.each([
		['help', { kind: 'help' }],
		['?', { kind: 'help' }],
		['  PODS ', { kind: 'pods' }],
		['p', { kind: 'pods' }],
		['containers', { kind: 'containers', pod: undefined }],
		['c web', { kind: 'containers', pod: 'web' }],
		['im', { kind: 'images' }],
		['ins shop/web', { kind: 'inspect', name: 'shop/web' }],
		['logs web', { kind: 'logs', name: 'web', count: 20 }],
		['logs web 100', { kind: 'logs', name: 'web', count: 100 }],
		['fo web', { kind: 'follow', name: 'web' }],
		['find two words', { kind: 'find', text: 'two words' }],
		['/web', { kind: 'find', text: 'web' }],
		['again', { kind: 'refresh' }],
		['stop web', { kind: 'stop', name: 'web' }],
		['exit', { kind: 'quit' }],
	] as const)('reads %j', (typed, command) => {
		expect(parseLinearCommand(typed)).toEqual(command);
	});

	it.each([
		['i', /^"i" may mean images or inspect/],
		['dance', /^Unknown command "dance"/],
		['logs', /^logs needs a container/],
		['logs web 0', /^logs takes a number from 1/],
		['logs web many', /^logs takes a number from 1/],
		['stop', /^stop needs the name/],
		['stop a b', /^stop needs the name/],
		['pods web', /^pods takes nothing/],
		['find', /^find needs a text/],
	] as const)('says what is wrong with %j', (typed, sentence) => {
		expect(parseLinearCommand(typed)).toMatch(sentence);
	});

	it('does not mind an empty line', () => {
		expect(parseLinearCommand('  ')).toBeUndefined();
	});

	it('takes every command that its help names', () => {
		for (const line of linearHelp().slice(0, -1)) {
			const word = line.split(/[ :]/u)[0] ?? '';
			expect(parseLinearCommand(word)).not.toMatchObject({ kind: undefined });
			expect(String(parseLinearCommand(`${word} x`))).not.toMatch(/^Unknown/);
		}
	});
});
