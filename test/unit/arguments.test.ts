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
