import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseGroup, parsePasswd, resolveUser, type UserRequest } from '../../../../src/runtime/oci/users.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const passwd = `root:x:0:0:root:/root:/bin/sh
# a comment
alice:x:1000:1001:Alice:/home/alice:/bin/sh
bob:x:1002:100::/home/bob:
broken
worse:x:not-a-number:0::/:
7seven:x:70:70::/seven:
`;
const group = `root:x:0:
alice:x:1001:
users:x:100:alice,bob
wheel:x:10:root,alice
empty:x::bob
`;

function rootWith(files: { readonly passwd?: string; readonly group?: string } = { passwd, group }): string {
	const root = tempDir();
	mkdirSync(path.join(root, 'etc'));
	for (const [name, content] of Object.entries(files)) writeFileSync(path.join(root, 'etc', name), content);
	return root;
}

const nobody: UserRequest = {
	runAsUser: undefined,
	runAsUsername: '',
	runAsGroup: undefined,
	supplementalGroups: [],
	supplementalGroupsPolicy: 'merge',
};

function resolve(request: Partial<UserRequest>, imageUser = '', root = rootWith()) {
	return resolveUser(root, { ...nobody, ...request }, imageUser);
}

describe('resolveUser', () => {
	test.each<
		[
			string,
			Partial<UserRequest>,
			string,
			readonly [uid: number, gid: number, gids: readonly number[], home: string],
		]
	>([
		['nothing', {}, '', [0, 0, [0, 10], '/root']],
		['a name of the image', {}, 'alice', [1000, 1001, [1001, 100, 10], '/home/alice']],
		['a number of the image', {}, '1002', [1002, 100, [100], '/home/bob']],
		['a name and a group', {}, 'alice:users', [1000, 100, [100], '/home/alice']],
		['a name and a number', {}, 'alice:77', [1000, 77, [77], '/home/alice']],
		['numbers', {}, '4:5', [4, 5, [5], '/']],
		['only a group', {}, ':users', [0, 100, [100], '/root']],
		['a stranger', {}, '4321', [4321, 0, [0], '/']],
		['a number over the image', { runAsUser: 1002n }, 'alice', [1002, 100, [100], '/home/bob']],
		[
			'a name over the number',
			{ runAsUser: 5n, runAsUsername: 'alice' },
			'',
			[1000, 1001, [1001, 100, 10], '/home/alice'],
		],
		['zero over the image', { runAsUser: 0n }, 'alice', [0, 0, [0, 10], '/root']],
		['a group', { runAsUser: 1000n, runAsGroup: 9n }, '', [1000, 9, [9, 100, 10], '/home/alice']],
		[
			'more groups',
			{ runAsUser: 1000n, supplementalGroups: [10n, 55n] },
			'',
			[1000, 1001, [1001, 100, 10, 55], '/home/alice'],
		],
		[
			'groups of the request alone',
			{ runAsUser: 1000n, supplementalGroups: [55n], supplementalGroupsPolicy: 'strict' },
			'',
			[1000, 1001, [1001, 55], '/home/alice'],
		],
		['a name that begins with a digit', { runAsUsername: '7seven' }, '', [70, 70, [70], '/seven']],
	])('%s', (_, request, imageUser, [uid, gid, additionalGids, home]) => {
		expect(resolve(request, imageUser)).toEqual({ uid, gid, additionalGids, home });
	});

	test.each<[string, Partial<UserRequest>, string, string]>([
		['an unknown name', { runAsUsername: 'mallory' }, '', 'user "mallory"'],
		['an unknown name of the image', {}, 'mallory', 'user "mallory"'],
		['a broken entry', { runAsUsername: 'worse' }, '', 'user "worse"'],
		['an unknown group', {}, 'alice:nogroup', 'group "nogroup"'],
		['a group alone', { runAsGroup: 5n }, '', 'without run_as_user'],
		['a negative user', { runAsUser: -1n }, '', 'run_as_user -1'],
		['a negative group', { runAsUser: 1n, runAsGroup: -2n }, '', 'run_as_group -2'],
		['too many', { runAsUser: 2n ** 31n }, '', 'run_as_user 2147483648'],
		['too many in the image', {}, '99999999999', 'not between'],
		['a negative further group', { supplementalGroups: [-5n] }, '', 'supplemental_groups -5'],
	])('refuses %s', (_, request, imageUser, cause) => {
		expect(() => resolve(request, imageUser)).toThrow(cause);
	});

	test('gets along without the files, as far as numbers go', () => {
		const empty = tempDir();
		expect(resolve({}, '', empty)).toEqual({ uid: 0, gid: 0, additionalGids: [0], home: '/' });
		expect(resolve({ runAsUser: 5n, runAsGroup: 6n }, '', empty)).toMatchObject({ uid: 5, gid: 6 });
		expect(() => resolve({ runAsUsername: 'root' }, '', empty)).toThrow('user "root"');
	});

	test('does not read files of the host, fifos or folders', () => {
		const host = tempDir();
		writeFileSync(path.join(host, 'passwd'), 'evil:x:66:66::/:\n');
		const root = tempDir();
		mkdirSync(path.join(root, 'etc'));
		symlinkSync(path.join(host, 'passwd'), path.join(root, 'etc/passwd'));
		execFileSync('mkfifo', [path.join(root, 'etc/group')]);
		expect(() => resolve({ runAsUsername: 'evil' }, '', root)).toThrow('user "evil"');
		expect(resolve({ runAsUser: 66n }, '', root)).toMatchObject({ uid: 66, gid: 0 });
	});

	test('follows links inside the image', () => {
		const root = tempDir();
		mkdirSync(path.join(root, 'usr/etc'), { recursive: true });
		symlinkSync('/usr/etc', path.join(root, 'etc'));
		writeFileSync(path.join(root, 'usr/etc/passwd'), passwd);
		expect(resolve({ runAsUsername: 'alice' }, '', root).uid).toBe(1000);
	});
});

test('garbage in the files never names root', () => {
	expect(parsePasswd('x:x:abc:0::/:\ny:x:-1:0::/:\nz:x::0\n')).toEqual([]);
	expect(parseGroup('g:x:abc:\n:::\n')).toEqual([]);
	expect(() => resolve({}, 'odd', rootWith({ passwd: 'odd:x:5:zero::/:\n' }))).toThrow('group id');
});
