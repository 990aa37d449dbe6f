import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { OciSpec } from '../../src/runtime/oci/model.ts';
import {
	type PreparedSpec,
	type PrepareRequest,
	prepareContainerSpec,
} from '../../src/runtime/oci/spec-prepare.ts';
import { defaultSpecSettings, readSpecHost, type SpecSettings } from '../../src/runtime/oci/spec-settings.ts';
import { readHostFacts } from '../../src/runtime/sys/host-limits.ts';
import { containerRequest, imageRunConfig, runcHandler, sandboxRequest } from './spec-requests.ts';
import { tempDir } from './temp-dir.ts';

const applets =
	'true sh cat echo id ls grep mount umount touch mkdir stat hostname unshare env ps head cut chroot mknod pwd readlink sleep wc'.split(
		' ',
	);

/** What a run may differ in from a container that prints what it is told to. */
export type RunChanges = Partial<
	Omit<PrepareRequest, 'container' | 'settings' | 'sandbox'> & {
		readonly container: Parameters<typeof containerRequest>[0];
		readonly sandbox: Parameters<typeof sandboxRequest>[0];
		readonly settings: Partial<SpecSettings>;
		/** Makes more files in the root filesystem. */
		readonly arrange: (rootfs: string) => void;
	}
>;

export type RunResult = PreparedSpec & {
	readonly stdout: string;
	readonly stderr: string;
	readonly exitCode: number;
	readonly rootfs: string;
};

/** Makes a root filesystem of the host's busybox, prepares a spec for a script and runs it by the real runc, to its end. */
export function runByRunc(script: string, changes: RunChanges = {}): RunResult {
	const { rootfs, bundle } = makeBundle();
	changes.arrange?.(rootfs);
	const id = `spec-${randomBytes(6).toString('hex')}`;
	const { container, sandbox, settings, arrange: _, ...rest } = changes;
	const prepared = prepareContainerSpec({
		id,
		podSandboxId: 'sandbox',
		sandbox: sandboxRequest(sandbox),
		container: containerRequest({ command: ['/bin/sh', '-c', script], ...container }),
		image: imageRunConfig,
		handler: runcHandler,
		limits: { ...readHostFacts(), cgroupVersion: 1 },
		rootfsPath: rootfs,
		namespacePaths: { network: undefined, ipc: undefined, uts: undefined, pid: undefined },
		cgroupsPath: `/${id}`,
		hostname: 'spec-host',
		files: {
			resolvConf: file(bundle, 'resolv.conf', 'nameserver 10.0.0.1\n'),
			hostname: file(bundle, 'hostname', 'spec-host\n'),
			shm: '/dev/shm',
		},
		annotations: { 'a.test/b': 'c' },
		settings: { ...defaultSpecSettings, ...settings },
		host: readSpecHost(1),
		runDir: bundle,
		imageMounts: new Map(),
		containerEnvPath: file(bundle, 'containerenv', ''),
		...rest,
	});
	return { ...prepared, ...run(prepared.spec, { bundle, id }), rootfs };
}

/** Runs another spec, of the same root filesystem. */
export function runSpecByRunc(
	make: (rootfs: string, id: string) => OciSpec,
): Pick<RunResult, 'stdout' | 'stderr' | 'exitCode'> {
	const { rootfs, bundle } = makeBundle();
	const id = `spec-${randomBytes(6).toString('hex')}`;
	return run(make(rootfs, id), { bundle, id });
}

function run(spec: OciSpec, { bundle, id }: { readonly bundle: string; readonly id: string }) {
	writeFileSync(path.join(bundle, 'config.json'), JSON.stringify(spec));
	onTestFinished(() => removeCgroups(id));
	const root = path.join(bundle, 'runc');
	const { stdout, stderr, status } = spawnSync('runc', ['--root', root, 'run', '--bundle', bundle, id], {
		encoding: 'utf8',
		timeout: 20_000,
	});
	spawnSync('runc', ['--root', root, 'delete', '--force', id]);
	return { stdout, stderr, exitCode: status ?? -1 };
}

function makeBundle(): { readonly rootfs: string; readonly bundle: string } {
	const bundle = tempDir();
	const rootfs = path.join(bundle, 'rootfs');
	for (const dir of ['bin', 'etc', 'proc', 'tmp', 'root'])
		mkdirSync(path.join(rootfs, dir), { recursive: true });
	cpSync('/bin/busybox', path.join(rootfs, 'bin/busybox'));
	for (const applet of applets) symlinkSync('busybox', path.join(rootfs, 'bin', applet));
	file(rootfs, 'etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1001:Alice:/home/alice:/bin/sh\n');
	file(rootfs, 'etc/group', 'root:x:0:\nalice:x:1001:\nwheel:x:10:alice\n');
	return { rootfs, bundle };
}

function file(dir: string, name: string, content: string): string {
	const target = path.join(dir, name);
	writeFileSync(target, content);
	return target;
}

function removeCgroups(id: string): void {
	for (const controller of readdirSync('/sys/fs/cgroup')) {
		const dir = path.join('/sys/fs/cgroup', controller, id);
		if (existsSync(dir)) rmdirSync(dir);
	}
}

/** A tmpfs of one's own on a shared mount; gone after the test. */
export function sharedMount(): string {
	const dir = tempDir();
	execFileSync('mount', ['-t', 'tmpfs', 'spec-test', dir]);
	onTestFinished(() => {
		execFileSync('umount', ['-R', '-l', dir]);
	});
	execFileSync('mount', ['--make-rshared', dir]);
	return dir;
}
