import { expect, test } from 'vitest';
import { findCommand, parseArguments } from '../../src/arguments.ts';
import { UsageError } from '../../src/cli/usage-error.ts';

test('flags are read, and the others are off', () => {
	const options = parseArguments(['-r', 'unix:///run/x.sock', '--read-only', '--theme', 'mono']);
	expect(options).toMatchObject({
		runtimeEndpoint: 'unix:///run/x.sock',
		imageEndpoint: undefined,
		readOnly: true,
		theme: 'mono',
		once: false,
	});
});

test.each([
	[['--red-only'], /unknown flag "--red-only"; there are .*--read-only/],
	[['-r', 'http://x'], /"http:\/\/x": the scheme "http" is not known.*\(flag --runtime-endpoint\)/],
	[['--image-endpoint', 'tcp://nowhere'], /\(flag --image-endpoint\)/],
	[['--runtime-endpoint='], /--runtime-endpoint needs a value/],
	[['pods'], /unknown command "pods"/],
	[['--theme', 'pink'], /unknown theme "pink"/],
	[['--plain', '--json'], /choose one/],
] as const)('%j is one sentence that names what is wrong', (args, sentence) => {
	expect(() => parseArguments([...args])).toThrow(UsageError);
	expect(() => parseArguments([...args])).toThrow(sentence);
});

test.each([
	[[], undefined],
	[['-r', 'images', '--once'], undefined],
	[['--theme', 'mono', '--json'], undefined],
	[['images'], { word: 'images', before: [], after: [] }],
	[['-r', '/x', 'pull', '-q', 'a'], { word: 'pull', before: ['-r', '/x'], after: ['-q', 'a'] }],
	[['-r/x', '--timeout=2s', 'rmi'], { word: 'rmi', before: ['-r/x', '--timeout=2s'], after: [] }],
	[['--config', 'serve', 'images'], { word: 'images', before: ['--config', 'serve'], after: [] }],
	[['-runtime-endpoint', '/x', 'images'], { word: 'images', before: ['-runtime-endpoint', '/x'], after: [] }],
	[['-h', 'pull'], { word: 'pull', before: ['-h'], after: [] }],
	[['--runtime-endpont', 'x'], undefined],
	[['serve', '--listen', 'x'], { word: 'serve', before: [], after: ['--listen', 'x'] }],
] as const)('%j is the command %j', (args, command) => {
	expect(findCommand([...args])).toEqual(command);
});

test('a flag that only the inspector has does not stand before a command', () => {
	expect(() => findCommand(['--read-only', 'rmi', 'x'])).toThrow(UsageError);
	expect(() => findCommand(['--theme', 'mono', 'images'])).toThrow(
		/flag "--theme" is for the inspector only/,
	);
});
