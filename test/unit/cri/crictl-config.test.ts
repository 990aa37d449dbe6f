import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCrictlConfig } from '../../../src/cri/crictl-config.ts';
import { parseCrictlConfig } from '../../../src/cri/crictl-config-text.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const nothing = { runtimeEndpoint: undefined, imageEndpoint: undefined, timeoutMs: undefined };

test('the keys of crictl are read, others left alone', () => {
	const text = 'runtime-endpoint: "unix:///a"\nimage-endpoint: unix:///b\ntimeout: 2\ndebug: true\n';
	expect(parseCrictlConfig(text, 'f')).toEqual({
		runtimeEndpoint: 'unix:///a',
		imageEndpoint: 'unix:///b',
		timeoutMs: 2000,
	});
});

test.each(['', '# nothing\n', 'runtime-endpoint: ""\ntimeout: 0\n'])('%j says nothing', (text) => {
	expect(parseCrictlConfig(text, 'f')).toEqual(nothing);
});

test.each([
	['runtime-endpoint: [1]', 'cannot read crictl config "f": "runtime-endpoint" is [1], not a text'],
	['timeout: soon', 'cannot read crictl config "f": "timeout" is "soon", not a number of seconds'],
	['- a', 'cannot read crictl config "f": it is no list of "key: value" lines'],
	['a: "b', 'cannot read crictl config "f": '],
])('%j is refused in one line', (text, message) => {
	expect(() => parseCrictlConfig(text, 'f')).toThrow(message);
	expect(() => parseCrictlConfig(text, 'f')).not.toThrow(/\n|:$/u);
});

test('a missing file is undefined, an unreadable one an error', async () => {
	const dir = tempDir();
	expect(await readCrictlConfig(join(dir, 'none'))).toBeUndefined();
	await expect(readCrictlConfig(dir)).rejects.toThrow(`cannot read crictl config "${dir}": EISDIR`);
	writeFileSync(join(dir, 'c'), 'timeout: 1');
	expect(await readCrictlConfig(join(dir, 'c'))).toEqual({ ...nothing, timeoutMs: 1000 });
});
