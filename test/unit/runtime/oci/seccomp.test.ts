import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultCapabilities } from '../../../../src/runtime/oci/capabilities.ts';
import type { OciSeccomp } from '../../../../src/runtime/oci/model.ts';
import {
	chooseSeccomp,
	loadDefaultProfile,
	type SeccompRequest,
	withoutNamespaces,
} from '../../../../src/runtime/oci/seccomp.ts';
import { builtInProfile } from '../../../../src/runtime/oci/seccomp-default.ts';
import { parseProfile } from '../../../../src/runtime/oci/seccomp-profile.ts';
import { resolveProfile } from '../../../../src/runtime/oci/seccomp-resolve.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const plain = { capabilities: [] as readonly string[], kernel: [6, 1] as const, arch: 'x64' };
const allow = 'SCMP_ACT_ALLOW';
const errno = 'SCMP_ACT_ERRNO';

function fileOf(content: unknown): string {
	const file = path.join(tempDir(), 'profile.json');
	writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
	return file;
}

/** What a filter does with a call, whatever its arguments. */
function verdictOf({ syscalls = [], defaultAction, defaultErrnoRet }: OciSeccomp, name: string) {
	const rule = syscalls.find(({ names, args }) => names.includes(name) && args === undefined);
	return rule === undefined ? [defaultAction, defaultErrnoRet] : [rule.action, rule.errnoRet];
}

