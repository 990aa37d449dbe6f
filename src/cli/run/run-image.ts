/** `criscope run IMAGE [COMMAND…]`, from the flags to the exit code. */
import { randomBytes, randomUUID } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { errorMessage } from '../../cri/errors.ts';
import type { ContainerId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { freePort } from '../demo/free-port.ts';
import { tellFailure } from '../failures.ts';
import { givenCredentials } from '../images/credentials.ts';
import { print } from '../output/print.ts';
import type { PodName } from '../requests/pod-words.ts';
import { cancelTimeout } from '../requests/pull-flags.ts';
import { parseDetachKeys, usualDetachKeys } from '../streams/detach-keys.ts';
import { progressMode } from '../transfers/progress-flag.ts';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { clientAnnotation, ownMark } from './client-mark.ts';
import { runSession, StartError } from './container-session.ts';
import { tidyEarlierRuns } from './earlier-runs.ts';
import { type EnsureOptions, ensureImage, type PullPolicy } from './ensure-image.ts';
import { letFinish } from './let-finish.ts';
import { hostsMount, makeContainer, makePod, undoPod } from './make-pod.ts';
import { mountOf } from './pod-folder.ts';
import { portMappingsOf } from './port-flags.ts';
import { removePod } from './remove-pod.ts';
import type { RunFlags } from './run-flags.ts';
import { planRun, type RunPlan } from './run-plan.ts';

/** What Podman and Docker answer where they failed themselves, the command cannot be run, or is not there. */
const exitCodes = { own: 125, cannotRun: 126, notFound: 127 } as const;

const removeWithinMs = 120_000;

/** A failed start is mostly the command's fault, and told apart as shells do. */
function startExitCode(message: string): number {
	if (!/\bexec\b|executable/iu.test(message)) return exitCodes.own;
	if (/executable file not found|no such file/iu.test(message)) return exitCodes.notFound;
	return /permission denied|is a directory|exec format/iu.test(message) ? exitCodes.cannotRun : exitCodes.own;
}

async function readEnvFiles(paths: readonly string[], { signal }: VerbContext) {
	return Promise.all(
		paths.map(async (path) => {
			const text = await readFile(path, { encoding: 'utf8', signal }).catch((error: Error) => {
				signal.throwIfAborted();
				throw new UsageError(`cannot read --env-file "${path}": ${error.message}`);
			});
			return { path, text };
		}),
	);
}

/** Settings of DNS replace the host's as a whole, so that the servers are filled in where only a domain was asked for. */
async function withHostServers(plan: RunPlan): Promise<RunPlan> {
	const { dnsConfig } = plan.podConfig;
	if (!dnsConfig || (dnsConfig['servers'] as readonly string[]).length > 0) return plan;
	const text = await readFile('/etc/resolv.conf', 'utf8').catch(() => '');
	const servers = [...text.matchAll(/^nameserver\s+([\d.]+|[\da-f:]+)\s*$/gimu)].map(([, server]) => server);
	return { ...plan, podConfig: { ...plan.podConfig, dnsConfig: { ...dnsConfig, servers } } };
}

/** How images are brought, and that the flags for it go together. @throws UsageError */
async function pullOptions(flags: RunFlags, context: VerbContext): Promise<EnsureOptions> {
	if (flags['no-pull'] && flags['with-pull']) throw new UsageError('give one of --no-pull and --with-pull');
	const policy: PullPolicy = flags['no-pull']
		? 'never'
		: flags['with-pull']
			? 'always'
			: ((flags.pull as PullPolicy | undefined) ?? 'missing');
	return {
		policy,
		auth: await givenCredentials(flags, context),
		platform: flags.platform,
		timeoutMs: flags['pull-timeout'] || Number.POSITIVE_INFINITY,
		mode: progressMode(flags, context),
	};
}

/** Runtimes tell pods apart by uid; who types a name again means another one. @throws Error */
async function refuseUsedName(client: CriClient, { namespace, name }: PodName, options: VerbContext) {
	const pods = await client.runtime.listPodSandbox(undefined, options);
	const there = pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
	if (!there) return;
	const advice = `remove it with: criscope rmp -f ${there.id.slice(0, 13)}`;
	throw new Error(`cannot make pod "${namespace}/${name}": there is one of that name; ${advice}`);
}

async function make(
	client: CriClient,
	plan: RunPlan,
	flags: RunFlags,
	context: VerbContext,
): Promise<ContainerId> {
	const options = { signal: context.signal, ...cancelTimeout(flags) };
	const { uid } = plan.pod;
	const mounts = await Promise.all(plan.volumes.map((volume, index) => mountOf(volume, uid, index, options)));
	const mark = flags.detach ? 'detached' : await ownMark();
	const podConfig = {
		...plan.podConfig,
		portMappings: await portMappingsOf(plan.ports, freePort),
		annotations: { ...plan.podConfig.annotations, ...(flags.rm && { [clientAnnotation]: mark }) },
	};
	const pod = await makePod(client, podConfig, flags.runtime ?? '', options);
	const hosts = plan.hosts.length > 0 ? [await hostsMount(pod, plan.hosts)] : [];
	const config = { ...plan.containerConfig, mounts: [...mounts, ...hosts] };
	return makeContainer(client, pod, config, options).catch((error: unknown) => {
		context.signal.throwIfAborted();
		// conmon starts the command, and misses it, before the start.
		throw new StartError(errorMessage(error), { cause: error });
	});
}

async function writeIdFile(path: string, id: string): Promise<void> {
	try {
		// An id that is there already may be somebody's only way to a container.
		await using file = await open(path, 'wx');
		await file.write(id);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const cause = code === 'EEXIST' ? 'it is there already' : message;
		throw new Error(`cannot write --cidfile "${path}": ${cause}`, { cause: error });
	}
}

/** Stays with the container to its end. @returns its exit code; undefined where it runs on */
async function attached(
	client: CriClient,
	id: ContainerId,
	plan: RunPlan,
	flags: RunFlags,
	context: VerbContext,
): Promise<{ readonly exitCode: number; readonly ended: boolean }> {
	const detachKeys = parseDetachKeys(flags['detach-keys'] ?? usualDetachKeys);
	const { stopTimeoutSeconds } = plan;
	const made = { id, tty: flags.tty, stdin: flags.interactive, detachKeys, stopTimeoutSeconds };
	const end = await runSession(client, made, context);
	switch (end.kind) {
		case 'exited':
			return { exitCode: end.status.exitCode, ended: true };
		case 'detached':
			context.stderr.write(`${sanitizeLine(id)}\n`);
			return { exitCode: 0, ended: false };
		case 'lost':
			tellFailure(context, `lost the session with "${plan.pod.name}", which runs on: ${end.message}`);
			return { exitCode: exitCodes.own, ended: false };
	}
}

async function runPlan(
	client: CriClient,
	plan: RunPlan,
	flags: RunFlags,
	context: VerbContext,
): Promise<number> {
	await using undo = new AsyncDisposableStack();
	undo.defer(() => undoPod(client, plan.podConfig));
	const id = await make(client, plan, flags, context);
	if (flags.cidfile !== undefined) await writeIdFile(flags.cidfile, id);
	if (flags.detach) {
		const whole = { signal: letFinish(context.signal) };
		await client.runtime.startContainer(id, whole).catch((error: unknown) => {
			throw new StartError(errorMessage(error), { cause: error });
		});
		context.signal.throwIfAborted();
		undo.move();
		await print(context, `${sanitizeLine(id)}\n`);
		return 0;
	}
	const { exitCode, ended } = await attached(client, id, plan, flags, context).catch((error: unknown) => {
		// What has run is kept as Podman keeps it, unless it is to go.
		if (!flags.rm && !(error instanceof StartError) && !context.signal.aborted) undo.move();
		throw error;
	});
	undo.move();
	if (!ended) return exitCode;
	const removing = { signal: AbortSignal.timeout(removeWithinMs) };
	if (flags.rm) await removePod(client, plan.pod, plan.stopTimeoutSeconds, removing);
	else await stopEmptyPod(client, plan, removing);
	return exitCode;
}

/** A pod whose only container has ended needs no network; its logs and its container stay. */
async function stopEmptyPod(
	client: CriClient,
	{ pod }: RunPlan,
	options: { readonly signal: AbortSignal },
): Promise<void> {
	const labelSelector = { 'io.kubernetes.pod.uid': pod.uid };
	const pods = await client.runtime.listPodSandbox({ labelSelector }, options);
	for (const { id, metadata } of pods) {
		if (metadata.uid === pod.uid) await client.runtime.stopPodSandbox(id, options);
	}
}

/**
 * Runs a container of an image.
 * @returns its exit code; 125 where it could not be made, 126 and 127 where its command could not be run
 * @throws UsageError; the signal's reason; ReaderGoneError.
 */
export async function runImage(
	words: readonly string[],
	flags: RunFlags,
	context: VerbContext,
): Promise<number> {
	if (flags.tty && flags.interactive && !flags.detach && !context.terminal) {
		throw new UsageError('-t needs a terminal, and standard input is none; -i alone takes a pipe or a file');
	}
	const facts = {
		uid: randomUUID(),
		suffix: randomBytes(3).toString('hex'),
		cwd: process.cwd(),
		env: context.env,
		envFiles: await readEnvFiles(flags['env-file'], context),
	};
	const planned = planRun(words, flags, facts);
	parseDetachKeys(flags['detach-keys'] ?? usualDetachKeys);
	const options = await pullOptions(flags, context);
	const plan = await withHostServers(planned);
	try {
		const client = await context.connect();
		await tidyEarlierRuns(client, context);
		if (flags.name !== undefined) await refuseUsedName(client, plan.pod, context);
		const mounted = plan.volumes.flatMap(({ source }) => (source.kind === 'image' ? [source.image] : []));
		for (const image of [plan.containerConfig.image.image, ...mounted]) {
			await ensureImage(client, image, options, context);
		}
		return await runPlan(client, plan, flags, context);
	} catch (error) {
		context.signal.throwIfAborted();
		const isOurs = error instanceof StartError || (error instanceof Error && error.constructor === Error);
		const code = error instanceof Error && 'code' in error && typeof error.code === 'string';
		if (!isOurs && !code) throw error;
		tellFailure(context, errorMessage(error));
		return error instanceof StartError ? startExitCode(error.message) : exitCodes.own;
	}
}
