import { describe, expect, test } from 'vitest';
import { remembered } from '../../../../src/cri/remember.ts';
import { loadWireMethods } from '../../../../src/cri/transport/wire.ts';

const method = loadWireMethods(['RuntimeService']).get('ListContainers');

function item(name: string) {
	return {
		id: name.padEnd(64, 'a'),
		podSandboxId: 'b'.repeat(64),
		metadata: { name, attempt: 3 },
		image: { image: 'grüße', annotations: { one: '1' } },
		state: 'CONTAINER_RUNNING',
		createdAt: '1795366720205000001',
		labels: { app: name },
		// Longer than a length of one byte tells.
		annotations: { long: 'x'.repeat(70_000) },
	};
}

describe('lists on the wire', () => {
	test('come back item by item, the first time and again', () => {
		const [one, two] = [item('one'), item('two')];
		const first = method?.responseSerialize({ containers: [one, two] }) ?? Buffer.alloc(0);
		const again = method?.responseSerialize({ containers: [two, item('three'), one] }) ?? Buffer.alloc(0);
		expect(method?.responseDeserialize(first)).toMatchObject({ containers: [one, two] });
		expect(method?.responseDeserialize(again)).toMatchObject({ containers: [two, item('three'), one] });
	});

	test('may be empty', () => {
		expect(method?.responseSerialize({ containers: [] }).length).toBe(0);
		expect(method?.responseDeserialize(Buffer.alloc(0))).toEqual({ containers: [] });
	});

	test('of the same bytes as whole messages', () => {
		// Two fields are no list: encoded as a whole; an unknown one is left out.
		const list = { containers: [item('one'), item('two')] };
		const whole = method?.responseSerialize({ ...list, unknown: 1 });
		expect(method?.responseSerialize(list)).toEqual(whole);
	});
});

test('what was made of an object is made once', () => {
	let calls = 0;
	const double = remembered(({ value }: { readonly value: number }) => {
		calls += 1;
		return { value: value * 2 };
	});
	const one = { value: 1 };
	expect(double(one)).toBe(double(one));
	expect(double({ value: 1 })).toEqual({ value: 2 });
	expect(calls).toBe(2);
});
