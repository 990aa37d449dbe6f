import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error a script of the build, in plain JavaScript: it must run on Node 20 before anything is built
import { describeProto, listDescriptor } from '../../../scripts/generate-proto.mjs';

// The fixture was listed from our proto when its descriptor had been compared, deep-equal, with the
// descriptor of upstream's api.proto at kubernetes/cri-api v0.36.3.
const fixture = readFileSync(new URL('../../fixtures/cri-1.36-descriptor.txt', import.meta.url), 'utf8');

test('the proto declares exactly the CRI 1.36', () => {
	expect(listDescriptor(describeProto({ keepCase: true }))).toBe(fixture);
});

test('all 41 RPCs are there', () => {
	const rpcs = fixture.split('\n').filter((line) => /Service\//.test(line));
	expect(rpcs.filter((line) => line.includes('RuntimeService/'))).toHaveLength(35);
	expect(rpcs.filter((line) => line.includes('ImageService/'))).toHaveLength(6);
	expect(rpcs.filter((line) => line.includes('(stream '))).toHaveLength(7);
});
