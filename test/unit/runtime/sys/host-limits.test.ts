import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseCapabilities, readHostFacts } from '../../../../src/runtime/sys/host-limits.ts';

let root = '';
beforeEach(() => {
	root = mkdtempSync(path.join(tmpdir(), 'criscope-limits-'));
	mkdirSync(path.join(root, 'proc/self'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

test('a mask names its capabilities', () => {
	expect([...parseCapabilities('21')]).toEqual(['CAP_CHOWN', 'CAP_KILL']);
	expect(parseCapabilities('000001ffffffffff').size).toBe(41);
	// Bit 24 is missing on a machine without CAP_SYS_RESOURCE.
	expect(parseCapabilities('000001fffeffffff').has('CAP_SYS_RESOURCE')).toBe(false);
	expect(parseCapabilities('000001fffeffffff').size).toBe(40);
	expect(parseCapabilities('').size).toBe(0);
});

test('limits and the lowest score', () => {
	writeFileSync(path.join(root, 'proc/self/status'), 'Name:\tnode\nCapBnd:\t000001fffeffffff\nSeccomp:\t0\n');
	writeFileSync(path.join(root, 'proc/self/oom_score_adj'), '-5\n');
	writeFileSync(
		path.join(root, 'proc/self/limits'),
		[
			'Limit                     Soft Limit           Hard Limit           Units     ',
			'Max cpu time              unlimited            unlimited            seconds   ',
			'Max open files            20000                524288               files     ',
		].join('\n'),
	);
	const facts = readHostFacts(root, '5.10.0-21-amd64');
	expect(facts).toMatchObject({
		minimumOomScoreAdj: -5,
		seccomp: true,
		apparmor: false,
		selinux: false,
		kernel: [5, 10],
		recursiveReadOnly: false,
	});
	expect([...facts.rlimits]).toEqual([['RLIMIT_NOFILE', 524_288]]);
	expect(readHostFacts(root, '6.18.3').recursiveReadOnly).toBe(true);
});

test('a process that may do everything may give any score', () => {
	writeFileSync(path.join(root, 'proc/self/status'), 'CapBnd:\t000001ffffffffff\n');
	expect(readHostFacts(root, '6.1').minimumOomScoreAdj).toBe(-1000);
});
