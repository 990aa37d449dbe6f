/** Asks the runtime, and gives up silently: what came by the deadline is what is known. */
import { access, readFile } from 'node:fs/promises';
import { chooseEndpoint, type EndpointChoice } from '../cri/endpoints.ts';
import { createPlainClient, type PlainClient } from '../cri/transport/plain-client.ts';
import type { BannerFacts, RuntimeChoice } from './facts.ts';
import { decisiveContainers } from './pod-health.ts';

/** Statuses that are asked for: more do not come back in time, and a login must not burden the runtime. */
const statusLimit = 64;
/** At once: runtimes answer these one after the other for one disk anyway. */
const statusConcurrency = 8;
const probeTimeoutMs = 150;

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line names; all of it may be missing. */
export type RuntimeRequest = {
	readonly runtimeEndpoint?: string | undefined;
	readonly config?: string | undefined;
	readonly env: Environment;
};

/** The endpoint that criscope's own configuration names: the user's file over the host's, and nothing where both are wrong. */
async function configuredEndpoint({ config, env }: RuntimeRequest): Promise<string | undefined> {
	const { XDG_CONFIG_HOME: xdg, HOME: home } = env;
	const user = xdg?.startsWith('/') ? xdg : home ? `${home}/.config` : undefined;
	const usual = [...(user ? [`${user}/criscope/config.toml`] : []), '/etc/criscope/config.toml'];
	for (const path of config === undefined ? usual : config.endsWith('.toml') ? [config] : []) {
		if (!(await access(path).then(...([() => true, () => false] as const)))) continue;
		try {
			const { parse } = await import('smol-toml');
			const { runtime } = parse(await readFile(path, 'utf8'));
			const endpoint = typeof runtime === 'object' && 'endpoint' in runtime ? runtime['endpoint'] : undefined;
			if (typeof endpoint === 'string' && endpoint !== '') return endpoint;
		} catch {
			// The inspector says what is wrong with it; a login goes on with the next place.
		}
	}
	return undefined;
}

function runtimeChoice(choice: EndpointChoice): RuntimeChoice {
	switch (choice.kind) {
		case 'chosen':
			return { kind: 'chosen', endpoint: choice.runtimeEndpoint };
		case 'denied':
			return {
				kind: 'denied',
				what: `no permission for ${choice.runtimeEndpoint.replace(/^unix:\/\//, '')}`,
			};
		case 'none':
			return { kind: 'none' };
	}
}

/** Chooses as the inspector does: flag, environment, criscope's file, crictl's file, well-known sockets. */
async function choose(request: RuntimeRequest): Promise<RuntimeChoice> {
	const { env, runtimeEndpoint, config } = request;
	const named =
		runtimeEndpoint ?? (env['CONTAINER_RUNTIME_ENDPOINT'] ? undefined : await configuredEndpoint(request));
	try {
		const choice = await chooseEndpoint({
			flags: {
				runtimeEndpoint: named,
				configPath: config?.endsWith('.toml') ? undefined : config,
			},
			env,
			probeTimeoutMs,
		});
		return runtimeChoice(choice);
	} catch (error) {
		return { kind: 'wrong', what: error instanceof Error ? error.message : String(error) };
	}
}

async function askStatuses(client: PlainClient, facts: BannerFacts): Promise<void> {
	const wanted = decisiveContainers(facts.pods ?? [], facts.containers ?? []).slice(0, statusLimit);
	const work = wanted.values();
	await Promise.all(
		Array.from({ length: statusConcurrency }, async () => {
			for (const id of work) {
				try {
					facts.statuses.set(id, await client.containerStatus(id));
				} catch {
					// Gone since the list was made, or the runtime is: its pod stays unknown.
				}
			}
		}),
	);
}

/** Fills in what the runtime says; settles when nothing more will come, which for a hung one is never. Never throws. */
export async function askRuntime(facts: BannerFacts, request: RuntimeRequest): Promise<void> {
	const choice = await choose(request);
	facts.runtime = choice;
	if (choice.kind !== 'chosen') return;
	const client = createPlainClient(choice.endpoint);
	const asking = [
		client.version().then((version) => {
			facts.version = version;
		}),
		client.conditions().then((conditions) => {
			facts.conditions = conditions;
		}),
		client.listPodSandbox().then((pods) => {
			facts.pods = pods;
		}),
		client.listContainers().then((containers) => {
			facts.containers = containers;
		}),
	];
	const answers = await Promise.allSettled(asking);
	if (answers.every(({ status }) => status === 'rejected')) {
		facts.runtimeProblem = problemOf(answers[0]);
		return;
	}
	if (facts.pods && facts.containers) await askStatuses(client, facts);
	client.close();
}

/** What a person reads of a connection that failed, in two or three words. */
function problemOf(answer: PromiseSettledResult<void> | undefined): string {
	const text = answer?.status === 'rejected' ? String(answer.reason) : '';
	if (text.includes('ENOENT')) return 'its socket is not there';
	if (text.includes('ECONNREFUSED')) return 'nobody listens';
	return 'it refuses to answer';
}
