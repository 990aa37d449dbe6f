import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createHybridCrun } from '../../../../src/runtime/oci/hybrid-crun.ts';
import type { HandlerConfig } from '../../../../src/runtime/oci/model.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const crun: HandlerConfig = {
	name: 'crun',
	path: "/opt/it's/crun",
	root: '/run/crun',
	type: 'oci',
	privilegedWithoutHostDevices: false,
	allowedAnnotations: [],
	monitorPath: '/usr/bin/conmon',
	monitorCgroup: '',
	monitorEnv: [],
	minimumMemoryBytes: 0,
};
const v1 = '33 31 0:30 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu\n';
const v2 = '41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n';
const pure = '41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';

function hostWith(mounts: string) {
	const dir = tempDir();
	const mountinfo = path.join(dir, 'mountinfo');
	writeFileSync(mountinfo, `23 1 8:1 / / rw - ext4 /dev/sda rw\n${mounts}`);
	return { mountinfo, scripts: path.join(dir, 'scripts') };
}

test.each([
	['only v1', v1, crun],
	['only v2', pure, crun],
	['another runtime', v1 + v2, { ...crun, path: '/usr/sbin/runc' }],
])('with %s the handler stays as it is', (_, mounts, handler) => {
	const { mountinfo, scripts } = hostWith(mounts);
	expect(createHybridCrun(scripts, mountinfo)(handler)).toBe(handler);
});

test('with both, crun is reached through a script of its own name', () => {
	const { mountinfo, scripts } = hostWith(v1 + v2);
	const adapt = createHybridCrun(scripts, mountinfo);
	const handler = adapt(crun);
	expect(handler).toEqual({ ...crun, path: expect.stringMatching(/^\/.*\/scripts\/[0-9a-f]{12}\/crun$/) });
	expect(readFileSync(handler.path, 'utf8')).toContain(
		`sh '/sys/fs/cgroup/unified' '/opt/it'\\''s/crun' "$@"`,
	);
	expect(statSync(handler.path).mode & 0o777).toBe(0o700);
	// Once more, and at the next start.
	expect(adapt(crun)).toEqual(handler);
	expect(createHybridCrun(scripts, mountinfo)(crun)).toEqual(handler);
	// Two programs of that name are two.
	expect(adapt({ ...crun, path: '/usr/bin/crun' }).path).not.toBe(handler.path);
});