describe('resolveProfile', () => {
	const rule = { names: ['x'], action: allow };
	const count = (changes: object, target: Partial<typeof plain> = {}) =>
		resolveProfile(parseProfile({ defaultAction: errno, syscalls: [{ ...rule, ...changes }] }), {
			...plain,
			...target,
		}).syscalls?.length ?? 0;

	test.each<[object, Partial<typeof plain>, number]>([
		[{}, {}, 1],
		[{ includes: { caps: ['CAP_A'] } }, {}, 0],
		[{ includes: { caps: ['CAP_A'] } }, { capabilities: ['CAP_A'] }, 1],
		[{ includes: { caps: ['CAP_A', 'CAP_B'] } }, { capabilities: ['CAP_A'] }, 0],
		[{ excludes: { caps: ['CAP_A', 'CAP_B'] } }, { capabilities: ['CAP_A'] }, 0],
		[{ excludes: { caps: ['CAP_A'] } }, {}, 1],
		[{ includes: { arches: ['amd64'] } }, {}, 1],
		[{ includes: { arches: ['arm64'] } }, {}, 0],
		[{ includes: { arches: ['arm64'] } }, { arch: 'arm64' }, 1],
		[{ excludes: { arches: ['amd64'] } }, {}, 0],
		[{ includes: { minKernel: '4.8' } }, {}, 1],
		[{ includes: { minKernel: '6.1' } }, {}, 1],
		[{ includes: { minKernel: '6.2' } }, {}, 0],
		[{ includes: { minKernel: '10.0' } }, {}, 0],
		[{ excludes: { minKernel: '4.8' } }, {}, 0],
	])('%j on %j: %i', (changes, target, wanted) => {
		expect(count(changes, target)).toBe(wanted);
	});

	test('takes the architectures of the machine', () => {
		const archMap = [
			{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
			{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: [] },
		];
		const profile = parseProfile({ defaultAction: allow, archMap });
		expect(resolveProfile(profile, plain).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
		expect(resolveProfile(profile, { ...plain, arch: 'arm64' }).architectures).toEqual(['SCMP_ARCH_AARCH64']);
		expect(resolveProfile(profile, { ...plain, arch: 'mips' }).architectures).toBeUndefined();
	});

	test('gives numbers of errors only to those that take them', () => {
		const syscalls = [
			{ name: 'a', action: errno, errno: 'EPERM', errnoRet: 99 },
			{ names: ['b'], action: allow, errnoRet: 5, args: null },
		];
		expect(
			resolveProfile(parseProfile({ defaultAction: errno, defaultErrnoRet: 38, syscalls }), plain),
		).toEqual({
			defaultAction: errno,
			defaultErrnoRet: 38,
			syscalls: [
				{ names: ['a'], action: errno, errnoRet: 1 },
				{ names: ['b'], action: allow },
			],
		});
	});
});

test.each<[unknown, string]>([
	[[], 'no object'],
	[{}, 'defaultAction'],
	[{ defaultAction: 'SCMP_ACT_MAYBE' }, '"SCMP_ACT_MAYBE" is unknown'],
	[{ defaultAction: allow, syscalls: [{ action: allow }] }, 'names no system call'],
	[{ defaultAction: allow, syscalls: [{ name: 'a', names: ['b'], action: allow }] }, 'both name and names'],
	[{ defaultAction: allow, syscalls: [{ names: ['a'], action: 'x' }] }, 'syscalls[0].action'],
	[{ defaultAction: allow, architectures: ['a'], archMap: [{ architecture: 'a' }] }, 'both architectures'],
	[{ defaultAction: errno, defaultErrno: 'EWHAT' }, '"EWHAT" is no errno'],
	[
		{
			defaultAction: allow,
			syscalls: [{ names: ['a'], action: allow, args: [{ index: 0, op: 'SCMP_CMP_HM' }] }],
		},
		'SCMP_CMP_HM',
	],
	[
		{
			defaultAction: allow,
			syscalls: [{ names: ['a'], action: allow, args: [{ index: 0, op: 'SCMP_CMP_EQ', value: 2 ** 60 }] }],
		},
		'whole number',
	],
	[
		{ defaultAction: allow, syscalls: [{ names: ['a'], action: allow, includes: { minKernel: 'new' } }] },
		'minKernel',
	],
])('parseProfile refuses %j', (value, cause) => {
	expect(() => parseProfile(value)).toThrow(cause);
});

describe('the default profile', () => {
	const profiles = { 'built in': withoutNamespaces(builtInProfile), 'of this host': loadDefaultProfile('') };
	describe.each(Object.entries(profiles))('%s', (_, profile) => {
		const ordinary = resolveProfile(profile, { ...plain, capabilities: defaultCapabilities });
		const admin = resolveProfile(profile, { ...plain, capabilities: ['CAP_SYS_ADMIN'] });

		test.each(['read', 'openat', 'execve', 'mmap', 'futex', 'rseq', 'clock_gettime64', 'vfork', 'ptrace'])(
			'allows %s',
			(name) => {
				expect(verdictOf(ordinary, name)[0]).toBe(allow);
			},
		);

		test.each([
			'kexec_load',
			'swapon',
			'init_module',
			'unshare',
			'clone3',
			'bpf',
			'perf_event_open',
			'settimeofday',
		])('refuses %s', (name) => {
			expect(verdictOf(ordinary, name)[0]).toBe(errno);
		});

		test('lets only CAP_SYS_ADMIN make namespaces', () => {
			for (const name of ['clone', 'clone3', 'unshare']) expect(verdictOf(admin, name)[0]).toBe(allow);
			expect(verdictOf(ordinary, 'clone3')).toEqual([errno, 38]);
			expect(verdictOf(ordinary, 'unshare')).toEqual([errno, 1]);
			const clone = ordinary.syscalls?.filter(({ names }) => names.includes('clone')) ?? [];
			expect(clone.map(({ action, args }) => [action, args?.length])).toEqual([
				[allow, 1],
				[errno, 7],
			]);
			expect(clone[0]?.args?.[0]).toEqual({
				index: 0,
				value: 0x7e020000,
				valueTwo: 0,
				op: 'SCMP_CMP_MASKED_EQ',
			});
		});

		test('knows the machine', () => {
			expect(ordinary.architectures).toContain('SCMP_ARCH_X86_64');
			expect(ordinary.defaultAction).toBe(errno);
		});
	});

	test('is our own where the system has none, and as it is where the configuration names one', () => {
		expect(loadDefaultProfile('', '/no/such/file')).toEqual(withoutNamespaces(builtInProfile));
		const file = fileOf({ defaultAction: allow });
		expect(loadDefaultProfile(file)).toMatchObject({ defaultAction: allow, syscalls: [] });
	});
});

describe('chooseSeccomp', () => {
	const choose = (changes: Partial<SeccompRequest>) =>
		chooseSeccomp({ profile: undefined, privileged: false, isEnabled: true, target: plain, ...changes });
	const runtimeDefault = { type: 'runtimeDefault', localhostRef: '' } as const;
	const unconfined = { type: 'unconfined', localhostRef: '/ignored' } as const;
	const local = (localhostRef: string) => ({ type: 'localhost', localhostRef }) as const;

	test('gives none where none is asked, to a privileged one, and where the kernel has none', () => {
		expect(choose({})).toBeUndefined();
		expect(choose({ profile: unconfined })).toBeUndefined();
		expect(choose({ profile: runtimeDefault, privileged: true })).toBeUndefined();
		expect(choose({ profile: local('/no/file'), privileged: true })).toBeUndefined();
		expect(choose({ profile: runtimeDefault, isEnabled: false })).toBeUndefined();
	});

	test('gives the default, a file, and a file to privileged ones', () => {
		const file = fileOf({ defaultAction: allow });
		expect(choose({ profile: runtimeDefault })?.syscalls?.length).toBeGreaterThan(5);
		expect(choose({ profile: runtimeDefault, configuredProfile: file })).toEqual({ defaultAction: allow });
		expect(choose({ profile: local(file) })).toEqual({ defaultAction: allow });
		expect(choose({ privileged: true, privilegedProfile: file })).toEqual({ defaultAction: allow });
	});

	test.each([
		['relative.json', 'not an absolute path'],
		['', 'not an absolute path'],
		['/no/such/file.json', 'there is no such file'],
		['/etc', 'no plain file'],
	])('refuses the file "%s"', (file, cause) => {
		expect(() => choose({ profile: local(file) })).toThrow(cause);
	});

	test('refuses a file that is no profile, and any on a kernel without filters', () => {
		const file = fileOf('{"defaultAction":');
		expect(() => choose({ profile: local(file) })).toThrow(`seccomp profile "${file}"`);
		expect(() => choose({ profile: local(file), isEnabled: false })).toThrow('no seccomp filters');
	});
});
