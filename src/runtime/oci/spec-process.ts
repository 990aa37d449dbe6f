/** The process of a container: what it runs, with what environment. Source: CRI proto, ContainerConfig; CRI-O 1.36. */
import { InvalidArgumentError } from '../../cri/errors.ts';
import { allowedAnnotation } from './spec-annotations.ts';
import type { ContainerSpecInput, HostLimits } from './spec-input.ts';

/** Where a shell looks for programs when nobody says otherwise. */
const defaultPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * What to run. A command replaces the image's entrypoint and its cmd; arguments alone replace only the cmd.
 * @throws InvalidArgumentError where neither says anything
 */
export function processArgs(
	request: { readonly command: readonly string[]; readonly args: readonly string[] },
	image: { readonly entrypoint: readonly string[]; readonly cmd: readonly string[] },
): readonly string[] {
	const args =
		request.command.length > 0
			? [...request.command, ...request.args]
			: [...image.entrypoint, ...(request.args.length > 0 ? request.args : image.cmd)];
	if (args.length === 0) {
		throw new InvalidArgumentError('cannot run the container: neither it nor its image names a command');
	}
	const bad = args.find((arg) => arg.includes('\0'));
	if (bad !== undefined) throw new InvalidArgumentError(`cannot use argument "${bad}": it holds a NUL`);
	return args;
}

/** The folder to start in: the request's, the image's, the root. */
export function processCwd(request: string, image: string): string {
	const cwd = request || image || '/';
	return cwd.startsWith('/') ? cwd : `/${cwd}`;
}

/**
 * The environment, the later over the earlier: defaults, configuration, image, request, CDI. The first place of a name is kept.
 * @throws InvalidArgumentError for a name that is none
 */
export function processEnv(input: ContainerSpecInput): readonly string[] {
	const env = new Map<string, string>([['PATH', defaultPath]]);
	if (input.container.tty) env.set('TERM', 'xterm');
	env.set('HOSTNAME', input.hostname);
	if (runsSystemd(processArgs(input.container, input.image))) env.set('container', 'crio');
	const texts = [...(input.extras?.settings?.env ?? []), ...input.image.env];
	for (const text of texts) setText(env, text);
	for (const { key, value } of input.container.envs) {
		if (key === '' || /[=\0]/.test(key) || value.includes('\0')) {
			throw new InvalidArgumentError(
				`cannot set environment variable "${key}": its name or value is malformed`,
			);
		}
		env.set(key, value);
	}
	for (const text of input.extras?.env ?? []) setText(env, text);
	// The OCI runtimes look it up too, but each a little differently; a program without HOME surprises people.
	if (!env.has('HOME')) env.set('HOME', input.user.home || '/');
	return [...env].map(([key, value]) => `${key}=${value}`);
}

/** An image's `KEY=value`; what has no name is passed over. */
function setText(env: Map<string, string>, text: string): void {
	const at = text.indexOf('=');
	if (at > 0 && !text.includes('\0')) env.set(text.slice(0, at), text.slice(at + 1));
}

/** Whether the command is an init system, which needs mounts of its own. Source: CRI-O 1.36. */
export function runsSystemd(args: readonly string[]): boolean {
	const command = args[0] ?? '';
	return command.includes('/sbin/init') || command.slice(command.lastIndexOf('/') + 1) === 'systemd';
}

/** The umask of the pod's annotation. @throws InvalidArgumentError */
export function processUmask(input: ContainerSpecInput): number | undefined {
	const text = allowedAnnotation(input.sandbox.annotations, 'umask', input.handler.allowedAnnotations);
	if (text === undefined || text === '') return undefined;
	if (!/^[0-7]{1,4}$/.test(text))
		throw new InvalidArgumentError(`cannot use umask "${text}": it is not octal`);
	return Number.parseInt(text, 8);
}

/** Limits of the configuration, as far as our own hard ones reach. */
export function processRlimits(
	wanted: readonly { readonly type: string; readonly soft: number; readonly hard: number }[],
	limits: HostLimits,
): readonly { readonly type: string; readonly soft: number; readonly hard: number }[] {
	// Who may raise its own limits may raise a container's.
	const free = limits.boundingCapabilities.has('CAP_SYS_RESOURCE');
	return wanted.map(({ type, soft, hard }) => {
		const ceiling = free ? Number.POSITIVE_INFINITY : (limits.rlimits.get(type) ?? Number.POSITIVE_INFINITY);
		return { type, soft: Math.min(soft, ceiling), hard: Math.min(hard, ceiling) };
	});
}

/** The value nearest to the wanted one that we may give. Source: proc(5), oom_score_adj */
export function clampOomScoreAdj(wanted: number, limits: HostLimits): number {
	return Math.min(1000, Math.max(wanted, limits.minimumOomScoreAdj, -1000));
}
